/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "tests/kernels/kcheck.h"
#include "tests/kernels/picture.h"

/* Values from below black to above white, halves between bytes, and what a broken network may give. */
static float draw_value(struct kcheck *check, const struct picture *picture, uint32_t plane)
{
    static const float broken[] = { NAN, INFINITY, -INFINITY };
    const uint32_t pick = kcheck_draw_below(check, 64);
    const double half = kcheck_draw_below(check, 640) * 0.5 - 32.0;
    const double value = pick < 32 ? half : (double)kcheck_draw(check) * 160.0 + 128.0;

    if (pick < 3)
        return broken[pick];
    return (float)((value / 255.0 - (double)picture->layout.offset[plane]) *
                   (double)picture->layout.gain);
}

static void draw_planes(struct kcheck *check, const struct picture *picture)
{
    const uint32_t shrink = picture->layout.planes == AR_IMAGE_YUV420 ? 2 : 1;

    for (uint32_t row = 0; row < 2 / shrink; row++)
        for (uint32_t i = 0; i < picture_n_planes(picture); i++)
            for (uint32_t x = 0; x < picture->rows.width_px / shrink; x++)
                picture_plane(picture, row, i)[x] = draw_value(check, picture, i);
}

static double value_at(const struct picture *picture, uint32_t row, uint32_t x, uint32_t plane)
{
    const double value = (double)picture_plane(picture, row, plane)[x];
    const double share = value / (double)picture->layout.gain;

    return (share + (double)picture->layout.offset[plane]) * 255.0;
}

/* fmax() gives the limit where the value is not a number. */
static double clamp(double value, double low, double high)
{
    return fmin(fmax(value, low), high);
}

/* Colour of a pixel on the screen, from rgb planes. */
static struct picture_colour rgb_at(const struct picture *picture, uint32_t row, uint32_t x)
{
    struct picture_colour rgb;

    for (uint32_t i = 0; i < 3; i++)
        rgb.c[i] = clamp(value_at(picture, row, x, i), 0.0, 255.0);
    return rgb;
}

/* Full-range Y of the pixel, U and V of its block. */
static struct picture_colour yuv_at(const struct picture *picture, uint32_t row, uint32_t x)
{
    struct picture_colour yuv = { { 0.0 } };

    if (picture->layout.planes == AR_IMAGE_YUV420)
        return (struct picture_colour){ { value_at(picture, 0, x / 2, 2 * row + x % 2),
                                          value_at(picture, 0, x / 2, 4),
                                          value_at(picture, 0, x / 2, 5) } };
    for (uint32_t i = 0; i < 4; i++) {
        const struct picture_colour pixel =
            picture_yuv_of_rgb(rgb_at(picture, i / 2, (x & ~1u) + i % 2));

        yuv.c[1] += pixel.c[1] / 4.0;
        yuv.c[2] += pixel.c[2] / 4.0;
    }
    yuv.c[0] = picture_yuv_of_rgb(rgb_at(picture, row, x)).c[0];
    return yuv;
}

/* What the bytes of a pixel would be if they could be fractions. */
static struct picture_colour ideal_at(const struct picture *picture, uint32_t row, uint32_t x)
{
    const bool is_limited = picture->range == AR_FRAME_LIMITED;
    struct picture_colour ideal;

    if (picture->format == AR_FRAME_XRGB) {
        ideal = picture->layout.planes == AR_IMAGE_RGB
                    ? rgb_at(picture, row, x)
                    : picture_rgb_of_yuv(yuv_at(picture, row, x));
        for (uint32_t i = 0; i < 3; i++)
            ideal.c[i] = clamp(ideal.c[i], 0.0, 255.0);
        return ideal;
    }
    ideal = picture_narrow(picture, yuv_at(picture, row, x));
    ideal.c[0] = is_limited ? clamp(ideal.c[0], 16.0, 235.0) : clamp(ideal.c[0], 0.0, 255.0);
    for (uint32_t i = 1; i < 3; i++)
        ideal.c[i] =
            is_limited ? clamp(ideal.c[i], 16.0, 240.0) : clamp(ideal.c[i], 0.0, 255.0);
    return ideal;
}

/* The nearest byte; where a float's error may carry a half over, either neighbour. */
#define NEAREST (0.5 + 1e-3)

static void compare_with_formula(struct kcheck *check, const struct picture *picture)
{
    for (uint32_t row = 0; row < 2; row++) {
        for (uint32_t x = 0; x < picture->rows.width_px; x++) {
            const struct picture_colour want = ideal_at(picture, row, x);
            const struct picture_colour got = picture_bytes(picture, row, x);

            for (uint32_t i = 0; i < 3; i++) {
                if (!(fabs(got.c[i] - want.c[i]) <= NEAREST))
                    kcheck_fail(check, "row %u pixel %u component %u: %g, should be %.4f", row,
                                x, i, got.c[i], want.c[i]);
            }
        }
    }
}

static void compare_with_reference(struct kcheck *check, const struct picture *picture,
                                   ar_emit_row_fn *reference)
{
    uint8_t got[PICTURE_N_ROWS][4 * PICTURE_MAX_W_PX];

    for (uint32_t row = 0; row < PICTURE_N_ROWS; row++)
        if (picture_row(picture, row))
            memcpy(got[row], picture_row(picture, row), picture_row_b(picture, row));
    reference(&picture->rows, picture->planes, &picture->scale);
    for (uint32_t row = 0; row < PICTURE_N_ROWS; row++) {
        const uint8_t *const want = picture_row(picture, row);

        for (uint32_t i = 0; i < picture_row_b(picture, row); i++) {
            if (got[row][i] != want[i])
                kcheck_fail(check, "row %u byte %u: %u, should be exactly %u", row, i,
                            got[row][i], want[i]);
        }
    }
}

static void run_slot(struct kcheck *check, enum ar_image_planes planes,
                     enum ar_frame_format format)
{
    for (uint32_t i = 0; i < PICTURE_N_CASES && !check->failed; i++) {
        struct picture picture = { .format = format, .layout.planes = planes };

        picture_place(check, &picture, i);
        draw_planes(check, &picture);
        check->tier.emit_row[planes][format](&picture.rows, picture.planes, &picture.scale);
        for (uint32_t row = 0; row < PICTURE_N_ROWS; row++) {
            if (picture_row(&picture, row) && !kcheck_is_intact(check, row))
                kcheck_fail(check, "wrote beside row %u", row);
        }
        if (kcheck_is_reference(check))
            compare_with_formula(check, &picture);
        else
            compare_with_reference(check, &picture, check->reference.emit_row[planes][format]);
        picture_where(check, &picture, "emit");
    }
    check->n_ran++;
}

void kcheck_emit(struct kcheck *check)
{
    for (uint32_t planes = 0; planes < AR_KERNELS_N_PLANES; planes++) {
        for (uint32_t format = 0; format < AR_KERNELS_N_FORMATS; format++) {
            if (kcheck_is_reference(check) || check->tier.emit_row[planes][format] !=
                                                  check->reference.emit_row[planes][format])
                run_slot(check, planes, format);
        }
    }
}
