/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "nn/image.h"
#include "tests/kernels/kcheck.h"

/* Small pictures with rows longer than they need; in so many, every byte of a range comes by. */
#define N_PICTURES 20
#define WIDTH_PX   34
#define HEIGHT_PX  30
#define STRIDE_B   160
#define PLANE_B    (STRIDE_B * HEIGHT_PX)

struct bytes {
    uint8_t planes[3][PLANE_B];
};

static void map_frame(struct ar_frame *frame, struct bytes *bytes, enum ar_frame_format format,
                      enum ar_frame_range range)
{
    frame->shape = (struct ar_frame_shape){ WIDTH_PX, HEIGHT_PX, format, range };
    for (uint32_t i = 0; i < 3; i++)
        frame->planes[i] = (struct ar_frame_plane){ bytes->planes[i], STRIDE_B };
}

/* Bytes of every row that the picture uses, 0 for a plane that the format lacks. */
static uint32_t row_b(enum ar_frame_format format, uint32_t plane)
{
    static const uint32_t sizes_b[AR_FRAME_N_FORMATS][3] = {
        [AR_FRAME_I420] = { WIDTH_PX, WIDTH_PX / 2, WIDTH_PX / 2 },
        [AR_FRAME_NV12] = { WIDTH_PX, WIDTH_PX, 0 },
        [AR_FRAME_YUYV] = { 2 * WIDTH_PX, 0, 0 },
        [AR_FRAME_XRGB] = { 4 * WIDTH_PX, 0, 0 },
    };

    return sizes_b[format][plane];
}

static bool is_chroma(enum ar_frame_format format, uint32_t plane, uint32_t i)
{
    return plane > 0 || (format == AR_FRAME_YUYV && i % 2 == 1);
}

/* Every byte that the range allows. YUYV's odd rows repeat the chroma above, XRGB's fourth bytes are 255. */
static void draw_picture(struct kcheck *check, struct bytes *bytes,
                         const struct ar_frame *frame)
{
    const bool is_full =
        frame->shape.range == AR_FRAME_FULL || frame->shape.format == AR_FRAME_XRGB;

    for (uint32_t plane = 0; plane < 3; plane++) {
        const uint32_t rows = plane == 0 ? HEIGHT_PX : HEIGHT_PX / 2;

        for (uint32_t at = 0; at < rows * STRIDE_B; at++) {
            const uint32_t i = at % STRIDE_B;
            const bool chroma = is_chroma(frame->shape.format, plane, i);
            const uint32_t steps = chroma ? 224 : 219;
            uint8_t *const byte = &bytes->planes[plane][at];

            if (i >= row_b(frame->shape.format, plane))
                continue;
            if (is_full)
                *byte = (uint8_t)kcheck_draw_below(check, 256);
            else
                *byte = (uint8_t)(16 + kcheck_draw_below(check, steps + 1));
            if (frame->shape.format == AR_FRAME_YUYV && chroma && at / STRIDE_B % 2 == 1)
                *byte = bytes->planes[plane][at - STRIDE_B];
            if (frame->shape.format == AR_FRAME_XRGB && i % 4 == 3)
                *byte = 255;
        }
    }
}

static void place_planes(struct kcheck *check, struct ar_tensor *planes, uint32_t n_planes)
{
    const size_t n_floats = (size_t)ar_tensor_floats(planes->height, planes->width, n_planes);

    ar_tensor_place(planes, kcheck_place(check, 0, n_floats * sizeof(float)), n_planes);
}

static void run_picture(struct kcheck *check, enum ar_image_planes kind,
                        enum ar_frame_format format, enum ar_frame_range range)
{
    static const char *const names[AR_FRAME_N_FORMATS] = { "I420", "NV12", "YUYV", "XRGB" };
    const struct ar_image_layout layout = {
        .planes = kind,
        .offset = { 0.45F, 0.45F, 0.45F, 0.45F, 0.502F, 0.502F },
        .gain = 4.0F,
    };
    const uint32_t shrink = kind == AR_IMAGE_YUV420 ? 2 : 1;
    struct ar_tensor planes = { .height = HEIGHT_PX / shrink, .width = WIDTH_PX / shrink };
    struct bytes before = { { { 0 } } };
    struct bytes after = { { { 0 } } };
    struct ar_frame in = { .sequence = 0 };
    struct ar_frame out = { .sequence = 0 };

