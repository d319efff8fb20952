/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Text from users. Any thread. */

/* Whether bytes are UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool ar_utf8_is_valid(const char *text, size_t text_b);

/* Writes what somebody typed as it may stand in a message: cut to fit, '?' for what moves a cursor or is no UTF-8. */
void ar_utf8_quote(char *quoted, size_t quoted_b, const char *text);
