/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/macros.h"
#include "base/option.h"
#include "tests/suite.h"

struct params {
    uint32_t before; /* guards: a parse that writes too much is seen */
    bool on;
    uint32_t count;
    double fraction;
    uint64_t duration_us;
    struct ar_option_size size;
    uint32_t rate_millihz;
    uint32_t choice;
    char text[AR_OPTION_TEXT_MAX];
    uint32_t after;
};

enum { ON, COUNT, FRACTION, DURATION, SIZE, RATE, CHOICE, TEXT, WIDE, SIGNED };

static const char *const paces[] = { "real", "fast", NULL };

static const struct ar_option table[] = {
    [ON] = { "on", AR_OPTION_BOOL, offsetof(struct params, on), "yes" },
    [COUNT] = { "count", AR_OPTION_COUNT, offsetof(struct params, count), "4", 1, 16 },
    [FRACTION] = { "fraction", AR_OPTION_FRACTION, offsetof(struct params, fraction), "auto",
                   0.25, 1, "auto" },
    [DURATION] = { "duration", AR_OPTION_DURATION, offsetof(struct params, duration_us), "25ms",
                   1000, 1000000 },
    [SIZE] = { "size", AR_OPTION_SIZE, offsetof(struct params, size), "640x360", 16, 1920,
               "native" },
    [RATE] = { "rate", AR_OPTION_RATE, offsetof(struct params, rate_millihz), "30", 1000,
               240000, "auto" },
    [CHOICE] = { "choice", AR_OPTION_CHOICE, offsetof(struct params, choice), "fast",
                 .choices = paces },
    [TEXT] = { "text", AR_OPTION_TEXT, offsetof(struct params, text), "" },
    [WIDE] = { "wide", AR_OPTION_COUNT, offsetof(struct params, count), "0" },
    [SIGNED] = { "signed", AR_OPTION_FRACTION, offsetof(struct params, fraction), "0", -1, 1 },
    { 0 },
};

static const struct {
    int option;
    const char *text;
    const char *back; /* as formatted; NULL: the same */
} good[] = {
    { ON, "yes" },
    { ON, "no" },
    { ON, "true", "yes" },
    { ON, "false", "no" },
    { ON, "on", "yes" },
    { ON, "off", "no" },
    { ON, "1", "yes" },
    { ON, "0", "no" },
    { COUNT, "1" },
    { COUNT, "16" },
    { COUNT, "007", "7" },
    { WIDE, "0" },
    { WIDE, "4294967295" },
    { FRACTION, "auto" },
    { FRACTION, "0.25" },
    { FRACTION, "1" },
    { FRACTION, "1.0", "1" },
    { FRACTION, "0.333333333333333" },
    { FRACTION, "0.70", "0.7" },
    { SIGNED, "-0.5" },
    { SIGNED, "-0", "0" },
    { SIGNED, "-1" },
    { DURATION, "25ms" },
    { DURATION, "0.5s", "500ms" },
    { DURATION, "1s" },
    { DURATION, "1000us", "1ms" },
    { DURATION, "1.5ms", "1500us" },
    { DURATION, "16.667ms", "16667us" },
    { SIZE, "640x360" },
    { SIZE, "16x16" },
    { SIZE, "1920x1920" },
    { SIZE, "native" },
    { RATE, "30" },
    { RATE, "30fps", "30" },
    { RATE, "30Hz", "30" },
    { RATE, "29.97" },
    { RATE, "1.001" }, /* times 1000 is a hair below 1001 in binary */
    { RATE, "23.976fps", "23.976" },
    { RATE, "auto" },
    { CHOICE, "real" },
    { CHOICE, "fast" },
    { TEXT, "" },
    { TEXT, "/dev/video0" },
    { TEXT, "caf\xc3\xa9" },
};

START_TEST(test_good_values_round_trip)
{
    const struct ar_option *option = &table[good[_i].option];
    const char *back = good[_i].back ? good[_i].back : good[_i].text;
    struct params params = { .before = 0x5a5a5a5a, .after = 0xa5a5a5a5 };
    struct params again = params;
    struct ar_reason reason = { "" };
    char text[AR_OPTION_TEXT_MAX];

    ck_assert_msg(ar_option_parse(option, &params, good[_i].text, &reason) == 0, "%s",
                  reason.text);
    ar_option_format(option, &params, text, sizeof(text));
    ck_assert_str_eq(text, back);
    ck_assert_int_eq(ar_option_parse(option, &again, text, NULL), 0);
    ck_assert_mem_eq(&params, &again, sizeof(params));
    ck_assert_uint_eq(params.before, 0x5a5a5a5a);
    ck_assert_uint_eq(params.after, 0xa5a5a5a5);
}
END_TEST

