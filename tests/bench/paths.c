/* SPDX-License-Identifier: MIT */
#include "tests/bench/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/pool.h"
#include "daemon/convert.h"
#include "display/scale.h"
#include "nn/image.h"
#include "tests/bench/paths_peer.h"
#include "tests/bench/scene.h"
#include "tests/bench/turns.h"

const struct bench_column bench_paths_columns[BENCH_PATHS_N_COLUMNS] = {
    { "path", "path", 0 },
    { "min_ms", "min ms", 3 },
    { "median_ms", "median ms", 3 },
    { "libyuv_min_ms", "libyuv min ms", 3 },
    { "libyuv_median_ms", "libyuv median ms", 3 },
    { "ratio", "libyuv / ours", 2 },
};

#define N_PLANES 6
#define ALIGN_B  64

/* One way of the bytes, by us and by the peer. */
struct path {
    struct bench_scene scene; /* its first picture is what comes in */
    struct ar_pool *pool;
    struct ar_frame *peer_out; /* also ours where we write into a frame of the caller's */
    const struct ar_kernels *kernels;
    struct ar_tensor planes;
    float *memory;
    struct ar_convert *convert;
    struct ar_scaler scaler;
};

/* What is measured: sizes in and out, and how. */
struct kind {
    const char *name;
    uint32_t in_px[2];
    enum ar_frame_format in;
    uint32_t out_px[2];
    enum ar_frame_format out; /* the peer's; ours too, but for the network's planes */
    void (*ours)(void *path);
    void (*peer)(void *path);
};

static const struct ar_image_layout layout = { .planes = AR_IMAGE_YUV420, .gain = 1.0F };

static void to_planes(void *user)
{
    struct path *const path = user;

    ar_image_ingest(path->kernels, &layout, &path->planes, &path->scene.frames[0], 0,
                    path->scene.shape.height_px / 2);
}

static void convert(void *user)
{
    struct path *const path = user;
    struct ar_frame *made = ar_convert_run(path->convert, &path->scene.frames[0]);

    ar_frame_unref(&made);
}

/* As a screen is drawn: row after row. */
static void scale(void *user)
{
    struct path *const path = user;
    const struct ar_frame_plane *const out = &path->peer_out->planes[0];
    const struct ar_frame_shape *const shape = &path->peer_out->shape;

    ar_scaler_begin(&path->scaler, &path->scene.frames[0]);
    for (uint32_t y = 0; y < shape->height_px; y++)
        ar_scaler_row(&path->scaler, y, out->data + (size_t)y * out->stride_b);
}

static void peer_yuyv(void *user)
{
    const struct path *const path = user;

    bench_libyuv_yuyv_to_i420(&path->scene.frames[0], path->peer_out);
}

static void peer_xrgb(void *user)
{
    const struct path *const path = user;

    bench_libyuv_i420_to_xrgb(&path->scene.frames[0], path->peer_out);
}

static void peer_scale(void *user)
{
    const struct path *const path = user;

    bench_libyuv_scale_xrgb(&path->scene.frames[0], path->peer_out);
}

/* clang-format off */
static const struct kind kinds[] = {
    { "YUYV 1280x720 to planes (libyuv: to I420)", { 1280, 720 }, AR_FRAME_YUYV, { 1280, 720 }, AR_FRAME_I420, to_planes, peer_yuyv },
    { "YUYV 1280x720 to I420", { 1280, 720 }, AR_FRAME_YUYV, { 1280, 720 }, AR_FRAME_I420, convert, peer_yuyv },
    { "I420 1280x720 to XRGB", { 1280, 720 }, AR_FRAME_I420, { 1280, 720 }, AR_FRAME_XRGB, convert, peer_xrgb },
    { "XRGB 640x360 scaled to 1920x1080", { 640, 360 }, AR_FRAME_XRGB, { 1920, 1080 }, AR_FRAME_XRGB, scale, peer_scale },
};
/* clang-format on */

#define N_PATHS   AR_ARRAY_LEN(kinds)
#define N_ENTRIES 2 /* ours and the peer's */

