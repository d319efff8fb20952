/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * "Did you mean": how near a mistyped word is to a known one. Pure, any thread.
 */

#define AR_CONFIG_NOT_NEAR UINT32_MAX

/*
 * The least number of slips (a letter too many, missing, wrong, or swapped with its neighbour) that make
 * `typed` of `word`; case does not count. AR_CONFIG_NOT_NEAR when they are too many for the length of
 * `typed`, or a word has more than 63 letters.
 */
uint32_t ar_config_slips(const char *typed, const char *word);

/* Whether `word` is nearer than what was looked at before. *least begins as AR_CONFIG_NOT_NEAR. */
bool ar_config_is_nearer(const char *typed, const char *word, uint32_t *least);