static const struct {
    int option;
    const char *text;
    const char *reason; /* part of it */
} bad[] = {
    { TEXT, "gr\xfcn", "\"gr?n\" is not a usable text: at most 255 bytes of UTF-8" },
    { ON, "Yes", "\"Yes\" is not a switch: yes|no" },
    { ON, "", "is not a switch" },
    { ON, "yes ", "is not a switch" },
    { COUNT, "0", "\"0\" is out of range: 1..16" },
    { COUNT, "17", "out of range: 1..16" },
    { COUNT, "-4", "is not a whole number" },
    { COUNT, "4.0", "is not a whole number" },
    { COUNT, "4x", "is not a whole number" },
    { COUNT, " 4", "is not a whole number" },
    { COUNT, "", "\"\" is not a whole number: 1..16, for example 4" },
    { COUNT, "0x4", "is not a whole number" },
    { COUNT, "99999999999999999999999999", "is not a whole number" },
    { WIDE, "4294967296", "out of range" },
    { WIDE, "auto", "is not a whole number" },
    { FRACTION, "0.2499999", "\"0.2499999\" is out of range: auto|0.25..1" },
    { FRACTION, "1.01", "out of range" },
    { FRACTION, "0", "out of range" },
    { FRACTION, "nan", "is not a number: auto|0.25..1, for example auto" },
    { FRACTION, "inf", "is not a number" },
    { FRACTION, "5e-1", "is not a number" },
    { FRACTION, "0,5", "is not a number" },
    { FRACTION, ".5", "is not a number" },
    { FRACTION, "0.", "is not a number" },
    { FRACTION, "+1", "is not a number" },
    { FRACTION, "0.5 ", "is not a number" },
    { SIGNED, "--1", "is not a number" },
    { SIGNED, "-1.5", "out of range: -1..1" },
    { DURATION, "25", "\"25\" is not a duration: 1ms..1s, for example 25ms" },
    { DURATION, "25 ms", "is not a duration" },
    { DURATION, "25msec", "is not a duration" },
    { DURATION, "ms", "is not a duration" },
    { DURATION, "999us", "out of range: 1ms..1s" },
    { DURATION, "1.000001s", "out of range" },
    { DURATION, "-5ms", "out of range" },
    { DURATION, "999999999999999s", "out of range" },
    { SIZE, "640", "\"640\" is not a size: native|16x16..1920x1920, for example 640x360" },
    { SIZE, "640x", "is not a size" },
    { SIZE, "x360", "is not a size" },
    { SIZE, "640x360x2", "is not a size" },
    { SIZE, "640X360", "is not a size" },
    { SIZE, "640.5x360", "is not a size" },
    { SIZE, "640x-360", "is not a size" },
    { SIZE, "-640x360", "is not a size" },
    { SIZE, "15x16", "out of range" },
    { SIZE, "16x1921", "out of range" },
    { SIZE, "0x0", "out of range" },
    { SIZE, "4294967936x360", "out of range" },
    { RATE, "30hz", "is not a rate: auto|1..240, for example 30" },
    { RATE, "fps", "is not a rate" },
    { RATE, "0", "out of range" },
    { RATE, "240.001", "out of range: auto|1..240" },
    { CHOICE, "slow", "\"slow\" is not a choice: real|fast" },
    { CHOICE, "", "is not a choice" },
    { CHOICE, "fas", "is not a choice" },
    { CHOICE, "faster", "is not a choice" },
    { TEXT, "a\nb", "\"a?b\" is not a usable text" },
    { TEXT, "\x1b[2J", "\"?[2J\" is not" },
    { TEXT, "\x7f", "is not a usable text" },
};

START_TEST(test_bad_values_change_nothing)
{
    const struct ar_option *option = &table[bad[_i].option];
    struct params params;
    struct params before;
    struct ar_reason reason = { "" };

    memset(&params, 0x5a, sizeof(params));
    before = params;
    ck_assert_int_eq(ar_option_parse(option, &params, bad[_i].text, &reason), -EINVAL);
    ck_assert_mem_eq(&params, &before, sizeof(params));
    ck_assert_msg(strstr(reason.text, bad[_i].reason), "%s: %s", bad[_i].text, reason.text);
    ck_assert_int_eq(ar_option_parse(option, &params, bad[_i].text, NULL), -EINVAL);
}
END_TEST

