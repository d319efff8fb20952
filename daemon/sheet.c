/* SPDX-License-Identifier: MIT */
#include "daemon/sheet.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/macros.h"
#include "daemon/convert.h"
#include "daemon/picture.h"
#include "display/jpeg.h"

#define GAP_PX         8
#define MAX_PICTURE_PX 640 /* wider pictures are shrunk by a whole factor */
#define QUALITY_PCT    90

struct ar_sheet {
    struct ar_picture sheet;
    struct ar_convert *convert; /* to planes of full size and range */
    uint32_t shrink;            /* >= 1 */
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
    const struct ar_frame_shape full = { width_px, height_px, AR_FRAME_I420, AR_FRAME_FULL };
    struct ar_frame_shape shape = full;

    if (!sheet)
        return -ENOMEM;
    sheet->n_frames = ar_max_u32(n_frames, AR_SHEET_PAIRS);
    sheet->shrink = (width_px + MAX_PICTURE_PX - 1) / MAX_PICTURE_PX;
    sheet->cell_width_px = width_px / sheet->shrink & ~1u;
    sheet->cell_height_px = height_px / sheet->shrink & ~1u;
    shape.width_px = 2 * sheet->cell_width_px + 3 * GAP_PX;
    shape.height_px = AR_SHEET_PAIRS * (sheet->cell_height_px + GAP_PX) + GAP_PX;
    if (ar_picture_init(&sheet->sheet, &shape) < 0 ||
        ar_convert_create(&sheet->convert, &full) < 0) {
        ar_sheet_destroy(sheet);
        return -ENOMEM;
    }
    ar_frame_fill(&sheet->sheet.frame, (const uint8_t[3]){ 250, 128, 128 });
    *out = sheet;
    return 0;
}

void ar_sheet_destroy(struct ar_sheet *sheet)
{
    if (!sheet)
        return;
    ar_picture_finish(&sheet->sheet);
    ar_convert_destroy(sheet->convert);
    free(sheet);
}

/* The mean of a shrink x shrink block. */
static uint8_t block_at(const struct ar_frame_plane *plane, size_t x, size_t y, uint32_t shrink)
{
    const uint8_t *block = plane->data + y * shrink * plane->stride_b + x * shrink;
    uint32_t sum = 0;

    for (size_t row = 0; row < shrink; row++)
        for (size_t column = 0; column < shrink; column++)
            sum += block[row * plane->stride_b + column];
    return (uint8_t)((sum + shrink * shrink / 2) / (shrink * shrink));
}

/* left and top are even, so that chroma samples meet. */
static void paste(struct ar_sheet *sheet, const struct ar_frame *frame, uint32_t left_px,
                  uint32_t top_px)
{
    struct ar_frame *planes = ar_convert_run(sheet->convert, frame);

    assert(sheet->shrink >= 1);
    for (uint32_t i = 0; i < 3; i++) {
        const struct ar_frame_plane *from = &planes->planes[i];
        const struct ar_frame_plane *to = &sheet->sheet.frame.planes[i];
        const uint32_t divisor = i == 0 ? 1 : 2;

        for (size_t y = 0; y < sheet->cell_height_px / divisor; y++)
            for (size_t x = 0; x < sheet->cell_width_px / divisor; x++)
                to->data[(top_px / divisor + y) * to->stride_b + left_px / divisor + x] =
                    block_at(from, x, y, sheet->shrink);
    }
    ar_frame_unref(&planes);
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
    struct ar_frame part = sheet->sheet.frame;
    struct ar_part file;
    int ret;

    if (sheet->n_pairs == 0)
        return ar_reason_set(reason, -ENODATA, "%s: no picture was painted", path);
    part.shape.height_px = sheet->n_pairs * (sheet->cell_height_px + GAP_PX) + GAP_PX;
    ret = ar_part_open(&file, path, reason);
    return ret < 0 ? ret : ar_jpeg_write(&file, &part, QUALITY_PCT, reason);
}
