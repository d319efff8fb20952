/* SPDX-License-Identifier: MIT */
/*
 * ar-tables: prints what both programs' command lines and the configuration file take, as JSON. Man pages and completion
 * are made from it when ar-daemon is built, so they know every option, key and command; it is not installed.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "daemon/command_line.h"
#include "daemon/commands.h"
#include "daemon/settings.h"

static json_t *flags_json(void)
{
    json_t *list = json_array();

    for (const struct ar_command_line_flag *flag = ar_command_line_flags; flag->name; flag++)
        json_array_append_new(list, json_pack("{s:s, s:s?, s:s?, s:s}", "name", flag->name,
                                              "value", flag->value_name, "key", flag->key,
                                              "help", flag->help));
    return list;
}

static json_t *words_json(const struct ar_option *option)
{
    json_t *words = json_array();

    if (option->zero_word)
        json_array_append_new(words, json_string(option->zero_word));
    if (option->type == AR_OPTION_BOOL) {
        json_array_append_new(words, json_string("yes"));
        json_array_append_new(words, json_string("no"));
    }
    if (option->type == AR_OPTION_CHOICE)
        for (const char *const *choice = option->choices; *choice; choice++)
            json_array_append_new(words, json_string(*choice));
    return words;
}

static json_t *option_json(const struct ar_option *option)
{
    char takes[AR_OPTION_TEXT_MAX] = "text";

    if (option->type != AR_OPTION_TEXT)
        ar_option_describe(option, takes, sizeof(takes));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "key", option->key, "takes", takes,
                     "default", option->fallback, "apply", ar_option_apply_name(option->apply),
                     "help", option->help, "words", words_json(option));
}

static json_t *sections_json(void)
{
    struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_settings settings;
    json_t *list = json_array();

    ar_settings_sections(&settings, sections);
    for (const struct ar_config_section *section = sections; section->name; section++) {
        json_t *keys = json_array();

        for (const struct ar_option *option = section->options; option->key; option++)
            json_array_append_new(keys, option_json(option));
        json_array_append_new(list, json_pack("{s:s, s:o, s:s?}", "name", section->name, "keys",
                                              keys, "entries",
                                              section->entries ? section->entry_help : NULL));
    }
    return list;
}

static json_t *commands_json(void)
{
    json_t *list = json_array();

    for (const struct ar_command *command = ar_commands; command->name; command++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", command->name, "usage",
                                              command->usage, "help", command->help));
    return list;
}

int main(void)
{
    json_t *tables =
        json_pack("{s:s, s:o, s:o, s:o}", "version", AR_VERSION, "flags", flags_json(),
                  "sections", sections_json(), "commands", commands_json());
    const int ret = tables ? json_dumpf(tables, stdout, JSON_INDENT(1)) : -1;

    json_decref(tables);
    return ret == 0 && putchar('\n') != EOF && fflush(stdout) == 0 ? EX_OK : EX_SOFTWARE;
}
