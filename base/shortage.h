/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Memory for a library that takes a refusal for something else: a text that it could not copy for no text, an entry that it
 * could not make for none. Whoever used it asks afterwards. Each thread knows of its own refusals only.
 */

/* As malloc(). */
void *ar_shortage_malloc(size_t size_b);

/* Whether this thread was refused memory since this was asked last. */
bool ar_shortage_take(void);
