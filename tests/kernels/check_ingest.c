/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <string.h>

#include "tests/kernels/kcheck.h"
#include "tests/kernels/picture.h"

static void draw_bytes(struct kcheck *check, const struct picture *picture)
{
    for (uint32_t row = 0; row < PICTURE_N_ROWS; row++) {
        uint8_t *const bytes = picture_row(picture, row);

        for (uint32_t i = 0; i < picture_row_b(picture, row); i++)
            bytes[i] = (uint8_t)kcheck_draw_below(check, 256);
    }
}

static struct picture_colour yuv_at(const struct picture *picture, uint32_t row, uint32_t x)
{
    const struct picture_colour bytes = picture_bytes(picture, row, x);

    return picture->format == AR_FRAME_XRGB ? picture_yuv_of_rgb(bytes)
                                            : picture_widen(picture, bytes);
}

static struct picture_colour rgb_at(const struct picture *picture, uint32_t row, uint32_t x)
{
    const struct picture_colour bytes = picture_bytes(picture, row, x);

    return picture->format == AR_FRAME_XRGB ? bytes
                                            : picture_rgb_of_yuv(picture_widen(picture, bytes));
}

/* The full-range value that plane `plane` of pixel x shows. */
static double value_at(const struct picture *picture, uint32_t row, uint32_t x, uint32_t plane)
{
    double chroma = 0.0;

    if (picture->layout.planes == AR_IMAGE_RGB)
        return rgb_at(picture, row, x).c[plane];
    if (plane < 4)
        return yuv_at(picture, plane / 2, 2 * x + plane % 2).c[0];
    for (uint32_t i = 0; i < 4; i++)
        chroma += yuv_at(picture, i / 2, 2 * x + i % 2).c[plane - 3] / 4.0;
    return chroma;
}

/* At most 16 roundings, each at most half an epsilon of what the terms can amount to. */
static void compare_pixel(struct kcheck *check, const struct picture *picture, uint32_t row,
                          uint32_t x)
{
    const double gain = (double)picture->layout.gain;

    for (uint32_t i = 0; i < picture_n_planes(picture); i++) {
        const double got = (double)picture_plane(picture, row, i)[x];
        const double offset = (double)picture->layout.offset[i];
        const double value = value_at(picture, row, x, i);
        const double want = (value / 255.0 - offset) * gain;
        const double magnitude = (fabs(value) / 255.0 + offset + 1.0) * gain;

        if (!(fabs(got - want) <= 8.0 * (double)FLT_EPSILON * magnitude))
            kcheck_fail(check, "row %u pixel %u plane %u: %.9g, should be %.9g", row, x, i, got,
                        want);
    }
}

static void check_gap(struct kcheck *check, const float *end, size_t n_floats)
{
    if (!kcheck_is_poison(end, n_floats * sizeof(*end)))
        kcheck_fail(check, "wrote past a plane's row");
}

static void compare_with_formula(struct kcheck *check, const struct picture *picture)
{
    const uint32_t shrink = picture->layout.planes == AR_IMAGE_YUV420 ? 2 : 1;

    const uint32_t width = picture->rows.width_px / shrink;

    for (uint32_t row = 0; row < 2 / shrink; row++) {
        for (uint32_t x = 0; x < width; x++)
            compare_pixel(check, picture, row, x);
        for (uint32_t i = 0; i + 1 < picture_n_planes(picture); i++)
            check_gap(check, picture_plane(picture, row, i) + width,
                      picture->scale.plane_stride - width);
    }
}

