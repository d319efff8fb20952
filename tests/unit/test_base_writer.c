/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "base/writer.h"
#include "tests/suite.h"
#include "tests/unit/loop_kinds.h"

#define MIB ((size_t)1 << 20)

static int open_empty(int flags)
{
    char path[] = "/tmp/ar-writer-XXXXXX";
    const int first = mkstemp(path);
    int fd;

    ck_assert_int_ge(first, 0);
    fd = open(path, flags | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    close(first);
    ck_assert_int_eq(unlink(path), 0);
    return fd;
}

static void set_limit(rlim_t size_b)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size_b;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* No period of it is a divisor of a block. */
static uint8_t byte_at(uint64_t offset_b)
{
    return (uint8_t)(offset_b * 31 + offset_b / 251);
}

static uint8_t *make_bytes(size_t size_b)
{
    uint8_t *bytes = malloc(size_b);

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < size_b; i++)
        bytes[i] = byte_at(i);
    return bytes;
}

static void check_bytes(int fd, size_t size_b)
{
    uint8_t *found = malloc(size_b + 1);

    ck_assert_ptr_nonnull(found);
    ck_assert_int_eq(pread(fd, found, size_b + 1, 0), (ssize_t)size_b);
    for (size_t i = 0; i < size_b; i++)
        if (found[i] != byte_at(i))
            ck_abort_msg("byte %zu of %zu", i, size_b);
    free(found);
}

/* Many blocks more than there are, in pieces that end nowhere near a block's end. */
START_TEST(every_byte_is_written)
{
    static const size_t pieces_b[] = { 1, 4096, 333333, 1000000, 3 * MIB + 17 };
    const size_t size_b = 25 * MIB + 12345;
    uint8_t *bytes = make_bytes(size_b);

    for (size_t i = 0; i < AR_ARRAY_LEN(pieces_b); i++) {
        const size_t total_b = i == 0 ? 5000 : size_b;
        const int fd = open_empty(O_RDWR);
        struct ar_writer *writer;
        uint64_t whole_b = 1;

        ck_assert_int_eq(ar_writer_create(&writer, fd, loop_kinds[_i].kind), 0);
        ck_assert_str_eq(ar_writer_name(writer), _i == 0 ? "io_uring" : "pwrite");
        for (size_t at_b = 0; at_b < total_b; at_b += pieces_b[i]) {
            const size_t left_b = total_b - at_b;

            ck_assert_int_eq(ar_writer_write(writer, bytes + at_b,
                                             left_b < pieces_b[i] ? left_b : pieces_b[i]),
                             0);
        }
        ck_assert_uint_eq(ar_writer_size_b(writer), total_b);
        ar_writer_mark(writer);
        ck_assert_int_eq(ar_writer_finish(writer, &whole_b), 0);
        ck_assert_uint_eq(whole_b, total_b);
        check_bytes(fd, total_b);
        ar_writer_destroy(writer);
        close(fd);
    }
    free(bytes);
}
END_TEST

/* What was flushed can be read by others while the rest is still gathered. */
START_TEST(flushed_bytes_appear)
{
    const int fd = open_empty(O_RDWR);
    uint8_t *bytes = make_bytes(2000);
    struct ar_writer *writer;
    struct stat st = { .st_size = 0 };
    uint64_t whole_b;

    ck_assert_int_eq(ar_writer_create(&writer, fd, loop_kinds[_i].kind), 0);
    ck_assert_int_eq(ar_writer_write(writer, bytes, 1000), 0);
    ck_assert_int_eq(ar_writer_flush(writer), 0);
    ck_assert_int_eq(ar_writer_write(writer, bytes + 1000, 1000), 0);
    for (int i = 0; i < 5000 && st.st_size < 1000; i++) {
        usleep(1000);
        ck_assert_int_eq(fstat(fd, &st), 0);
    }
    check_bytes(fd, 1000);
    ck_assert_int_eq(ar_writer_finish(writer, &whole_b), 0);
    ck_assert_uint_eq(whole_b, 0); /* nobody said so */
    check_bytes(fd, 2000);
    ar_writer_destroy(writer);
    free(bytes);
    close(fd);
}
END_TEST

/* The disk takes 5 MB: the newest mark below that holds, the error stays, and the bytes up to the mark are right. */
START_TEST(full_disk_keeps_the_last_mark)
{
    const size_t piece_b = 300000;
    const rlim_t limit_b = 5000000;
    uint8_t *bytes = make_bytes(64 * piece_b);
    const int fd = open_empty(O_RDWR);
    struct ar_writer *writer;
    uint64_t whole_b = 1;
    int ret = 0;

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(ar_writer_create(&writer, fd, loop_kinds[_i].kind), 0);
    set_limit(limit_b);
    for (size_t i = 0; i < 64; i++) {
        ret = ar_writer_write(writer, bytes + i * piece_b, piece_b);
        ar_writer_mark(writer);
    }
    ck_assert_int_eq(ar_writer_finish(writer, &whole_b), -EFBIG);
    set_limit(RLIM_INFINITY);
    ck_assert_int_eq(ret, -EFBIG);
    ck_assert_int_eq(ar_writer_write(writer, bytes, 1), -EFBIG);
    ck_assert_uint_eq(whole_b % piece_b, 0);
    ck_assert_uint_le(whole_b, limit_b);
    ck_assert_uint_gt(whole_b + AR_WRITER_BLOCK_B + piece_b, limit_b);
    ck_assert_int_eq(ftruncate(fd, (off_t)whole_b), 0);
    check_bytes(fd, whole_b);
    ar_writer_destroy(writer);
    free(bytes);
    close(fd);
}
END_TEST

START_TEST(descriptor_that_takes_nothing_is_an_error)
{
    const int fd = open_empty(O_RDONLY);
    struct ar_writer *writer;
    uint64_t whole_b = 1;

    ck_assert_int_eq(ar_writer_create(&writer, fd, loop_kinds[_i].kind), 0);
    ck_assert_int_eq(ar_writer_write(writer, "x", 1), 0);
    ar_writer_mark(writer);
    ck_assert_int_eq(ar_writer_finish(writer, &whole_b), -EBADF);
    ck_assert_uint_eq(whole_b, 0);
    ar_writer_destroy(writer);
    close(fd);
}
END_TEST

START_TEST(nothing_written_is_no_error)
{
    const int fd = open_empty(O_RDWR);
    struct ar_writer *writer;
    uint64_t whole_b = 1;

    ck_assert_int_eq(ar_writer_create(&writer, fd, loop_kinds[_i].kind), 0);
    ck_assert_int_eq(ar_writer_finish(writer, &whole_b), 0);
    ck_assert_uint_eq(whole_b, 0);
    ar_writer_destroy(writer);
    ar_writer_destroy(NULL);
    close(fd);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base_writer");
    TCase *tcase = tcase_create("writer");
    const int first = first_loop_kind();
    const int end = AR_ARRAY_LEN(loop_kinds);

    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, every_byte_is_written, first, end);
    tcase_add_loop_test(tcase, flushed_bytes_appear, first, end);
    tcase_add_loop_test(tcase, full_disk_keeps_the_last_mark, first, end);
    tcase_add_loop_test(tcase, descriptor_that_takes_nothing_is_an_error, first, end);
    tcase_add_loop_test(tcase, nothing_written_is_no_error, first, end);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
