/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>

/*
 * Fields of an object that another version may have made: what is not there has a value all the same. Pure.
 */

/* "-" where there is none, or an empty one. */
const char *ar_field_text(const json_t *object, const char *key);
/* The same, but "" where there is none. */
const char *ar_field_string(const json_t *object, const char *key);
/* 0 where there is none. */
double ar_field_number(const json_t *object, const char *key);
long long ar_field_count(const json_t *object, const char *key);
