/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/reason.h"

/*
 * Private to nn/: JSON from files we do not trust. Duplicate keys are refused, and what is
 * quoted in a reason is cut short and made printable, so that no file can write to a terminal.
 */

struct ar_json_text {
    char text[48];
};

/* A string of the file's, to be quoted. */
struct ar_json_text ar_json_quote(const char *text);
/* A value as words: numbers and strings themselves, other types by name. NULL is "nothing". */
struct ar_json_text ar_json_describe(const json_t *value);

/*
 * Hands out a reference to the parsed value. -EINVAL with `where` and the place of the mistake.
 */
int ar_json_load(json_t **out, const char *where, const char *text, size_t size_b,
                 struct ar_reason *reason);
