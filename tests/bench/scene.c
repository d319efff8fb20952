/* SPDX-License-Identifier: MIT */
#include "tests/bench/scene.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macros.h"
#include "capture/scene/scene.h"

#define RATE_MILLIHZ  30000
#define FRAME_ALIGN_B 64

struct colour {
    int32_t y;
    int32_t u;
    int32_t v;
};

static uint8_t *row(const struct ar_frame *frame, uint32_t plane, uint32_t y)
{
    return frame->planes[plane].data + (size_t)y * frame->planes[plane].stride_b;
}

static struct colour colour_at(const struct ar_frame *i420, uint32_t x, uint32_t y)
{
    return (struct colour){ .y = row(i420, 0, y)[x],
                            .u = row(i420, 1, y / 2)[x / 2],
                            .v = row(i420, 2, y / 2)[x / 2] };
}

static void to_nv12(struct ar_frame *frame, const struct ar_frame *i420, uint32_t x, uint32_t y)
{
    const struct colour c = colour_at(i420, x, y);

    row(frame, 0, y)[x] = (uint8_t)c.y;
    row(frame, 1, y / 2)[x] = (uint8_t)(x % 2 ? c.v : c.u);
}

static void to_yuyv(struct ar_frame *frame, const struct ar_frame *i420, uint32_t x, uint32_t y)
{
    const struct colour c = colour_at(i420, x, y);
    uint8_t *const pair = row(frame, 0, y) + (size_t)x * 2;

    pair[0] = (uint8_t)c.y;
    pair[1] = (uint8_t)(x % 2 ? c.v : c.u);
}

static uint8_t to_byte(double value)
{
    return (uint8_t)ar_clamp_i32((int32_t)(value + 0.5), 0, 255);
}

static void to_xrgb(struct ar_frame *frame, const struct ar_frame *i420, uint32_t x, uint32_t y)
{
    const struct colour c = colour_at(i420, x, y);
    uint8_t *const pixel = row(frame, 0, y) + (size_t)x * 4;

    pixel[0] = to_byte(c.y + 1.772 * (c.u - 128));
    pixel[1] = to_byte(c.y - 0.344136 * (c.u - 128) - 0.714136 * (c.v - 128));
    pixel[2] = to_byte(c.y + 1.402 * (c.v - 128));
    pixel[3] = 255;
}

static void convert(struct ar_frame *frame, const struct ar_frame *i420)
{
    static void (*const pixels[AR_FRAME_N_FORMATS])(struct ar_frame *, const struct ar_frame *,
                                                    uint32_t, uint32_t) = {
        [AR_FRAME_NV12] = to_nv12,
        [AR_FRAME_YUYV] = to_yuyv,
        [AR_FRAME_XRGB] = to_xrgb,
    };
    const struct ar_frame_shape *const shape = &frame->shape;

    if (shape->format == AR_FRAME_I420) {
        ar_frame_copy(frame, i420);
        return;
    }
    for (uint32_t y = 0; y < shape->height_px; y++)
        for (uint32_t x = 0; x < shape->width_px; x++)
            pixels[shape->format](frame, i420, x, y);
}

/* Frames are mapped one after another, and one more at the end to draw in. */
static int draw(struct bench_scene *scene)
{
    const size_t frame_b = ar_frame_size_b(&scene->shape);
    struct ar_frame_shape drawn = scene->shape;
    struct ar_frame i420 = { 0 };
    struct ar_scene *source;
    int ret = ar_scene_create(&source, drawn.width_px, drawn.height_px, RATE_MILLIHZ);

    if (ret < 0)
        return ret;
    drawn.format = AR_FRAME_I420;
    ar_frame_map(&i420, &drawn, scene->memory + BENCH_SCENE_N_FRAMES * frame_b);
    for (uint32_t i = 0; i < BENCH_SCENE_N_FRAMES; i++) {
        ar_frame_map(&scene->frames[i], &scene->shape, scene->memory + i * frame_b);
        ar_scene_draw(source, i, &i420);
        convert(&scene->frames[i], &i420);
    }
    ar_scene_destroy(source);
    return 0;
}

int bench_scene_init(struct bench_scene *scene, uint32_t width_px, uint32_t height_px,
                     enum ar_frame_format format)
{
    const struct ar_frame_shape shape = {
        .width_px = width_px, .height_px = height_px, .format = format, .range = AR_FRAME_FULL
    };
    struct ar_frame_shape drawn = shape;
    size_t size_b;

    drawn.format = AR_FRAME_I420;
    size_b = BENCH_SCENE_N_FRAMES * ar_frame_size_b(&shape) + ar_frame_size_b(&drawn);
    *scene = (struct bench_scene){ .shape = shape };
    scene->memory = aligned_alloc(FRAME_ALIGN_B, ar_align_up(size_b, FRAME_ALIGN_B));
    if (!scene->memory)
        return -ENOMEM;
    return draw(scene);
}

void bench_scene_finish(struct bench_scene *scene)
{
    free(scene->memory);
    scene->memory = NULL;
}
