/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"
#include "base/option.h"
#include "base/reason.h"

/*
 * What a clip format gives to file.c. `struct ar_reader` is the first member of each reader's struct.
 * Two steps per picture, so that one that comes too late is never converted.
 */

/* A clip larger than this is scaled down. */
#define AR_READER_MAX_W_PX 1920
#define AR_READER_MAX_H_PX 1080

struct ar_reader;

struct ar_reader_ops {
    /*
     * `box`: size to scale to fit into, 0x0 for the clip's own. -ENOTSUP when the file is of this kind but uses
     * something that this reader leaves to a more able one. On success *out is owned by the caller.
     */
    int (*open)(struct ar_reader **out, const char *path, const struct ar_option_size *box,
                struct ar_reason *reason);
    void (*close)(struct ar_reader *reader);
    /* Goes to the next picture and sets its times. -ENODATA at the end, -EIO where the file is broken. */
    int (*advance)(struct ar_reader *reader, struct ar_reason *reason);
    /* Writes the current picture into a frame of the reader's shape. */
    int (*read)(struct ar_reader *reader, struct ar_frame *frame, struct ar_reason *reason);
    /* Back to before the first picture. */
    int (*rewind)(struct ar_reader *reader, struct ar_reason *reason);
};

struct ar_reader {
    const struct ar_reader_ops *ops;
    char path[AR_OPTION_TEXT_MAX];
    char kind[64]; /* "Y4M", "mov, h264" */
    struct ar_frame_shape shape;
    uint32_t rate_millihz;
    uint64_t
        time_us; /* of the current picture, from the beginning of the clip; never goes back */
    uint64_t duration_us; /* how long it stays */
    uint64_t n_corrupt;   /* pictures that could not be decoded */
};

extern const struct ar_reader_ops ar_y4m_reader;
#ifdef AR_HAVE_LIBAV
extern const struct ar_reader_ops ar_clip_reader;
#endif

/* The largest even size of the aspect width:height that fits into the box, which is at least 16x16. */
struct ar_option_size ar_reader_fit(uint32_t width, uint32_t height, struct ar_option_size box);
