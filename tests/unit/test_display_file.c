/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "base/macros.h"
#include "tests/unit/display_rig.h"

#define WIDTH_PX     34 /* strides are wider than rows, chroma is 17 bytes */
#define HEIGHT_PX    18
#define RATE_MILLIHZ 29970
#define N_FRAMES     3

#define HEADER \
    "YUV4MPEG2 W34 H18 F30000:1001 Ip A1:1 C420jpeg XYSCSS=420JPEG XCOLORRANGE=LIMITED\n"
#define PICTURE_B (WIDTH_PX * HEIGHT_PX * 3 / 2)

static size_t read_all(const char *path, uint8_t *data, size_t size_b)
{
    FILE *in = fopen(path, "rb");
    size_t n_read;

    ck_assert_ptr_nonnull(in);
    n_read = fread(data, 1, size_b, in);
    ck_assert_int_eq(fclose(in), 0);
    return n_read;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* The bytes that rig_frame() gave plane i. */
static const uint8_t *check_plane(const uint8_t *data, uint32_t i, uint64_t sequence)
{
    uint32_t divisor = i == 0 ? 1 : 2;

    for (uint32_t y = 0; y < HEIGHT_PX / divisor; y++)
        for (uint32_t x = 0; x < WIDTH_PX / divisor; x++)
            ck_assert_uint_eq(*data++, 16 + (x + 3 * y + 7 * i + 5 * sequence) % 200);
    return data;
}

static void check_y4m(const char *path)
{
    static uint8_t data[4096 + N_FRAMES * PICTURE_B];
    const uint8_t *next = data;
    size_t size_b = read_all(path, data, sizeof(data));

    ck_assert_uint_eq(size_b, strlen(HEADER) + N_FRAMES * (strlen("FRAME\n") + PICTURE_B));
    ck_assert_mem_eq(next, HEADER, strlen(HEADER));
    next += strlen(HEADER);
    for (uint64_t sequence = 0; sequence < N_FRAMES; sequence++) {
        ck_assert_mem_eq(next, "FRAME\n", strlen("FRAME\n"));
        next += strlen("FRAME\n");
        for (uint32_t i = 0; i < 3; i++)
            next = check_plane(next, i, sequence);
    }
}

static int start_file(struct rig *rig, const char *path, struct ar_reason *reason)
{
    char output[160];

    snprintf(output, sizeof(output), "file:%s", path);
    return rig_start(rig, output, WIDTH_PX, HEIGHT_PX, RATE_MILLIHZ, reason);
}

START_TEST(y4m_holds_every_byte)
{
    struct rig rig;
    char path[128];
    char part[160];

    rig_init(&rig);
    rig_path(&rig, "out.Y4M", path);
    snprintf(part, sizeof(part), "%s.part", path);
    ck_assert_int_eq(start_file(&rig, path, NULL), 0);
    ck_assert(ar_display_keeps_all(rig.display));
    for (uint64_t i = 0; i < N_FRAMES; i++)
        rig_show(&rig, i, 1000 + i);
    ck_assert_uint_eq(rig.n_shown, N_FRAMES);
    ck_assert_uint_eq(rig.shown[1].sequence, 1);
    ck_assert_uint_eq(rig.shown[1].capture_us, 1001);
    ck_assert(exists(part) && !exists(path));
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);
    ck_assert(!exists(part) && exists(path));
    check_y4m(path);
    rig_finish(&rig);
}
END_TEST

START_TEST(an_old_file_is_replaced_only_by_a_complete_one)
{
    struct rig rig;
    char path[128];
    uint8_t old[8];
    FILE *out;

    rig_init(&rig);
    rig_path(&rig, "out.y4m", path);
    out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    fputs("old", out);
    fclose(out);
    ck_assert_int_eq(start_file(&rig, path, NULL), 0);
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0); /* no picture came */
    ck_assert_uint_eq(read_all(path, old, sizeof(old)), 3);
    ck_assert_mem_eq(old, "old", 3);
    rig_finish(&rig);
}
END_TEST

START_TEST(second_writer_is_refused)
{
    struct rig rig;
    struct rig other;
    struct ar_reason reason = { "" };
    char path[128];

    rig_init(&rig);
    rig_init(&other);
    rig_path(&rig, "out.y4m", path);
    ck_assert_int_eq(start_file(&rig, path, NULL), 0);
    rig_show(&rig, 0, 0);
    ck_assert_int_eq(start_file(&other, path, &reason), -EBUSY);
    ck_assert_msg(strstr(reason.text, "another program is writing it"), "%s", reason.text);
    for (uint64_t i = 1; i < N_FRAMES; i++)
        rig_show(&rig, i, i);
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);
    check_y4m(path);
    rig_finish(&other);
    rig_finish(&rig);
}
END_TEST

