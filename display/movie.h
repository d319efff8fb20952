/* SPDX-License-Identifier: MIT */
#pragma once

#include "display/display.h"
#include "display/part.h"

/*
 * A movie file being written: file.c opens the file and counts, a kind knows the format.
 * Private to this folder and the tests. `struct ar_movie` is the first member of each kind's struct.
 * One thread. Frames are I420, limited range, of the source's size.
 */

struct ar_movie {
    const struct ar_movie_kind *kind;
    struct ar_part part;
    struct ar_display_source source;
    char encoder[48]; /* set by begin, for people: "H.264 by libx264" */
};

struct ar_movie_kind {
    const char *endings[4]; /* ".y4m", NULL-terminated */
    size_t size_b;          /* of the kind's struct, which starts with struct ar_movie */
    bool seeks;             /* cannot go down a pipe */
    /* What this build lacks for it, which has no functions then. NULL: nothing. */
    const char *missing;
    int (*begin)(struct ar_movie *base, struct ar_reason *reason);
    int (*write)(struct ar_movie *base, const struct ar_frame *frame, struct ar_reason *reason);
    /* Writes what is left. NULL: nothing is. */
    int (*finish)(struct ar_movie *base, struct ar_reason *reason);
    /* Frees what begin made, also after it failed. Touches no file. */
    void (*release)(struct ar_movie *base);
};

extern const struct ar_movie_kind ar_movie_y4m;
extern const struct ar_movie_kind ar_movie_mp4;
