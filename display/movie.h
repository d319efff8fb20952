/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/frame.h"
#include "base/reason.h"
#include "display/display.h"

/*
 * A movie being written: a kind knows the format, a sink where the bytes go. One thread.
 * Frames are I420, limited range, of the source's size.
 */

/* The first member of whatever it writes to. */
struct ar_movie_sink {
    const char *path; /* for people; its ending chose the kind */
    /* The regular file's name for now: a kind may open it itself, read it and write it out of order. NULL: write() alone. */
    const char *regular;
    int (*write)(struct ar_movie_sink *sink, const void *data, size_t size_b,
                 struct ar_reason *reason);
    /*
     * What was written so far plays. Where somebody asks, the movie is made so that this comes once a second at least;
     * NULL: only the whole of it need play.
     */
    void (*mark)(struct ar_movie_sink *sink);
};

struct ar_movie {
    const struct ar_movie_kind *kind;
    struct ar_movie_sink *sink;
    struct ar_display_source source;
    char encoder[48]; /* for people: "H.264 by libx264" */
};

/* `struct ar_movie` is the first member of each kind's struct. */
struct ar_movie_kind {
    const char *endings[4]; /* ".y4m", NULL-terminated */
    size_t size_b;          /* of the kind's struct, which starts with struct ar_movie */
    bool seeks;             /* cannot go down a pipe */
    bool
        keeps_rate; /* has no time stamps: every frame lasts as long as the source's rate says */
    /* What this build lacks for it, which has no functions then. NULL: nothing. */
    const char *missing;
    int (*begin)(struct ar_movie *base, struct ar_reason *reason); /* sets encoder */
    int (*write)(struct ar_movie *base, const struct ar_frame *frame, struct ar_reason *reason);
    /* Writes what is left. NULL: nothing is. */
    int (*finish)(struct ar_movie *base, struct ar_reason *reason);
    /* Frees what begin made, also after it failed. Touches no file. */
    void (*release)(struct ar_movie *base);
};

#define AR_MOVIE_ENDINGS ".mp4, .mkv, .mov or .y4m"

extern const struct ar_movie_kind ar_movie_y4m;
extern const struct ar_movie_kind ar_movie_mp4;

/* By the ending of the name; NULL for another one. */
const struct ar_movie_kind *ar_movie_kind_of(const char *path);

/* Writes the beginning. The sink is borrowed until destroy. A source without a rate is taken for one of 30 Hz. */
int ar_movie_create(struct ar_movie **out, const struct ar_movie_kind *kind,
                    struct ar_movie_sink *sink, const struct ar_display_source *source,
                    struct ar_reason *reason);
/* Accepts NULL. Writes nothing any more. */
void ar_movie_destroy(struct ar_movie *movie);

int ar_movie_write(struct ar_movie *movie, const struct ar_frame *frame,
                   struct ar_reason *reason);
/* After it the sink has the whole movie. Once, and not after an error. */
int ar_movie_finish(struct ar_movie *movie, struct ar_reason *reason);