    map_frame(&in, &before, format, range);
    map_frame(&out, &after, format, range);
    draw_picture(check, &before, &in);
    place_planes(check, &planes, kind == AR_IMAGE_YUV420 ? 6 : 3);
    /* In two parts, as two workers would. */
    ar_image_ingest(&check->tier, &layout, &planes, &in, 4, HEIGHT_PX / 2);
    ar_image_ingest(&check->tier, &layout, &planes, &in, 0, 4);
    ar_image_emit(&check->tier, &layout, &planes, &out, 0, 7);
    ar_image_emit(&check->tier, &layout, &planes, &out, 7, HEIGHT_PX / 2);
    for (uint32_t plane = 0; plane < 3; plane++) {
        for (uint32_t i = 0; i < PLANE_B; i++) {
            if (after.planes[plane][i] != before.planes[plane][i])
                kcheck_fail(check, "plane %u row %u byte %u: %u became %u", plane, i / STRIDE_B,
                            i % STRIDE_B, before.planes[plane][i], after.planes[plane][i]);
        }
    }
    kcheck_where(check, "%s round trip of %s, %s range", check->tier.tier, names[format],
                 range == AR_FRAME_LIMITED ? "limited" : "full");
}

/* The nearest full-range byte of a frame's, halves up. */
static double widen(enum ar_frame_range range, bool chroma, uint8_t byte)
{
    const double wide =
        chroma ? (byte - 128) * 255.0 / 224.0 + 128.0 : (byte - 16) * 255.0 / 219.0;

    return range == AR_FRAME_FULL ? byte : fmin(fmax(floor(wide + 0.5), 0.0), 255.0);
}

/* Int8's planes are full-range bytes, whatever the frame's range, and whatever lies beyond it. */
static void run_picture8(struct kcheck *check, enum ar_frame_range range)
{
    const struct ar_image_layout layout = { .planes = AR_IMAGE_YUV420, .gain = 4.0F };
    struct ar_tensor8 planes = { .height = HEIGHT_PX / 2,
                                 .width = WIDTH_PX / 2,
                                 .fours = true };
    struct bytes bytes = { { { 0 } } };
    struct ar_frame frame = { .sequence = 0 };

    map_frame(&frame, &bytes, AR_FRAME_I420, range);
    for (uint32_t plane = 0; plane < 3; plane++)
        for (uint32_t i = 0; i < PLANE_B; i++)
            bytes.planes[plane][i] = (uint8_t)kcheck_draw_below(check, 256);
    ar_tensor8_place(&planes,
                     kcheck_place(check, 0,
                                  ar_tensor8_bytes(planes.height, planes.width, 6, true)),
                     6);
    ar_image_ingest8(&check->tier, &layout, &planes, &frame, 4, HEIGHT_PX / 2);
    ar_image_ingest8(&check->tier, &layout, &planes, &frame, 0, 4);
    for (uint32_t y = 0; y < HEIGHT_PX; y++) {
        for (uint32_t x = 0; x < WIDTH_PX; x++) {
            const uint8_t *const luma = ar_tensor8_row(&planes, y / 2) + x / 2 * 4;
            const uint8_t *const chroma = luma + planes.plane_stride;
            const uint8_t got[] = { luma[y % 2 * 2 + x % 2], chroma[0], chroma[1] };

            for (uint32_t i = 0; i < 3; i++) {
                const uint8_t *const row =
                    bytes.planes[i] + (size_t)(i == 0 ? y : y / 2) * STRIDE_B;
                const double want = widen(range, i > 0, row[i == 0 ? x : x / 2]);

                if (got[i] != want)
                    kcheck_fail(check, "row %u pixel %u component %u: %u, should be %g", y, x,
                                i, got[i], want);
            }
        }
    }
    kcheck_where(check, "%s I420 to int8's planes, %s range", check->tier.tier,
                 range == AR_FRAME_LIMITED ? "limited" : "full");
}

/* Through planes of the frame's own kind: between YUV and RGB, bytes cannot survive. */
void kcheck_round_trip(struct kcheck *check)
{
    static const enum ar_frame_range ranges[] = { AR_FRAME_FULL, AR_FRAME_LIMITED };

    for (uint32_t i = 0; i < 2 * N_PICTURES; i++) {
        run_picture(check, AR_IMAGE_YUV420, AR_FRAME_I420, ranges[i % 2]);
        run_picture(check, AR_IMAGE_YUV420, AR_FRAME_NV12, ranges[i % 2]);
        run_picture(check, AR_IMAGE_YUV420, AR_FRAME_YUYV, ranges[i % 2]);
        run_picture(check, AR_IMAGE_RGB, AR_FRAME_XRGB, ranges[i % 2]);
        run_picture8(check, ranges[i % 2]);
    }
}
