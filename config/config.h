/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/entries.h"
#include "base/option.h"

/*
 * Configuration: the modules' option tables bound to their params, filled from a file (INI),
 * from --set, and by ar-ctl. Sections are the modules' names, or "module.part". One thread.
 */

struct ar_config_section {
    const char *name; /* "capture"; NULL ends the list */
    const struct ar_option *options;
    void *params;
    struct ar_entries *entries; /* NULL; or the section is open: it takes any key, into here */
    const char *entry_help;     /* of an open section, as of an option */
};

/* Where a problem is told: one call each, none is lost. line 0: not from a file. */
typedef void ar_config_problem_fn(void *user, const char *where, uint32_t line,
                                  const char *problem);

/* Writes every default; open sections are empty. */
void ar_config_defaults(const struct ar_config_section *sections);

/*
 * Reads an INI file into the params. Every problem is reported (a line that is no INI, unknown section or
 * key with the nearest known one, key set twice, bad value with what would be right): 0 when there was
 * none, otherwise -EINVAL. A file that cannot be read is told by the return alone: -ENOENT, -EACCES,
 * -EISDIR, ..., -EFBIG above 64 KiB. Params of lines without a problem are set: call on a copy to keep
 * all or nothing.
 */
int ar_config_read(const struct ar_config_section *sections, const char *path,
                   ar_config_problem_fn *problem, void *user);

/* "section.key", text. -ENOENT for an unknown key (the reason suggests one), -EINVAL for a bad value. */
int ar_config_set(const struct ar_config_section *sections, const char *key, const char *text,
                  struct ar_reason *reason);

/* The option behind "section.key" and the params it lives in, or NULL. Of an open section, a key that was set. */
const struct ar_option *ar_config_find(const struct ar_config_section *sections,
                                       const char *key, void **params);

/* All keys with type, default and help: for --help, and as the commented default file. */
void ar_config_print_help(const struct ar_config_section *sections, FILE *out);
void ar_config_print_file(const struct ar_config_section *sections, FILE *out);
