/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

/*
 * Decimal numbers as text, the same in every locale: digits with an optional sign and point.
 * No exponent, no infinity, no "nan". Pure functions.
 */

/* Reads the number at the start of text; gives what follows it, or NULL when there is none or it is too long. */
const char *ar_decimal_parse(const char *text, double *value);

/* The shortest text that reads back as value, for |value| < 10^15; always terminated. */
void ar_decimal_format(double value, char *text, size_t text_b);
