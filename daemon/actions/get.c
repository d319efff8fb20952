/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/actions/actions.h"

static json_t *describe(const struct ar_run *run, const struct ar_config_key *key)
{
    char name[AR_OPTION_TEXT_MAX];
    char value[AR_OPTION_TEXT_MAX];
    char origin[AR_CONFIG_PATH_MAX_B + 16];
    char takes[AR_OPTION_TEXT_MAX];

    snprintf(name, sizeof(name), "%s.%s", key->section->name, key->name);
    ar_option_format(key->option, key->params, value, sizeof(value));
    ar_option_describe(key->option, takes, sizeof(takes));
    ar_config_files_describe(&run->layers.files, key->origin, origin, sizeof(origin));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "key", name, "value", value,
                     "default", key->option->fallback, "origin", origin, "takes", takes,
                     "apply", ar_option_apply_name(key->option->apply), "help",
                     key->section->entries ? key->section->entry_help : key->option->help);
}

/* Everything, a section with its parts ("capture", which has "capture.controls"), or a key. */
static bool is_asked_for(const struct ar_config_key *key, const char *name)
{
    char full[AR_OPTION_TEXT_MAX];
    const size_t name_b = name ? strlen(name) : 0;

    if (!name)
        return true;
    snprintf(full, sizeof(full), "%s.%s", key->section->name, key->name);
    return strncmp(full, name, name_b) == 0 && (full[name_b] == '.' || full[name_b] == '\0');
}

/* An open section may have no key yet. */
static bool is_section(const struct ar_config_section *sections, const char *name)
{
    for (; sections->name; sections++)
        if (strcmp(sections->name, name) == 0)
            return true;
    return false;
}

json_t *ar_action_get(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_config_key key;
    json_t *keys = json_array();

    ar_settings_sections(&run->settings, sections);
    for (uint32_t i = 0; ar_config_at(sections, i, &key); i++)
        if (is_asked_for(&key, args[0]))
            json_array_append_new(keys, describe(run, &key));
    if (json_array_size(keys) > 0 || (args[0] && is_section(sections, args[0])))
        return json_pack("{s:o}", "keys", keys);
    json_decref(keys);
    ar_config_suggest(sections, args[0], reason);
    return NULL;
}
