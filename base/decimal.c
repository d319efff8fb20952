/* SPDX-License-Identifier: MIT */
#include "base/decimal.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/macros.h"

/*
 * A whole number below 2^53 divided by a power of ten up to 10^22 is one division of exact
 * operands, so it is the double nearest to the text. 15 digits stay below 2^53.
 */
#define MAX_DIGITS 15

static const double powers_of_ten[] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                        1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
static_assert(AR_ARRAY_LEN(powers_of_ten) == MAX_DIGITS + 1, "one for each number of decimals");

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

const char *ar_decimal_parse(const char *text, double *value)
{
    const bool negative = *text == '-';
    uint64_t digits = 0;
    uint32_t n_digits = 0;
    uint32_t n_decimals = 0;

    text += negative;
    if (!is_digit(*text))
        return NULL;
    for (; is_digit(*text); text++) {
        digits = digits * 10 + (uint64_t)(*text - '0');
        n_digits += digits > 0;
        if (n_digits > MAX_DIGITS)
            return NULL;
    }
    if (*text == '.' && is_digit(text[1])) {
        for (text++; is_digit(*text); text++) {
            if (n_digits == MAX_DIGITS || n_decimals == MAX_DIGITS)
                continue; /* finer than anything that we store */
            digits = digits * 10 + (uint64_t)(*text - '0');
            n_digits += digits > 0;
            n_decimals++;
        }
    }
    *value = (double)digits / powers_of_ten[n_decimals];
    if (negative && digits > 0)
        *value = -*value;
    return text;
}

void ar_decimal_format(double value, char *text, size_t text_b)
{
    const double size = fabs(value);
    const char *sign = value < 0 ? "-" : "";
    uint32_t n_decimals = 0;

    assert(size < 1e15);

    /* More than 15 digits in all would not read back; the last that fit are the nearest. */
    while (n_decimals < MAX_DIGITS && size * powers_of_ten[n_decimals + 1] < 1e15 &&
           round(size * powers_of_ten[n_decimals]) / powers_of_ten[n_decimals] != size)
        n_decimals++;

    const uint64_t digits = (uint64_t)llround(size * powers_of_ten[n_decimals]);
    const uint64_t scale = (uint64_t)powers_of_ten[n_decimals];

    if (n_decimals == 0)
        snprintf(text, text_b, "%s%llu", sign, (unsigned long long)digits);
    else
        snprintf(text, text_b, "%s%llu.%0*llu", sign, (unsigned long long)(digits / scale),
                 (int)n_decimals, (unsigned long long)(digits % scale));
}
