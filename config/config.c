/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/utf8.h"
#include "config/priv.h"
#include "config/suggest.h"

enum {
    NAME_MAX_B = 64,    /* of a section */
    QUOTED_MAX_B = 100, /* "section.key" as somebody typed it */
    SLIPS_MAX = 2,      /* in section and key together, to be suggested */
};

uint32_t ar_config_n_keys_max(const struct ar_config_section *section)
{
    uint32_t n = 0;

    while (section->options[n].key)
        n++;
    return section->entries ? AR_ENTRIES_MAX : n;
}

static void set_defaults(const struct ar_config_section *section)
{
    ar_option_defaults(section->options, section->params);
    if (section->entries)
        *section->entries = (struct ar_entries){ .n = 0 };
    memset(section->origins, 0, ar_config_n_keys_max(section) * sizeof(*section->origins));
}

void ar_config_defaults(const struct ar_config_section *sections)
{
    for (const struct ar_config_section *section = sections; section->name; section++)
        set_defaults(section);
}

const struct ar_config_section *ar_config_find_section(const struct ar_config_section *sections,
                                                       const char *name)
{
    for (const struct ar_config_section *section = sections; section->name; section++) {
        if (strcmp(section->name, name) == 0)
            return section;
    }
    return NULL;
}

/* The part of "section.key" before the last dot, which must fit; returns what is after it, or NULL. */
static const char *split(const char *key, char section[NAME_MAX_B])
{
    const char *const dot = strrchr(key, '.');

    if (!dot || dot - key >= NAME_MAX_B)
        return NULL;
    memcpy(section, key, (size_t)(dot - key));
    section[dot - key] = '\0';
    return dot + 1;
}

static struct ar_config_key option_key(const struct ar_config_section *section,
                                       const struct ar_option *option)
{
    return (struct ar_config_key){ .section = section,
                                   .option = option,
                                   .name = option->key,
                                   .params = section->params,
                                   .origin = &section->origins[option - section->options] };
}

static struct ar_config_key entry_key(const struct ar_config_section *section,
                                      struct ar_entry *entry)
{
    return (struct ar_config_key){ .section = section,
                                   .option = &ar_entry_option,
                                   .name = entry->key,
                                   .params = entry,
                                   .origin =
                                       &section->origins[entry - section->entries->list] };
}

bool ar_config_find_in(const struct ar_config_section *section, const char *name,
                       struct ar_config_key *out)
{
    const struct ar_option *option =
        section->entries ? NULL : ar_option_find(section->options, name);
    struct ar_entry *entry = section->entries ? ar_entries_find(section->entries, name) : NULL;

    if (option)
        *out = option_key(section, option);
    else if (entry)
        *out = entry_key(section, entry);
    return option || entry;
}

bool ar_config_find(const struct ar_config_section *sections, const char *key,
                    struct ar_config_key *out)
{
    char name[NAME_MAX_B];
    const char *const rest = split(key, name);
    const struct ar_config_section *const section =
        rest ? ar_config_find_section(sections, name) : NULL;

    return section && ar_config_find_in(section, rest, out);
}

bool ar_config_at(const struct ar_config_section *sections, uint32_t i,
                  struct ar_config_key *out)
{
    for (const struct ar_config_section *section = sections; section->name; section++) {
        const uint32_t n =
            section->entries ? section->entries->n : ar_config_n_keys_max(section);

        if (i < n && section->entries)
            *out = entry_key(section, &section->entries->list[i]);
        else if (i < n)
            *out = option_key(section, &section->options[i]);
        if (i < n)
            return true;
        i -= n;
    }
    return false;
}

/* A key in another section, or in none, is suggested only when its own name was right. */
static uint32_t add_slips(uint32_t section_slips, uint32_t key_slips)
{
    return ar_min_u32(section_slips, SLIPS_MAX) + ar_min_u32(key_slips, SLIPS_MAX + 1);
}

int ar_config_unknown_key(const struct ar_config_section *sections, const char *section,
                          const char *key, struct ar_reason *reason)
{
    const struct ar_config_section *near_section = NULL;
    const char *near_key = NULL;
    uint32_t least = SLIPS_MAX + 1;
    char typed[QUOTED_MAX_B + 4]; /* enough to be cut */
    char quoted[QUOTED_MAX_B];

    for (const struct ar_config_section *known = sections; known->name; known++) {
        for (const struct ar_option *option = known->options; option->key; option++) {
            const uint32_t key_slips = ar_config_slips(key, option->key);
            const uint32_t slips = add_slips(ar_config_slips(section, known->name), key_slips);

            if (slips < least) {
                least = slips;
                near_section = known;
                near_key = option->key;
            }
        }
        if (known->entries && ar_config_slips(section, known->name) < least) {
            least = ar_config_slips(section, known->name);
            near_section = known;
            near_key = key;
        }
    }

    snprintf(typed, sizeof(typed), "%s%s%s", section, *section ? "." : "", key);
    ar_utf8_quote(quoted, sizeof(quoted), typed);
    if (!near_key)
        return ar_reason_set(reason, -ENOENT, "%s: no such key", quoted);
    return ar_reason_set(reason, -ENOENT, "%s: no such key, did you mean %s.%s?", quoted,
                         near_section->name, near_key);
}

int ar_config_put(const struct ar_config_section *section, const char *name, const char *text,
                  struct ar_config_origin origin, struct ar_reason *reason)
{
    struct ar_config_key key;
    struct ar_reason why;
    int ret;

    if (section->entries)
        ret = ar_entries_set(section->entries, name, text, &why);
    else
        ret = ar_option_parse(ar_option_find(section->options, name), section->params, text,
                              &why);
    if (ret < 0)
        return ar_reason_set(reason, ret, "%s.%s: %s", section->name, name, why.text);
    if (ar_config_find_in(section, name, &key))
        *key.origin = origin;
    return 0;
}

int ar_config_set(const struct ar_config_section *sections, const char *key, const char *text,
                  enum ar_config_layer layer, struct ar_reason *reason)
{
    const struct ar_config_origin origin = { .layer = (uint16_t)layer };
    char name[NAME_MAX_B] = "";
    const char *const rest = split(key, name);
    const struct ar_config_section *const section =
        rest ? ar_config_find_section(sections, name) : NULL;

    if (section && (section->entries || ar_option_find(section->options, rest)))
        return ar_config_put(section, rest, text, origin, reason);
    return ar_config_suggest(sections, key, reason);
}

int ar_config_suggest(const struct ar_config_section *sections, const char *key,
                      struct ar_reason *reason)
{
    char name[NAME_MAX_B] = "";
    const char *const rest = split(key, name);

    return ar_config_unknown_key(sections, name, rest ? rest : key, reason);
}