static void check_start_fails(const char *path, int want, const char *part_of_reason)
{
    struct rig rig;
    struct ar_reason reason = { "" };

    rig_init(&rig);
    ck_assert_int_eq(start_file(&rig, path, &reason), want);
    ck_assert_msg(strstr(reason.text, part_of_reason) && strstr(reason.text, path), "%s",
                  reason.text);
    rig_finish(&rig);
}

START_TEST(start_fails_with_the_files_name)
{
    struct rig rig;
    char path[128];

    rig_init(&rig);
    check_start_fails("/nowhere/at/all/out.y4m", -ENOENT, "cannot create");
    check_start_fails("/proc/out.y4m", -ENOENT, "cannot create");
    rig_path(&rig, "folder.y4m", path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    check_start_fails(path, -EISDIR, "is a folder");
    rig_path(&rig, "pipe.y4m", path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    check_start_fails(path, -ENXIO, "nobody reads this pipe");
    rig_finish(&rig);
}
END_TEST

START_TEST(unwritable_folder)
{
    struct rig rig;
    char path[128];
    int status = 0;
    pid_t child;

    rig_init(&rig);
    ck_assert_int_eq(chmod(rig.folder, 0555), 0);
    rig_path(&rig, "out.y4m", path);
    child = fork();
    if (child == 0) {
        /* Root may write everywhere: become nobody. */
        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(2);
        check_start_fails(path, -EACCES, "cannot create");
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(chmod(rig.folder, 0755), 0);
    rig_finish(&rig);
}
END_TEST

START_TEST(symbolic_link_at_the_part_is_not_followed)
{
    struct rig rig;
    char target[128];
    char part[128];
    char path[128];

    rig_init(&rig);
    rig_path(&rig, "target", target);
    rig_path(&rig, "out.y4m", path);
    rig_path(&rig, "out.y4m.part", part);
    ck_assert_int_eq(symlink(target, part), 0);
    check_start_fails(path, -ELOOP, "cannot create");
    ck_assert(!exists(target));
    rig_finish(&rig);
}
END_TEST

START_TEST(full_device_is_named)
{
    struct rig rig;
    struct ar_reason reason = { "" };
    char path[128];

    rig_init(&rig);
    rig_path(&rig, "full.y4m", path);
    ck_assert_int_eq(symlink("/dev/full", path), 0);
    /* The header already finds the device full. */
    ck_assert_int_eq(start_file(&rig, path, &reason), -ENOSPC);
    ck_assert_msg(strstr(reason.text, path), "%s", reason.text);
    rig_finish(&rig);
}
END_TEST

START_TEST(reader_that_goes_away_is_told_once)
{
    struct rig rig;
    struct ar_reason reason = { "" };
    char path[128];
    int reader;

    rig_init(&rig);
    signal(SIGPIPE, SIG_IGN);
    rig_path(&rig, "pipe.y4m", path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    reader = open(path, O_RDONLY | O_NONBLOCK);
    ck_assert_int_ge(reader, 0);
    ck_assert_int_eq(start_file(&rig, path, NULL), 0);
    rig_show(&rig, 0, 0);
    ck_assert_uint_eq(rig.n_shown, 1);
    close(reader);
    rig_show(&rig, 1, 1);
    rig_show(&rig, 2, 2);
    ck_assert_uint_eq(rig.n_shown, 1);
    ck_assert_uint_eq(rig.n_failed, 1);
    ck_assert_msg(strstr(rig.why, path), "%s", rig.why);
    ck_assert_int_eq(ar_display_stop(rig.display, &reason), -EPIPE);
    ck_assert_str_eq(reason.text, rig.why);
    ck_assert(exists(path));
    rig_finish(&rig);
}
END_TEST

START_TEST(disk_that_fills_up_leaves_nothing)
{
    struct rig rig;
    struct ar_reason reason = { "" };
    char path[128];
    char part[160];

    rig_init(&rig);
    signal(SIGXFSZ, SIG_IGN);
    rig_path(&rig, "out.y4m", path);
    snprintf(part, sizeof(part), "%s.part", path);
    ck_assert_int_eq(start_file(&rig, path, NULL), 0);
    rig_show_on_full_disk(&rig, rig_frame(&rig, 0, 0), 1024);
    rig_show_on_full_disk(&rig, rig_frame(&rig, 1, 0), 1024);
    rig_show(&rig, 2, 0);
    ck_assert_uint_eq(rig.n_shown, 1);
    ck_assert_uint_eq(rig.n_failed, 1);
    ck_assert_int_eq(ar_display_stop(rig.display, &reason), -EFBIG);
    ck_assert(!exists(part) && !exists(path));
    rig_finish(&rig);
}
END_TEST

struct slow_reader {
    int fd;
    size_t size_b;
    uint8_t data[1 << 19];
};

static void *read_slowly(void *user)
{
    struct slow_reader *reader = user;
    ssize_t n_read = 1;

    for (size_t done_b = 0; done_b < reader->size_b && n_read > 0; done_b += (size_t)n_read) {
        n_read = read(reader->fd, reader->data + done_b,
                      ar_min_u32(3000, (uint32_t)(reader->size_b - done_b)));
        usleep(200);
    }
    return NULL;
}

static void on_alarm(int signal_number)
{
}

/* Signals every millisecond cut the writes into pieces. */
static void show_interrupted(struct rig *rig)
{
    const struct sigaction interrupt = { .sa_handler = on_alarm };
    const struct itimerval every_ms = { { 0, 1000 }, { 0, 1000 } };
    const struct itimerval never = { { 0, 0 }, { 0, 0 } };

    ck_assert_int_eq(sigaction(SIGALRM, &interrupt, NULL), 0);
    setitimer(ITIMER_REAL, &every_ms, NULL);
    rig_show(rig, 5, 0);
    setitimer(ITIMER_REAL, &never, NULL);
}

START_TEST(slow_reader_gets_every_byte)
{
    static struct slow_reader reader;
    const char header[] = "YUV4MPEG2 W640 H360 F30:1 Ip A1:1 C420jpeg XYSCSS=420JPEG "
                          "XCOLORRANGE=LIMITED\nFRAME\n";
    const uint8_t *luma = reader.data + strlen(header);
    sigset_t alarm;
    pthread_t thread;
    struct rig rig;
    char path[128];
    char output[160];

    rig_init(&rig);
    rig_path(&rig, "pipe.y4m", path);
    snprintf(output, sizeof(output), "file:%s", path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    reader.fd = open(path, O_RDONLY | O_NONBLOCK);
    reader.size_b = strlen(header) + (size_t)640 * 360 * 3 / 2;
    ck_assert_int_eq(rig_start(&rig, output, 640, 360, 30000, NULL), 0);
    ck_assert_int_eq(fcntl(reader.fd, F_SETFL, 0), 0);
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm, NULL);
    ck_assert_int_eq(pthread_create(&thread, NULL, read_slowly, &reader), 0);
    pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
    show_interrupted(&rig);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);
    ck_assert_mem_eq(reader.data, header, strlen(header));
    for (uint32_t y = 0; y < 360; y++)
        for (uint32_t x = 0; x < 640; x++)
            ck_assert_uint_eq(luma[y * 640 + x], 16 + (x + 3 * y + 25) % 200);
    close(reader.fd);
    rig_finish(&rig);
}
END_TEST

START_TEST(standard_output)
{
    struct rig rig;
    char path[128];
    int saved = dup(STDOUT_FILENO);
    int out;

    rig_init(&rig);
    rig_path(&rig, "stdout", path);
    out = open(path, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(out, 0);
    ck_assert_int_eq(dup2(out, STDOUT_FILENO), STDOUT_FILENO);
    ck_assert_int_eq(start_file(&rig, "-", NULL), 0);
    for (uint64_t i = 0; i < N_FRAMES; i++)
        rig_show(&rig, i, i);
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);
    ck_assert_int_eq(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
    check_y4m(path);
    close(out);
    close(saved);
    rig_finish(&rig);
}
END_TEST

static const struct {
    uint32_t rate_millihz;
    const char *word;
} rates[] = {
    { 30000, " F30:1 " },       { 25000, " F25:1 " },   { 23976, " F24000:1001 " },
    { 59940, " F60000:1001 " }, { 12500, " F25:2 " },   { 29971, " F29971:1000 " },
    { 0, " F30:1 " },           { 24975, " F999:40 " },
};

START_TEST(rate_is_exact)
{
    struct rig rig;
    char path[128];
    char output[160];
    uint8_t data[256] = { 0 };

    rig_init(&rig);
    rig_path(&rig, "out.y4m", path);
    snprintf(output, sizeof(output), "file:%s", path);
    ck_assert_int_eq(rig_start(&rig, output, 16, 16, rates[_i].rate_millihz, NULL), 0);
    rig_show(&rig, 0, 0);
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);
    read_all(path, data, sizeof(data) - 1);
    ck_assert_msg(strstr((const char *)data, rates[_i].word), "%s", (const char *)data);
    rig_finish(&rig);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("display_file");
    TCase *tcase = tcase_create("file");

    tcase_add_test(tcase, y4m_holds_every_byte);
    tcase_add_test(tcase, an_old_file_is_replaced_only_by_a_complete_one);
    tcase_add_test(tcase, second_writer_is_refused);
    tcase_add_test(tcase, start_fails_with_the_files_name);
    tcase_add_test(tcase, unwritable_folder);
    tcase_add_test(tcase, symbolic_link_at_the_part_is_not_followed);
    tcase_add_test(tcase, full_device_is_named);
    tcase_add_test(tcase, reader_that_goes_away_is_told_once);
    tcase_add_test(tcase, disk_that_fills_up_leaves_nothing);
    tcase_add_test(tcase, slow_reader_gets_every_byte);
    tcase_add_test(tcase, standard_output);
    tcase_add_loop_test(tcase, rate_is_exact, 0, AR_ARRAY_LEN(rates));
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