START_TEST(test_text_length)
{
    struct params params = { .after = 7 };
    struct ar_reason reason;
    char longest[AR_OPTION_TEXT_MAX];
    char too_long[AR_OPTION_TEXT_MAX + 1];

    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    memset(too_long, 'b', sizeof(too_long));
    too_long[sizeof(too_long) - 1] = '\0';
    ck_assert_int_eq(ar_option_parse(&table[TEXT], &params, longest, &reason), 0);
    ck_assert_str_eq(params.text, longest);
    ck_assert_int_eq(ar_option_parse(&table[TEXT], &params, too_long, &reason), -EINVAL);
    ck_assert_str_eq(params.text, longest);
    ck_assert_ptr_nonnull(strstr(reason.text, "bbb...\" is not a usable text: at most 255"));
    ck_assert_uint_eq(params.after, 7);
}
END_TEST

START_TEST(test_defaults_and_find)
{
    struct params params;

    memset(&params, 0x5a, sizeof(params));
    ar_option_defaults(table, &params);
    ck_assert(params.on);
    ck_assert_uint_eq(params.count, 0);
    ck_assert_double_eq(params.fraction, 0);
    ck_assert_uint_eq(params.duration_us, 25000);
    ck_assert_uint_eq(params.size.width_px, 640);
    ck_assert_uint_eq(params.size.height_px, 360);
    ck_assert_uint_eq(params.rate_millihz, 30000);
    ck_assert_uint_eq(params.choice, 1);
    ck_assert_str_eq(params.text, "");
    ck_assert_ptr_eq(ar_option_find(table, "rate"), &table[RATE]);
    ck_assert_ptr_null(ar_option_find(table, "rat"));
}
END_TEST

START_TEST(test_equal_and_copy)
{
    struct params a = { 0 };
    struct params b;

    for (const struct ar_option *option = table; option->key; option++) {
        memset(&b, 0xa5, sizeof(b));
        ck_assert(!ar_option_equal(option, &a, &b));
        ar_option_copy(option, &b, &a);
        ck_assert(ar_option_equal(option, &a, &b));
    }
    ck_assert_uint_eq(b.before, 0xa5a5a5a5);
    ck_assert_uint_eq(b.after, 0xa5a5a5a5);

    /* A text is what it says, whatever was there before. */
    ck_assert_int_eq(ar_option_parse(&table[TEXT], &a, "a longer text", NULL), 0);
    ck_assert_int_eq(ar_option_parse(&table[TEXT], &a, "short", NULL), 0);
    ck_assert_int_eq(ar_option_parse(&table[TEXT], &b, "short", NULL), 0);
    ck_assert(ar_option_equal(&table[TEXT], &a, &b));
}
END_TEST

START_TEST(test_short_buffers_are_terminated)
{
    struct params params = { .duration_us = 25000 };
    char text[3];

    ar_option_format(&table[DURATION], &params, text, sizeof(text));
    ck_assert_str_eq(text, "25");
    ar_option_describe(&table[CHOICE], text, sizeof(text));
    ck_assert_str_eq(text, "re");
}
END_TEST

static const struct {
    double value;
    const char *text;
} decimals[] = {
    { 0, "0" },
    { 1, "1" },
    { -1.5, "-1.5" },
    { 0.1, "0.1" },
    { 0.007, "0.007" },
    { 1.0 / 3, "0.333333333333333" },
    { 1e14, "100000000000000" },
    { 123456789.25, "123456789.25" },
};

START_TEST(test_decimal)
{
    char text[40];
    char longer[50];
    double value = 99;
    const char *rest;

    ar_decimal_format(decimals[_i].value, text, sizeof(text));
    ck_assert_str_eq(text, decimals[_i].text);
    snprintf(longer, sizeof(longer), "%srest", text);
    rest = ar_decimal_parse(longer, &value);
    ck_assert_ptr_nonnull(rest);
    ck_assert_str_eq(rest, "rest");
    ck_assert_double_eq(value, strtod(decimals[_i].text, NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base option");
    TCase *tcase = tcase_create("option");

    tcase_add_loop_test(tcase, test_good_values_round_trip, 0, AR_ARRAY_LEN(good));
    tcase_add_loop_test(tcase, test_bad_values_change_nothing, 0, AR_ARRAY_LEN(bad));
    tcase_add_test(tcase, test_text_length);
    tcase_add_test(tcase, test_defaults_and_find);
    tcase_add_test(tcase, test_equal_and_copy);
    tcase_add_test(tcase, test_short_buffers_are_terminated);
    tcase_add_loop_test(tcase, test_decimal, 0, AR_ARRAY_LEN(decimals));
    suite_add_tcase(suite, tcase);

    return ar_suite_run(suite);
}
