/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"

/*
 * An option table: each module declares its keys once, as offsets into its own params
 * struct, and everything else (--help, validation, get and set) comes from the table.
 * Pure functions; any thread, on params that are its own.
 */

#define AR_OPTION_TEXT_MAX 256

enum ar_option_type {
    AR_OPTION_BOOL,     /* bool: yes|no|true|false|on|off|1|0 */
    AR_OPTION_COUNT,    /* uint32_t within [min, max] */
    AR_OPTION_FRACTION, /* double within [min, max]: 0.5 */
    AR_OPTION_DURATION, /* uint64_t in us, within [min, max] us: 25ms, 0.5s, 800us */
    AR_OPTION_SIZE,     /* struct ar_option_size, each side within [min, max] px: 640x360 */
    AR_OPTION_RATE,     /* uint32_t in millihertz, within [min, max]: 30, 29.97, 30fps, 30Hz */
    AR_OPTION_CHOICE,   /* uint32_t index into `choices` */
    AR_OPTION_TEXT,     /* char[AR_OPTION_TEXT_MAX] */
};

enum ar_option_apply {
    AR_OPTION_LIVE,  /* from the next frame on */
    AR_OPTION_STAGE, /* its stage starts anew: the picture stands still for less than a second */
    AR_OPTION_RESTART, /* when the daemon starts again */
};

struct ar_option_size {
    uint32_t width_px;
    uint32_t height_px;
};

struct ar_option {
    const char *key; /* without its section; NULL ends a table */
    enum ar_option_type type;
    size_t offset;
    const char *fallback;  /* the default in the user's spelling */
    double min;            /* in the unit of storage, for the types that have a range */
    double max;            /* 0: as much as is sane for the type */
    const char *zero_word; /* a word for zero, whatever min says, such as "auto"; NULL: none */
    const char *const *choices; /* NULL-terminated, for CHOICE */
    enum ar_option_apply apply;
    const char *help; /* one sentence, no full stop */
};

/* Parses text into params. On -EINVAL params is unchanged and the reason says value and range. */
int ar_option_parse(const struct ar_option *option, void *params, const char *text,
                    struct ar_reason *reason);

/* The value in the user's spelling; always terminated. */
void ar_option_format(const struct ar_option *option, const void *params, char *text,
                      size_t text_b);

/* Writes every fallback into params. Asserts that the table's own defaults parse. */
void ar_option_defaults(const struct ar_option *table, void *params);

/* Whether two params have the same value. */
bool ar_option_equal(const struct ar_option *option, const void *a, const void *b);

void ar_option_copy(const struct ar_option *option, void *params, const void *from);

/* "live", "stage", "restart": for people, see enum ar_option_apply. */
const char *ar_option_apply_name(enum ar_option_apply apply);

/* "25ms", "1..16", "auto|0.25..1", "fast|real": what a right value looks like. */
void ar_option_describe(const struct ar_option *option, char *text, size_t text_b);

const struct ar_option *ar_option_find(const struct ar_option *table, const char *key);
