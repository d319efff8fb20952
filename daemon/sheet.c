/* SPDX-License-Identifier: MIT */
#include "daemon/sheet.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/macros.h"
#include "base/pool.h"
#include "display/jpeg.h"

#define GAP_PX         8
#define MAX_PICTURE_PX 640 /* wider pictures are shrunk by a whole factor */
#define QUALITY_PCT    90

struct ar_sheet {
    struct ar_frame frame;
    uint8_t *memory;
    uint32_t shrink; /* >= 1 */
    uint32_t cell_width_px;
    uint32_t cell_height_px;
    uint32_t n_frames;
    uint32_t n_offered;
    uint32_t n_pairs;
};

int ar_sheet_create(struct ar_sheet **out, uint32_t width_px, uint32_t height_px,
                    uint32_t n_frames)
{
    struct ar_sheet *sheet = calloc(1, sizeof(*sheet));
    struct ar_frame_shape shape = { .format = AR_FRAME_I420, .range = AR_FRAME_FULL };

    if (!sheet)
        return -ENOMEM;
    sheet->n_frames = ar_max_u32(n_frames, AR_SHEET_PAIRS);
    sheet->shrink = (width_px + MAX_PICTURE_PX - 1) / MAX_PICTURE_PX;
    sheet->cell_width_px = width_px / sheet->shrink & ~1u;
    sheet->cell_height_px = height_px / sheet->shrink & ~1u;
    shape.width_px = 2 * sheet->cell_width_px + 3 * GAP_PX;
    shape.height_px = AR_SHEET_PAIRS * (sheet->cell_height_px + GAP_PX) + GAP_PX;
    sheet->memory = aligned_alloc(64, ar_align_up(ar_frame_size_b(&shape), 64));
    if (!sheet->memory) {
        ar_sheet_destroy(sheet);
        return -ENOMEM;
    }
    ar_frame_map(&sheet->frame, &shape, sheet->memory);
    ar_frame_fill(&sheet->frame, (const uint8_t[3]){ 250, 128, 128 });
    *out = sheet;
    return 0;
}

void ar_sheet_destroy(struct ar_sheet *sheet)
{
    if (!sheet)
        return;
    free(sheet->memory);
    free(sheet);
}

struct pixel {
    int32_t y;
    int32_t u;
    int32_t v;
};

/* BT.601, full range, 16 bit fixed point. */
static struct pixel pixel_of_rgb(int32_t r, int32_t g, int32_t b)
{
    return (struct pixel){
        .y = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16,
        .u = ((-11056 * r - 21712 * g + 32768 * b + 32768) >> 16) + 128,
        .v = ((32768 * r - 27440 * g - 5328 * b + 32768) >> 16) + 128,
    };
}

static struct pixel expand(struct pixel p)
{
    return (struct pixel){
        .y = ar_clamp_i32(((p.y - 16) * 255 + 109) / 219, 0, 255),
        .u = ar_clamp_i32((p.u - 128) * 255 / 224 + 128, 0, 255),
        .v = ar_clamp_i32((p.v - 128) * 255 / 224 + 128, 0, 255),
    };
}

static struct pixel pixel_at(const struct ar_frame *frame, uint32_t x, uint32_t y)
{
    const struct ar_frame_plane *planes = frame->planes;
    const uint8_t *row = planes[0].data + (size_t)y * planes[0].stride_b;
    size_t chroma_row = (size_t)(y / 2) * planes[1].stride_b;
    struct pixel p = { 0 };

    switch (frame->shape.format) {
    case AR_FRAME_I420:
        p = (struct pixel){ row[x], planes[1].data[chroma_row + x / 2],
                            planes[2].data[(size_t)(y / 2) * planes[2].stride_b + x / 2] };
        break;
    case AR_FRAME_NV12:
        p = (struct pixel){ row[x], planes[1].data[chroma_row + (x & ~1u)],
                            planes[1].data[chroma_row + (x | 1u)] };
        break;
    case AR_FRAME_YUYV:
        p = (struct pixel){ row[(size_t)2 * x], row[(size_t)4 * (x / 2) + 1],
                            row[(size_t)4 * (x / 2) + 3] };
        break;
    case AR_FRAME_XRGB:
        row += (size_t)4 * x;
        return pixel_of_rgb(row[2], row[1], row[0]);
    case AR_FRAME_N_FORMATS:
        break;
    }
    return frame->shape.range == AR_FRAME_LIMITED ? expand(p) : p;
}

/* The mean of a shrink x shrink block. */
static struct pixel block_at(const struct ar_frame *frame, uint32_t x, uint32_t y,
                             uint32_t shrink)
{
    struct pixel sum = { 0 };
    int32_t count = (int32_t)(shrink * shrink);

    assert(count > 0);
    for (uint32_t i = 0; i < shrink * shrink; i++) {
        struct pixel p = pixel_at(frame, x * shrink + i % shrink, y * shrink + i / shrink);

        sum = (struct pixel){ sum.y + p.y, sum.u + p.u, sum.v + p.v };
    }
    return (struct pixel){ sum.y / count, sum.u / count, sum.v / count };
}

/* left and top are even, so that chroma samples meet. */
static void paste(struct ar_sheet *sheet, const struct ar_frame *frame, uint32_t left,
                  uint32_t top)
{
    const struct ar_frame_plane *planes = sheet->frame.planes;

    for (uint32_t y = 0; y < sheet->cell_height_px; y++) {
        uint8_t *luma = planes[0].data + (size_t)(top + y) * planes[0].stride_b + left;
        uint8_t *u = planes[1].data + (size_t)((top + y) / 2) * planes[1].stride_b + left / 2;
        uint8_t *v = planes[2].data + (size_t)((top + y) / 2) * planes[2].stride_b + left / 2;

        for (uint32_t x = 0; x < sheet->cell_width_px; x++) {
            struct pixel p = block_at(frame, x, y, sheet->shrink);

            luma[x] = (uint8_t)p.y;
            u[x / 2] = (uint8_t)p.u;
            v[x / 2] = (uint8_t)p.v;
        }
    }
}

void ar_sheet_offer(struct ar_sheet *sheet, const struct ar_frame *before,
                    const struct ar_frame *after)
{
    /* Pair i is the frame in the middle of the i-th of AR_SHEET_PAIRS equal parts. */
    uint64_t due =
        (2 * (uint64_t)sheet->n_pairs + 1) * sheet->n_frames / ((uint64_t)2 * AR_SHEET_PAIRS);
    uint32_t top = GAP_PX + sheet->n_pairs * (sheet->cell_height_px + GAP_PX);

    if (sheet->n_pairs == AR_SHEET_PAIRS || sheet->n_offered++ < due)
        return;
    paste(sheet, before, GAP_PX, top);
    paste(sheet, after, 2 * GAP_PX + sheet->cell_width_px, top);
    sheet->n_pairs++;
}

int ar_sheet_write(const struct ar_sheet *sheet, const char *path, struct ar_reason *reason)
{
    struct ar_frame part = sheet->frame;

    if (sheet->n_pairs == 0)
        return ar_reason_set(reason, -ENODATA, "%s: no picture was painted", path);
    part.shape.height_px = sheet->n_pairs * (sheet->cell_height_px + GAP_PX) + GAP_PX;
    return ar_jpeg_write(path, &part, QUALITY_PCT, reason);
}
