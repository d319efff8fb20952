/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/macros.h"
#include "nn/safetensors.h"
#include "tests/suite.h"
#include "tests/unit/nn_style.h"

#define N_MUTATIONS 4000

/* Two tensors, a [2, 3] of 1..6 and b [4] of zeros, and a metadata string. */
static struct nn_style make_style(void)
{
    struct nn_style style = { .header =
                                  json_pack("{s:{s:s}}", "__metadata__", "maker", "test") };
    float *values = nn_style_add(&style, "a", (const uint32_t[]){ 2, 3 }, 2);

    for (int i = 0; i < 6; i++)
        values[i] = (float)(i + 1);
    memset(nn_style_add(&style, "b", (const uint32_t[]){ 4 }, 1), 0, 4 * sizeof(float));
    return style;
}

static int parse_style(const struct nn_style *style, struct ar_safetensors **file,
                       struct ar_reason *reason)
{
    size_t size_b;
    uint8_t *bytes = nn_style_bytes(style, &size_b);
    int ret = ar_safetensors_parse(file, "x.st", bytes, size_b, reason);

    free(bytes);
    return ret;
}

START_TEST(test_valid)
{
    struct nn_style style = make_style();
    struct ar_safetensors_view view;
    struct ar_safetensors *file;
    struct ar_reason reason = { "" };

    ck_assert_msg(parse_style(&style, &file, &reason) == 0, "%s", reason.text);
    ck_assert_uint_eq(ar_safetensors_count(file), 2);
    ck_assert_str_eq(ar_safetensors_name(file, 0), "a");
    ck_assert_str_eq(ar_safetensors_meta(file, "maker"), "test");
    ck_assert_ptr_null(ar_safetensors_meta(file, "nothing"));
    ck_assert_int_eq(ar_safetensors_find(file, "b", &view), 1);
    ck_assert_int_eq(ar_safetensors_find(file, "c", &view), -ENOENT);
    ck_assert_int_eq(ar_safetensors_find(file, "a", &view), 0);
    ck_assert_uint_eq(view.n_dims, 2);
    ck_assert_uint_eq(view.dims[0], 2);
    ck_assert_uint_eq(view.dims[1], 3);
    ck_assert_uint_eq(view.n_values, 6);
    ck_assert(view.data[5] == 6);
    ar_safetensors_close(file);
    nn_style_finish(&style);
}
END_TEST

START_TEST(test_hash_is_of_every_byte)
{
    struct nn_style style = make_style();
    struct ar_safetensors *file;
    uint64_t hash;

    ck_assert_int_eq(parse_style(&style, &file, NULL), 0);
    hash = ar_safetensors_hash(file);
    ar_safetensors_close(file);
    style.data[9] = 1;
    ck_assert_int_eq(parse_style(&style, &file, NULL), 0);
    ck_assert(ar_safetensors_hash(file) != hash);
    ar_safetensors_close(file);
    nn_style_finish(&style);
}
END_TEST

/* The header as text, without metadata, for 8 bytes of data; then what the reason must say. */
static const struct bad_header {
    const char *header;
    const char *words[2];
} bad_headers[] = {
    { "", { "not JSON", "byte 0" } },
    { "[]", { "header is a list", "must be an object" } },
    { "{}", { "has no tensors", "" } },
    { "{\"a\":{}", { "not JSON", "" } },
    { "{\"a\":1}", { "tensor 'a'", "dtype is nothing" } },
    { "{\"a\":{},\"a\":{}}", { "not JSON", "duplicate object key" } },
    { "{\"\":{}}", { "name", "1 to 95" } },
    { "{\"a\\u001b\":{}}", { "name", "other characters" } },
    { "{\"__metadata__\":[],\"a\":{}}", { "__metadata__ is a list", "object of strings" } },
    { "{\"__metadata__\":{\"k\":7},\"a\":{}}", { "'k' is 7", "must be a string" } },
    { "{\"__metadata__\":{\"k\\n\":\"\"},\"a\":{}}",
      { "__metadata__: a key", "other characters" } },
    { "{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}}",
      { "tensor 'a'", "dtype is F16, must be F32" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}",
      { "tensor 'a'", "list of 1 to 4" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,8]}}",
      { "tensor 'a'", "list of 1 to 4" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,2],\"data_offsets\":[0,8]}}",
      { "tensor 'a'", "list of 1 to 4" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,8]}}",
      { "tensor 'a'", "shape has 0" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
      { "tensor 'a'", "shape has -2" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}",
      { "tensor 'a'", "shape has 2" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807],\"data_offsets\":[0,8]}}",
      { "tensor 'a'", "9223372036854775807" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}}",
      { "not JSON", "too big" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[65536,65536,65536,65536],\"data_offsets\":[0,8]}}",
      { "tensor 'a'", "more than" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}",
      { "tensor 'a'", "two integers" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}",
      { "tensor 'a'", "two integers" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8.0]}}",
      { "tensor 'a'", "two integers" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}",
      { "tensor 'a'", "-8 to 0 do not lie in 0 to 8" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
      { "tensor 'a'", "8 to 0 do not lie" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
      { "tensor 'a'", "4 to 12 do not lie" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}",
      { "tensor 'a'", "multiple of 4" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}",
      { "tensor 'a'", "8 bytes of data, its shape needs 4" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}}",
      { "tensor 'a'", "other keys" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
      { "tensor 'a'", "leaves a gap: must be at 0" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
      { "tensor 'a'", "ends at 4, but data goes on to 8" } },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
      "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
      { "tensor 'b'", "overlaps the one before it: must be at 8" } },
};