static uint32_t bits_of(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* Poisoned gaps between planes are compared as well. */
static void compare_with_reference(struct kcheck *check, const struct picture *picture,
                                   ar_ingest_row_fn *reference)
{
    float *const want =
        kcheck_place(check, PICTURE_EXPECTED, picture->n_floats * sizeof(*want));

    reference(want, &picture->rows, &picture->scale);
    for (size_t i = 0; i < picture->n_floats; i++) {
        if (bits_of(picture->planes[i]) != bits_of(want[i]))
            kcheck_fail(check, "float %zu: %.9g, should be exactly %.9g", i,
                        (double)picture->planes[i], (double)want[i]);
    }
}

static void run_slot(struct kcheck *check, enum ar_image_planes planes,
                     enum ar_frame_format format)
{
    for (uint32_t i = 0; i < PICTURE_N_CASES && !check->failed; i++) {
        struct picture picture = { .format = format, .layout.planes = planes };

        picture_place(check, &picture, i);
        draw_bytes(check, &picture);
        check->tier.ingest_row[planes][format](picture.planes, &picture.rows, &picture.scale);
        if (kcheck_is_reference(check))
            compare_with_formula(check, &picture);
        else
            compare_with_reference(check, &picture,
                                   check->reference.ingest_row[planes][format]);
        if (!kcheck_is_intact(check, PICTURE_PLANES))
            kcheck_fail(check, "wrote beside the planes");
        picture_where(check, &picture, "ingest");
    }
    check->n_ran++;
}

/* Int8's planes of a picture: rows of fours. */
struct fours {
    uint32_t width;
    uint32_t n_rows;
    size_t size_b;
    uint8_t *data;
};

static struct fours place_fours(struct kcheck *check, struct picture *picture)
{
    const bool is_yuv = picture->layout.planes == AR_IMAGE_YUV420;
    struct fours fours = { .width = picture->rows.width_px / (is_yuv ? 2 : 1),
                           .n_rows = is_yuv ? 1 : 2 };

    picture->scale.plane_stride = (size_t)4 * fours.width + kcheck_draw_below(check, 9);
    picture->scale.plane_row_stride = (size_t)4 * fours.width + kcheck_draw_below(check, 9);
    fours.size_b = (size_t)4 * fours.width +
                   (is_yuv ? picture->scale.plane_stride : picture->scale.plane_row_stride);
    fours.data = kcheck_place(check, PICTURE_PLANES, fours.size_b);
    return fours;
}

/* Plane bytes are the frame's own where it has them, means are rounded, colours are the nearest. */
static void compare8_with_formula(struct kcheck *check, const struct picture *picture,
                                  const struct fours *fours)
{
    const bool is_own =
        picture->layout.planes == AR_IMAGE_YUV420 && picture->format != AR_FRAME_XRGB;
    struct picture full = *picture;

    if (is_own)
        full.range = AR_FRAME_FULL;
    for (uint32_t row = 0; row < fours->n_rows; row++) {
        for (uint32_t x = 0; x < fours->width; x++) {
            for (uint32_t i = 0; i < picture_n_planes(picture); i++) {
                const uint8_t got =
                    fours->data[row * picture->scale.plane_row_stride +
                                i / 4 * picture->scale.plane_stride + 4 * x + i % 4];
                const double want = fmin(fmax(value_at(&full, row, x, i), 0.0), 255.0);

                if (!(fabs(got - want) <= (is_own ? 0.5 : 0.5 + 1e-3)))
                    kcheck_fail(check, "row %u pixel %u plane %u: %u, should be %.4f", row, x,
                                i, got, want);
            }
        }
    }
}

/* Poisoned gaps are compared as well. */
static void compare8_with_reference(struct kcheck *check, const struct picture *picture,
                                    const struct fours *fours, ar_ingest8_row_fn *reference)
{
    uint8_t *const want = kcheck_place(check, PICTURE_EXPECTED, fours->size_b);

    reference(want, &picture->rows, &picture->scale);
    for (size_t i = 0; i < fours->size_b; i++) {
        if (fours->data[i] != want[i])
            kcheck_fail(check, "byte %zu: %u, should be exactly %u", i, fours->data[i],
                        want[i]);
    }
}

static void run_slot8(struct kcheck *check, enum ar_image_planes planes,
                      enum ar_frame_format format)
{
    for (uint32_t i = 0; i < PICTURE_N_CASES && !check->failed; i++) {
        struct picture picture = { .format = format, .layout.planes = planes };
        struct fours fours;

        picture_place(check, &picture, i);
        fours = place_fours(check, &picture);
        draw_bytes(check, &picture);
        check->tier.ingest8_row[planes][format](fours.data, &picture.rows, &picture.scale);
        if (kcheck_is_reference(check))
            compare8_with_formula(check, &picture, &fours);
        else
            compare8_with_reference(check, &picture, &fours,
                                    check->reference.ingest8_row[planes][format]);
        if (!kcheck_is_intact(check, PICTURE_PLANES))
            kcheck_fail(check, "wrote beside the planes");
        picture_where(check, &picture, "ingest8");
    }
    check->n_ran++;
}

void kcheck_ingest(struct kcheck *check)
{
    for (uint32_t planes = 0; planes < AR_KERNELS_N_PLANES; planes++) {
        for (uint32_t format = 0; format < AR_KERNELS_N_FORMATS; format++) {
            if (kcheck_is_reference(check) || check->tier.ingest_row[planes][format] !=
                                                  check->reference.ingest_row[planes][format])
                run_slot(check, planes, format);
            if (kcheck_is_reference(check) || check->tier.ingest8_row[planes][format] !=
                                                  check->reference.ingest8_row[planes][format])
                run_slot8(check, planes, format);
        }
    }
}
