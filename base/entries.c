/* SPDX-License-Identifier: MIT */
#include "base/entries.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define KEY_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

const struct ar_option ar_entry_option = {
    .key = "*",
    .type = AR_OPTION_TEXT,
    .offset = offsetof(struct ar_entry, text),
    .fallback = "",
    .apply = AR_OPTION_LIVE,
    .help = "",
};

struct ar_entry *ar_entries_find(struct ar_entries *entries, const char *key)
{
    for (uint32_t i = 0; i < entries->n; i++)
        if (strcmp(entries->list[i].key, key) == 0)
            return &entries->list[i];
    return NULL;
}

int ar_entries_set(struct ar_entries *entries, const char *key, const char *text,
                   struct ar_reason *reason)
{
    const size_t key_b = strlen(key);
    struct ar_entry *entry = ar_entries_find(entries, key);
    int ret;

    if (key_b == 0 || key_b >= AR_ENTRY_KEY_MAX || key[strspn(key, KEY_LETTERS)] != '\0')
        return ar_reason_set(reason, -EINVAL,
                             "a name has letters, digits and \"_\", at most %d",
                             AR_ENTRY_KEY_MAX - 1);
    if (entry)
        return ar_option_parse(&ar_entry_option, entry, text, reason);
    if (entries->n == AR_ENTRIES_MAX)
        return ar_reason_set(reason, -ENOSPC, "there is room for %d", AR_ENTRIES_MAX);
    entry = &entries->list[entries->n];
    ret = ar_option_parse(&ar_entry_option, entry, text, reason);
    if (ret < 0)
        return ret;
    snprintf(entry->key, sizeof(entry->key), "%s", key);
    entries->n++;
    return 0;
}
