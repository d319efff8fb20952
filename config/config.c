/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "config/priv.h"
#include "config/suggest.h"

enum {
    NAME_MAX_B = 64,    /* of a section */
    QUOTED_MAX_B = 100, /* "section.key" as somebody typed it */
    SLIPS_MAX = 2,      /* in section and key together, to be suggested */
};

static void set_defaults(const struct ar_config_section *section)
{
    ar_option_defaults(section->options, section->params);
    if (section->entries)
        *section->entries = (struct ar_entries){ .n = 0 };
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

const struct ar_option *ar_config_find(const struct ar_config_section *sections,
                                       const char *key, void **params)
{
    char name[NAME_MAX_B];
    const char *const rest = split(key, name);
    const struct ar_config_section *const section =
        rest ? ar_config_find_section(sections, name) : NULL;

    if (!section)
        return NULL;
    if (section->entries) {
        *params = ar_entries_find(section->entries, rest);
        return *params ? &ar_entry_option : NULL;
    }
    *params = section->params;
    return ar_option_find(section->options, rest);
}

/* What somebody typed, fit to be printed: cut, and nothing that moves a cursor. */
static void quote(char quoted[QUOTED_MAX_B], const char *section, const char *key)
{
    snprintf(quoted, QUOTED_MAX_B, "%s%s%s", section, *section ? "." : "", key);
    for (char *c = quoted; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
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

    quote(quoted, section, key);
    if (!near_key)
        return ar_reason_set(reason, -ENOENT, "%s: no such key", quoted);
    return ar_reason_set(reason, -ENOENT, "%s: no such key, did you mean %s.%s?", quoted,
                         near_section->name, near_key);
}

int ar_config_set(const struct ar_config_section *sections, const char *key, const char *text,
                  struct ar_reason *reason)
{
    char name[NAME_MAX_B] = "";
    const char *const rest = split(key, name);
    const struct ar_config_section *const section =
        rest ? ar_config_find_section(sections, name) : NULL;
    const struct ar_option *const option =
        section && !section->entries ? ar_option_find(section->options, rest) : NULL;
    struct ar_reason why;
    int ret;

    if (section && section->entries)
        ret = ar_entries_set(section->entries, rest, text, &why);
    else if (option)
        ret = ar_option_parse(option, section->params, text, &why);
    else
        return ar_config_unknown_key(sections, name, rest ? rest : key, reason);
    if (ret < 0)
        return ar_reason_set(reason, ret, "%s: %s", key, why.text);
    return 0;
}
