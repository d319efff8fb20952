/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "config/config.h"

enum { WORDS_MAX = 128 };

struct columns {
    int name;
    int takes;
    int fallback;
};

/* One option's cells of the table. */
struct cells {
    char name[WORDS_MAX];
    char takes[WORDS_MAX];
    char fallback[WORDS_MAX];
};

/* A text's own rules are in its help, if anywhere: its table knows only how long it may be. */
static void describe(const struct ar_option *option, char takes[WORDS_MAX])
{
    if (option->type == AR_OPTION_TEXT)
        snprintf(takes, WORDS_MAX, "text");
    else
        ar_option_describe(option, takes, WORDS_MAX);
}

static void fill_cells(struct cells *cells, const struct ar_config_section *section,
                       const struct ar_option *option)
{
    snprintf(cells->name, sizeof(cells->name), "%s.%s", section->name, option->key);
    describe(option, cells->takes);
    snprintf(cells->fallback, sizeof(cells->fallback), "(%s)",
             *option->fallback ? option->fallback : "empty");
}

/* Of an open section: what a key looks like. */
static void fill_entry_cells(struct cells *cells, const struct ar_config_section *section)
{
    snprintf(cells->name, sizeof(cells->name), "%s.NAME", section->name);
    snprintf(cells->takes, sizeof(cells->takes), "VALUE");
    snprintf(cells->fallback, sizeof(cells->fallback), "(none)");
}

static void widen(int *column, const char *text)
{
    const int length = (int)strlen(text);

    if (length > *column)
        *column = length;
}

static struct columns measure(const struct ar_config_section *sections)
{
    struct columns columns = { 0 };
    struct cells cells;

    for (const struct ar_config_section *section = sections; section->name; section++) {
        for (const struct ar_option *option = section->options; option->key; option++) {
            fill_cells(&cells, section, option);
            widen(&columns.name, cells.name);
            widen(&columns.takes, cells.takes);
            widen(&columns.fallback, cells.fallback);
        }
        if (section->entries) {
            fill_entry_cells(&cells, section);
            widen(&columns.name, cells.name);
        }
    }
    return columns;
}

void ar_config_print_help(const struct ar_config_section *sections, FILE *out)
{
    const struct columns columns = measure(sections);
    struct cells cells;

    for (const struct ar_config_section *section = sections; section->name; section++) {
        for (const struct ar_option *option = section->options; option->key; option++) {
            fill_cells(&cells, section, option);
            fprintf(out, "  %-*s  %-*s  %-*s  %s\n", columns.name, cells.name, columns.takes,
                    cells.takes, columns.fallback, cells.fallback, option->help);
        }
        if (section->entries) {
            fill_entry_cells(&cells, section);
            fprintf(out, "  %-*s  %-*s  %-*s  %s\n", columns.name, cells.name, columns.takes,
                    cells.takes, columns.fallback, cells.fallback, section->entry_help);
        }
    }
}

static const char file_head[] =
    "# All keys of ar-daemon with their defaults. What each takes is followed by how it changes on a reload\n"
    "# (SIGHUP, `ar-ctl reload`):\n"
    "#   live     with the next frame\n"
    "#   stage    camera, painter or display start anew; the picture stands still for less than a second\n"
    "#   restart  when ar-daemon is started again\n"
    "# Files in the folder that is named as this one with .d behind it, and end in .conf, are read after it, by name.\n"
    "\n";

void ar_config_print_file(const struct ar_config_section *sections, FILE *out)
{
    char takes[WORDS_MAX];

    fputs(file_head, out);
    for (const struct ar_config_section *section = sections; section->name; section++) {
        fprintf(out, "%s[%s]\n", section == sections ? "" : "\n", section->name);
        for (const struct ar_option *option = section->options; option->key; option++) {
            describe(option, takes);
            fprintf(out, "\n# %s\n# %s; %s\n#%s = %s\n", option->help, takes,
                    ar_option_apply_name(option->apply), option->key, option->fallback);
        }
        if (section->entries)
            fprintf(out, "\n# %s\n# %s\n# NAME = VALUE\n", section->entry_help,
                    ar_option_apply_name(ar_entry_option.apply));
    }
}
