/* SPDX-License-Identifier: MIT */
#include "base/pool.h"
#include "capture/reader.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

/* A Y4M clip, read to its end, rewound, and read once more, some pictures skipped. */

enum { MAX_FRAMES = 40, MAX_PX = 256 };

static void read_through(struct ar_reader *reader, struct ar_frame *frame)
{
    struct ar_reason reason;

    for (uint32_t i = 0; i < MAX_FRAMES; i++) {
        if (reader->ops->advance(reader, &reason) < 0)
            return;
        if (i % 3 != 2 && reader->ops->read(reader, frame, &reason) < 0)
            return;
    }
}

static void read_twice(struct ar_reader *reader)
{
    struct ar_pool *pool;
    struct ar_frame *frame;
    struct ar_reason reason;

    if (ar_pool_create(&pool, &reader->shape, 1) < 0)
        return;
    frame = ar_pool_take(pool);
    read_through(reader, frame);
    if (reader->ops->rewind(reader, &reason) == 0)
        read_through(reader, frame);
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_b)
{
    char path[INPUT_PATH_B];
    const int fd = input_open(data, size_b, path);
    const struct ar_option_size box = { MAX_PX, MAX_PX };
    struct ar_reader *reader;
    struct ar_reason reason;

    if (ar_y4m_reader.open(&reader, path, &box, &reason) == 0) {
        read_twice(reader);
        reader->ops->close(reader);
    }
    input_close(fd);
    return 0;
}
