/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/option.h"
#include "base/reason.h"

/*
 * Keys that no option table knows, because they come from elsewhere (a camera's controls): names with texts, in the
 * order in which they were first set. Plain data; zero-initialised: none.
 */

#define AR_ENTRIES_MAX   32
#define AR_ENTRY_KEY_MAX 48

struct ar_entry {
    char key[AR_ENTRY_KEY_MAX];
    char text[AR_OPTION_TEXT_MAX];
};

struct ar_entries {
    uint32_t n;
    struct ar_entry list[AR_ENTRIES_MAX];
};

/* An entry's text, as an option whose params are the entry. Live. */
extern const struct ar_option ar_entry_option;

/*
 * -EINVAL for a key that is not made of letters, digits and "_", or a text that is none; -ENOSPC when there are
 * AR_ENTRIES_MAX already. The reason does not name the key.
 */
int ar_entries_set(struct ar_entries *entries, const char *key, const char *text,
                   struct ar_reason *reason);

/* NULL: not set. */
struct ar_entry *ar_entries_find(struct ar_entries *entries, const char *key);
