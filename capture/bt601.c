/* SPDX-License-Identifier: MIT */
#include "capture/bt601.h"

#include <math.h>

#include "base/macros.h"

#define ONE_Q14 16384

static int32_t to_q14(double value)
{
    return (int32_t)lrint(value * ONE_Q14);
}

/*
 * With u, v within +-0.5 the source says R = Y + r v, B = Y + b u, and G follows from its luma equation.
 * BT.601's Y, U, V of that colour are again linear in u and v, with Y's own weight 1.
 */
struct ar_bt601 ar_bt601_from(double kr, double kb, enum ar_frame_range range)
{
    const double kg = 1.0 - kr - kb;
    const double r = 2.0 * (1.0 - kr);
    const double b = 2.0 * (1.0 - kb);
    const double y_from_u = 0.114 * b - 0.587 * kb * b / kg;
    const double y_from_v = 0.299 * r - 0.587 * kr * r / kg;
    /* Limited luma has 219 steps where chroma has 224. */
    const double luma_scale = range == AR_FRAME_LIMITED ? 219.0 / 224.0 : 1.0;

    return (struct ar_bt601){
        .y_from_u_q14 = to_q14(y_from_u * luma_scale),
        .y_from_v_q14 = to_q14(y_from_v * luma_scale),
        .u_from_u_q14 = to_q14((b - y_from_u) / 1.772),
        .u_from_v_q14 = to_q14(-y_from_v / 1.772),
        .v_from_u_q14 = to_q14(-y_from_u / 1.402),
        .v_from_v_q14 = to_q14((r - y_from_v) / 1.402),
    };
}

/* ku u + kv v, rounded. */
static int32_t mix(int32_t ku_q14, int32_t kv_q14, int32_t u, int32_t v)
{
    return (ku_q14 * u + kv_q14 * v + ONE_Q14 / 2) >> 14;
}

static uint8_t clamp_u8(int32_t value)
{
    return (uint8_t)ar_clamp_i32(value, 0, 255);
}

/* A row of chroma with the rows of luma that it colours, and the bytes from one sample to the next. */
struct rows {
    uint8_t *luma[2];
    uint8_t *u;
    uint8_t *v;
};

/* Always inlined, so that the steps are constants: the compiler then has a loop for each layout. */
static inline __attribute__((always_inline)) void apply_rows(
    const struct ar_bt601 *m, const struct rows *rows, uint32_t n_rows, uint32_t luma_step_b,
    uint32_t chroma_step_b, uint32_t n_chroma)
{
    for (size_t x = 0; x < n_chroma; x++) {
        uint8_t *chroma_u = &rows->u[x * chroma_step_b];
        uint8_t *chroma_v = &rows->v[x * chroma_step_b];
        const int32_t u = *chroma_u - 128;
        const int32_t v = *chroma_v - 128;
        const int32_t delta = mix(m->y_from_u_q14, m->y_from_v_q14, u, v);

        for (uint32_t row = 0; row < n_rows; row++)
            for (uint32_t i = 0; i < 2; i++) {
                uint8_t *luma = &rows->luma[row][(2 * x + i) * luma_step_b];

                *luma = clamp_u8(*luma + delta);
            }
        *chroma_u = clamp_u8(mix(m->u_from_u_q14, m->u_from_v_q14, u, v) + 128);
        *chroma_v = clamp_u8(mix(m->v_from_u_q14, m->v_from_v_q14, u, v) + 128);
    }
}

/* The start of a row of a plane. */
static uint8_t *row_of(const struct ar_frame *frame, uint32_t plane, size_t y)
{
    return frame->planes[plane].data + y * frame->planes[plane].stride_b;
}

static void apply_i420(const struct ar_bt601 *matrix, const struct ar_frame *frame, size_t y)
{
    const struct rows rows = { .luma = { row_of(frame, 0, y), row_of(frame, 0, y + 1) },
                               .u = row_of(frame, 1, y / 2),
                               .v = row_of(frame, 2, y / 2) };

    apply_rows(matrix, &rows, 2, 1, 1, frame->shape.width_px / 2);
}

static void apply_nv12(const struct ar_bt601 *matrix, const struct ar_frame *frame, size_t y)
{
    const struct rows rows = { .luma = { row_of(frame, 0, y), row_of(frame, 0, y + 1) },
                               .u = row_of(frame, 1, y / 2),
                               .v = row_of(frame, 1, y / 2) + 1 };

    apply_rows(matrix, &rows, 2, 1, 2, frame->shape.width_px / 2);
}

static void apply_yuyv(const struct ar_bt601 *matrix, const struct ar_frame *frame, size_t y)
{
    for (uint32_t row = 0; row < 2; row++) {
        uint8_t *packed = row_of(frame, 0, y + row);
        const struct rows rows = { .luma = { packed }, .u = packed + 1, .v = packed + 3 };

        apply_rows(matrix, &rows, 1, 2, 4, frame->shape.width_px / 2);
    }
}

void ar_bt601_apply(const struct ar_bt601 *matrix, struct ar_frame *frame)
{
    static void (*const apply[AR_FRAME_N_FORMATS])(const struct ar_bt601 *,
                                                   const struct ar_frame *, size_t) = {
        [AR_FRAME_I420] = apply_i420,
        [AR_FRAME_NV12] = apply_nv12,
        [AR_FRAME_YUYV] = apply_yuyv,
    };

    for (size_t y = 0; y < frame->shape.height_px; y += 2)
        apply[frame->shape.format](matrix, frame, y);
}
