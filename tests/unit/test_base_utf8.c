/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <string.h>

#include "base/macros.h"
#include "base/utf8.h"
#include "tests/suite.h"

static const struct {
    const char *text;
    bool is_valid;
} texts[] = {
    { "", true },
    { "plain ~\x7f", true },
    { "gr\u00fcn \u20ac \U0001f3a8", true },
    { "\xef\xbf\xbf\xf4\x8f\xbf\xbf\xed\x9f\xbf", true },
    { "gr\xfcn", false }, /* Latin-1 */
    { "\x80", false },    /* a byte that goes on from nothing */
    { "\xc3", false },    /* cut off */
    { "\xe2\x82", false },
    { "\xc0\xaf", false }, /* overlong */
    { "\xe0\x9f\xbf", false },
    { "\xf0\x8f\xbf\xbf", false },
    { "\xed\xa0\x80", false },     /* a surrogate */
    { "\xf4\x90\x80\x80", false }, /* above U+10FFFF */
    { "\xf5\x80\x80\x80", false },
    { "\xc3\x28", false },
    { "\xe2\x82\x28", false },
};

START_TEST(tells_utf8)
{
    ck_assert_int_eq(ar_utf8_is_valid(texts[_i].text, strlen(texts[_i].text)),
                     texts[_i].is_valid);
}
END_TEST

static const struct {
    const char *text;
    const char *quoted; /* in 12 bytes */
} quotes[] = {
    { "", "" },
    { "short", "short" },
    { "exactly 011", "exactly 011" },
    { "longer than 11", "longer t..." },
    { "a\x1b[2J\n", "a?[2J?" },
    { "gr\xfcn", "gr?n" },
    { "gr\u00fcn", "gr\u00fcn" },
    { "1234567\u20ac890", "1234567..." }, /* not through the middle of a character */
    { "12345678\xfc\xfc\xfc\xfc", "12345678..." },
};

START_TEST(quotes_what_can_be_shown)
{
    char quoted[12];

    memset(quoted, 'x', sizeof(quoted));
    ar_utf8_quote(quoted, sizeof(quoted), quotes[_i].text);
    ck_assert_str_eq(quoted, quotes[_i].quoted);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("utf8");
    TCase *const tcase = tcase_create("utf8");

    tcase_add_loop_test(tcase, tells_utf8, 0, AR_ARRAY_LEN(texts));
    tcase_add_loop_test(tcase, quotes_what_can_be_shown, 0, AR_ARRAY_LEN(quotes));
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
