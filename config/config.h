/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/entries.h"
#include "base/option.h"

/*
 * Configuration: the modules' option tables bound to their params, filled from files (INI), from --set, and by
 * ar-ctl. Sections are the modules' names, or "module.part". One thread.
 */

/* What set a value, the later the stronger. */
enum ar_config_layer {
    AR_CONFIG_DEFAULT,
    AR_CONFIG_FILE,
    AR_CONFIG_COMMAND_LINE,
    AR_CONFIG_SET, /* while running */
};

/* Where a value comes from. All zeros: it is the default. */
struct ar_config_origin {
    uint16_t layer; /* enum ar_config_layer */
    uint16_t file;  /* its number among the files that were read */
    uint32_t line;  /* in it, from 1 */
};

struct ar_config_section {
    const char *name; /* "capture"; NULL ends the list */
    const struct ar_option *options;
    void *params;
    struct ar_entries *entries; /* NULL; or the section is open: it takes any key, into here */
    const char *entry_help;     /* of an open section, as of an option */
    struct ar_config_origin *origins; /* of each option, or of AR_ENTRIES_MAX entries */
};

/* How many origins a section has. */
uint32_t ar_config_n_keys_max(const struct ar_config_section *section);

/* Where a problem is told: one call each, none is lost. line 0: the whole file; where NULL: not from a file. */
typedef void ar_config_problem_fn(void *user, const char *where, uint32_t line,
                                  const char *problem);

/* Writes every default; open sections are empty. */
void ar_config_defaults(const struct ar_config_section *sections);

/*
 * Reads an INI file into the params; `file` is its number, for origins. Every problem is reported (a line that is no
 * INI, unknown section or key with the nearest known one, key set twice, bad value with what would be right): 0 when
 * there was none, otherwise -EINVAL. A file that cannot be read is told by the return alone: -ENOENT, -EACCES, -EISDIR,
 * ..., -EFBIG above 64 KiB. Params of lines without a problem are set: call on a copy to keep all or nothing.
 */
int ar_config_read(const struct ar_config_section *sections, const char *path, uint32_t file,
                   ar_config_problem_fn *problem, void *user);

/* "section.key", text. -ENOENT for an unknown key (the reason suggests one), -EINVAL for a bad value. */
int ar_config_set(const struct ar_config_section *sections, const char *key, const char *text,
                  enum ar_config_layer layer, struct ar_reason *reason);

/* Words for a "section.key" that is not there, with the nearest one that is. Always -ENOENT. */
int ar_config_suggest(const struct ar_config_section *sections, const char *key,
                      struct ar_reason *reason);

/* A key with its value. All of it borrowed from the sections. */
struct ar_config_key {
    const struct ar_config_section *section;
    const struct ar_option *option;
    const char *name; /* without its section */
    void *params;     /* that the option's offset is in */
    struct ar_config_origin *origin;
};

/* False when there is no such "section.key". Of an open section there are those that were set. */
bool ar_config_find(const struct ar_config_section *sections, const char *key,
                    struct ar_config_key *out);

/* Key number i of all, in the order of the tables. False after the last. */
bool ar_config_at(const struct ar_config_section *sections, uint32_t i,
                  struct ar_config_key *out);

/* "key = value" as a file has it. -EINVAL with the reason where it would be read back otherwise. */
#define AR_CONFIG_LINE_MAX_B 200
int ar_config_format_line(const struct ar_config_key *key, char line[AR_CONFIG_LINE_MAX_B],
                          struct ar_reason *reason);

/* All keys with type, default and help: for --help, and as the commented default file. */
void ar_config_print_help(const struct ar_config_section *sections, FILE *out);
void ar_config_print_file(const struct ar_config_section *sections, FILE *out);
