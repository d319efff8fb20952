/* SPDX-License-Identifier: MIT */
#include "config/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/macros.h"

enum { WORD_MAX = 63 };

static char letter(const char *word, size_t i)
{
    return (char)tolower((unsigned char)word[i]);
}

/* One slip in about three letters is still the same word: "pace" is not "rate", "fraim" is "frame". */
static uint32_t slips_allowed(size_t typed_length)
{
    return (uint32_t)(typed_length + 1) / 3;
}

/*
 * Optimal string alignment: slips[t][w] turn the first w letters of the word into the first t typed
 * ones. Three rows are enough, because a swap reaches two back.
 */
uint32_t ar_config_slips(const char *typed, const char *word)
{
    const size_t n_typed = strlen(typed);
    const size_t n_word = strlen(word);
    uint32_t slips[3][WORD_MAX + 1];

    if (n_typed > WORD_MAX || n_word > WORD_MAX)
        return AR_CONFIG_NOT_NEAR;
    for (size_t w = 0; w <= n_word; w++)
        slips[0][w] = (uint32_t)w;

    for (size_t t = 1; t <= n_typed; t++) {
        uint32_t *const row = slips[t % 3];
        const uint32_t *const above = slips[(t - 1) % 3];
        const uint32_t *const two_above = slips[(t + 1) % 3];

        row[0] = (uint32_t)t;
        for (size_t w = 1; w <= n_word; w++) {
            const bool same = letter(typed, t - 1) == letter(word, w - 1);
            const bool swapped = t > 1 && w > 1 &&
                                 letter(typed, t - 1) == letter(word, w - 2) &&
                                 letter(typed, t - 2) == letter(word, w - 1);

            row[w] = ar_min_u32(above[w - 1] + !same, ar_min_u32(above[w], row[w - 1]) + 1);
            if (swapped)
                row[w] = ar_min_u32(row[w], two_above[w - 2] + 1);
        }
    }

    const uint32_t total = slips[n_typed % 3][n_word];
    return total <= slips_allowed(n_typed) ? total : AR_CONFIG_NOT_NEAR;
}

bool ar_config_is_nearer(const char *typed, const char *word, uint32_t *least)
{
    const uint32_t slips = ar_config_slips(typed, word);
    const bool is_nearer = slips < *least;

    *least = ar_min_u32(*least, slips);
    return is_nearer;
}