static int open_planes(struct path *path, uint32_t width_px, uint32_t height_px)
{
    size_t memory_b;

    path->planes = (struct ar_tensor){ .width = width_px / 2, .height = height_px / 2 };
    memory_b =
        ar_tensor_floats(path->planes.height, path->planes.width, N_PLANES) * sizeof(float);
    path->memory = aligned_alloc(ALIGN_B, ar_align_up(memory_b, ALIGN_B));
    if (!path->memory)
        return -ENOMEM;
    memset(path->memory, 0, memory_b);
    ar_tensor_place(&path->planes, path->memory, N_PLANES);
    return 0;
}

static int open_path(struct path *path, const struct kind *kind,
                     const struct ar_kernels *kernels)
{
    const struct ar_frame_shape shape = { .width_px = kind->out_px[0],
                                          .height_px = kind->out_px[1],
                                          .format = kind->out };
    int ret = bench_scene_init(&path->scene, kind->in_px[0], kind->in_px[1], kind->in);

    path->kernels = kernels;
    if (ret == 0)
        ret = ar_pool_create(&path->pool, &shape, 1);
    if (ret == 0)
        path->peer_out = ar_pool_take(path->pool);
    if (ret == 0 && kind->ours == to_planes)
        ret = open_planes(path, kind->in_px[0], kind->in_px[1]);
    if (ret == 0 && kind->ours == convert)
        ret = ar_convert_create(&path->convert, &shape);
    if (ret == 0 && kind->ours == scale)
        ret = ar_scaler_init(&path->scaler, kind->in_px[0], kind->in_px[1], kind->out_px[0],
                             kind->out_px[1]);
    return ret;
}

static void close_path(struct path *path)
{
    ar_scaler_finish(&path->scaler);
    ar_convert_destroy(path->convert);
    free(path->memory);
    ar_frame_unref(&path->peer_out);
    ar_pool_destroy(path->pool);
    bench_scene_finish(&path->scene);
}

static void nothing(void *user)
{
}

static json_t *row_of(const struct kind *kind, struct bench_entry *ours,
                      struct bench_entry *peer)
{
    const double min_ms = bench_times_min_ms(&ours->times);
    const double median_ms = bench_times_median_ms(&ours->times);

    return json_pack("{s:s, s:f, s:f, s:f, s:f, s:f}", "path", kind->name, "min_ms", min_ms,
                     "median_ms", median_ms, "libyuv_min_ms", bench_times_min_ms(&peer->times),
                     "libyuv_median_ms", bench_times_median_ms(&peer->times), "ratio",
                     bench_times_min_ms(&peer->times) / min_ms);
}

int bench_paths_run(json_t *rows, uint32_t n_frames, const struct ar_kernels *kernels)
{
    struct path *const paths = calloc(N_PATHS, sizeof(*paths));
    struct bench_entry entries[N_PATHS * N_ENTRIES] = { 0 };
    uint32_t n = 0;
    int ret = paths ? 0 : -ENOMEM;

    for (size_t i = 0; ret == 0 && i < N_PATHS; i++) {
        ret = open_path(&paths[i], &kinds[i], kernels);
        entries[n++] = (struct bench_entry){ .user = &paths[i],
                                             .prepare = kinds[i].ours,
                                             .run = kinds[i].ours };
        entries[n++] = (struct bench_entry){ .user = &paths[i],
                                             .prepare = kinds[i].peer,
                                             .run = kinds[i].peer };
    }
    if (ret == 0)
        ret = bench_turns_run(entries, n, n_frames, nothing, NULL);
    for (size_t i = 0; ret == 0 && i < N_PATHS; i++) {
        struct bench_entry *const ours = &entries[i * N_ENTRIES];

        json_array_append_new(rows, row_of(&kinds[i], ours, ours + 1));
    }
    bench_turns_finish(entries, n);
    for (size_t i = 0; paths && i < N_PATHS; i++)
        close_path(&paths[i]);
    free(paths);
    return ret;
}
