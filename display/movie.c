/* SPDX-License-Identifier: MIT */
#include "display/movie.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ending.h"
#include "base/macros.h"

#define DEFAULT_RATE_MILLIHZ 30000u

static const struct ar_movie_kind *const kinds[] = { &ar_movie_y4m, &ar_movie_mp4 };

const struct ar_movie_kind *ar_movie_kind_of(const char *path)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(kinds); i++)
        if (ar_has_ending_of(path, kinds[i]->endings))
            return kinds[i];
    return NULL;
}

int ar_movie_create(struct ar_movie **out, const struct ar_movie_kind *kind,
                    struct ar_movie_sink *sink, const struct ar_display_source *source,
                    struct ar_reason *reason)
{
    struct ar_movie *movie = calloc(1, kind->size_b);
    int ret;

    *out = NULL;
    if (!movie)
        return ar_reason_set_err(reason, -ENOMEM, "%s", sink->path);
    movie->kind = kind;
    movie->sink = sink;
    movie->source = *source;
    if (movie->source.rate_millihz == 0)
        movie->source.rate_millihz = DEFAULT_RATE_MILLIHZ;
    ret = kind->begin(movie, reason);
    if (ret < 0) {
        ar_movie_destroy(movie);
        return ret;
    }
    *out = movie;
    return 0;
}

void ar_movie_destroy(struct ar_movie *movie)
{
    if (!movie)
        return;
    movie->kind->release(movie);
    free(movie);
}

int ar_movie_write(struct ar_movie *movie, const struct ar_frame *frame,
                   struct ar_reason *reason)
{
    return movie->kind->write(movie, frame, reason);
}

int ar_movie_finish(struct ar_movie *movie, struct ar_reason *reason)
{
    return movie->kind->finish ? movie->kind->finish(movie, reason) : 0;
}