START_TEST(test_bad_header)
{
    const struct bad_header *bad = &bad_headers[_i];
    uint64_t header_b = strlen(bad->header);
    size_t size_b = 8 + header_b + 8;
    uint8_t *bytes = calloc(1, size_b);
    struct ar_safetensors *file;
    struct ar_reason reason = { "" };

    memcpy(bytes, &header_b, 8);
    memcpy(bytes + 8, bad->header, header_b);
    ck_assert_int_eq(ar_safetensors_parse(&file, "x.st", bytes, size_b, &reason), -EINVAL);
    ck_assert_ptr_null(file);
    ck_assert_msg(strncmp(reason.text, "x.st: ", 6) == 0, "%s", reason.text);
    for (int w = 0; w < 2; w++)
        ck_assert_msg(strstr(reason.text, bad->words[w]), "'%s' is not in: %s", bad->words[w],
                      reason.text);
    free(bytes);
}
END_TEST

START_TEST(test_bad_prefix)
{
    static const struct {
        uint64_t header_b;
        const char *words;
    } cases[] = {
        { 11, "only 10 bytes follow" },
        { 1u << 21, "at most 1048576" },
        { UINT64_MAX, "18446744073709551615" },
        { UINT64_MAX - 7, "at most" },
    };
    uint8_t bytes[18] = { 0 };
    struct ar_safetensors *file;
    struct ar_reason reason;

    for (size_t i = 0; i < AR_ARRAY_LEN(cases); i++) {
        memcpy(bytes, &cases[i].header_b, 8);
        ck_assert_int_eq(ar_safetensors_parse(&file, "x", bytes, sizeof(bytes), &reason),
                         -EINVAL);
        ck_assert_msg(strstr(reason.text, cases[i].words), "%s", reason.text);
    }
    ck_assert_int_eq(ar_safetensors_parse(&file, "x", bytes, 7, &reason), -EINVAL);
    ck_assert_msg(strstr(reason.text, "7 bytes"), "%s", reason.text);
}
END_TEST

START_TEST(test_not_finite)
{
    const float bad[] = { NAN, INFINITY, -INFINITY };
    struct ar_safetensors *file;
    struct ar_reason reason;

    for (size_t i = 0; i < AR_ARRAY_LEN(bad); i++) {
        struct nn_style style = make_style();

        style.data[7] = bad[i];
        ck_assert_int_eq(parse_style(&style, &file, &reason), -EINVAL);
        ck_assert_msg(strstr(reason.text, "tensor 'b': value 1 is"), "%s", reason.text);
        nn_style_finish(&style);
    }
}
END_TEST

/* Deep nesting must end in a reason, not at the end of the stack. */
START_TEST(test_deep_header)
{
    uint64_t header_b = 1000000;
    uint8_t *bytes = malloc(8 + header_b);
    struct ar_safetensors *file;

    memcpy(bytes, &header_b, 8);
    memset(bytes + 8, '[', header_b);
    ck_assert_int_eq(ar_safetensors_parse(&file, "x", bytes, 8 + header_b, NULL), -EINVAL);
    free(bytes);
}
END_TEST

START_TEST(test_every_truncation)
{
    struct nn_style style = make_style();
    size_t size_b;
    uint8_t *bytes = nn_style_bytes(&style, &size_b);
    struct ar_safetensors *file;

    for (size_t n = 0; n < size_b; n++) {
        uint8_t *part = malloc(n + 1); /* of its own, so that ASan sees a byte too far */
        struct ar_reason reason = { "" };

        memcpy(part, bytes, n);
        ck_assert_int_eq(ar_safetensors_parse(&file, "x", part, n, &reason), -EINVAL);
        ck_assert(reason.text[0] != '\0');
        free(part);
    }
    free(bytes);
    nn_style_finish(&style);
}
END_TEST

START_TEST(test_mutations)
{
    struct nn_style style = make_style();
    struct nn_random random = nn_random_seed(7);
    size_t size_b;
    uint8_t *bytes = nn_style_bytes(&style, &size_b);
    uint8_t *copy = malloc(size_b);
    uint32_t n_refused = 0;

    for (int i = 0; i < N_MUTATIONS; i++) {
        struct ar_safetensors *file;
        struct ar_reason reason = { "" };
        int ret;

        memcpy(copy, bytes, size_b);
        for (uint32_t n = 1 + nn_random_below(&random, 4); n > 0; n--)
            copy[nn_random_below(&random, (uint32_t)size_b)] =
                (uint8_t)nn_random_below(&random, 256);
        ret = ar_safetensors_parse(&file, "x", copy, size_b, &reason);
        ck_assert_msg(ret == 0 || ret == -EINVAL, "%d: %s", ret, reason.text);
        ck_assert((ret == 0) == (file != NULL));
        ck_assert(ret == 0 || reason.text[0] != '\0');
        for (const char *c = reason.text; *c; c++)
            ck_assert_msg(*c >= ' ' && *c <= '~', "a reason carries byte %d", *c);
        n_refused += ret < 0;
        ar_safetensors_close(file);
    }
    ck_assert_uint_gt(n_refused, N_MUTATIONS / 2);
    free(copy);
    free(bytes);
    nn_style_finish(&style);
}
END_TEST

START_TEST(test_files)
{
    struct nn_style style = make_style();
    size_t size_b;
    uint8_t *bytes = nn_style_bytes(&style, &size_b);
    char path[] = "/tmp/ar-safetensors-XXXXXX";
    struct ar_safetensors *file;
    struct ar_reason reason;
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, size_b), (ssize_t)size_b);
    ck_assert_int_eq(ar_safetensors_open(&file, path, &reason), 0);
    ar_safetensors_close(file);
    ck_assert_int_eq(ftruncate(fd, (off_t)size_b - 1), 0);
    ck_assert_int_eq(ar_safetensors_open(&file, path, &reason), -EINVAL);
    ck_assert_ptr_nonnull(strstr(reason.text, path));
    ck_assert_int_eq(ftruncate(fd, (off_t)AR_SAFETENSORS_MAX_B + 1), 0);
    ck_assert_int_eq(ar_safetensors_open(&file, path, &reason), -EINVAL);
    ck_assert_msg(strstr(reason.text, "at most"), "%s", reason.text);
    close(fd);
    unlink(path);
    ck_assert_int_eq(ar_safetensors_open(&file, path, &reason), -ENOENT);
    ck_assert_ptr_nonnull(strstr(reason.text, path));
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(ar_safetensors_open(&file, path, &reason), -EINVAL);
    ck_assert_ptr_nonnull(strstr(reason.text, "not a regular file"));
    unlink(path);
    ck_assert_int_eq(ar_safetensors_open(&file, "/tmp", &reason), -EINVAL);
    free(bytes);
    nn_style_finish(&style);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nn_safetensors");
    TCase *tc = tcase_create("all");

    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, test_valid);
    tcase_add_test(tc, test_hash_is_of_every_byte);
    tcase_add_loop_test(tc, test_bad_header, 0, (int)AR_ARRAY_LEN(bad_headers));
    tcase_add_test(tc, test_bad_prefix);
    tcase_add_test(tc, test_not_finite);
    tcase_add_test(tc, test_deep_header);
    tcase_add_test(tc, test_every_truncation);
    tcase_add_test(tc, test_mutations);
    tcase_add_test(tc, test_files);
    suite_add_tcase(suite, tc);
    return ar_suite_run(suite);
}
