/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/image.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"
#include "nn/x86/avx2.h"
#include "nn/x86/rows_avx2.h"

/*
 * Sixteen pixels of a plane at a time. Not-a-number, and what is far below zero, converts to the least integer, which packing
 * with saturation makes the darkest byte; only what is too large has to be limited before. A row of luma, or chroma, is a loop by itself,
 * so that its factors stay in registers.
 */
#define STEP_PX ((size_t)16)
#define LANES   ((size_t)8)

/* Planes in their order. */
enum {
    LUMA, /* two of the upper row's, then two of the lower's */
    U = 4,
    V,
};

static size_t stepped(const struct ar_image_rows *rows)
{
    return rows->width_px / 2 / STEP_PX * STEP_PX;
}

/* How a plane becomes bytes: taken before a loop, so that its stores cannot be thought to change it. */
struct plane {
    const float *src;
    __m256 mul;
    __m256 add;
    __m256 high;
    __m256i low; /* words */
};

AR_TILE struct plane plane_of(const float *src, const struct ar_image_scale *restrict scale,
                              size_t plane)
{
    return (struct plane){
        .src = src + plane * scale->plane_stride,
        .mul = _mm256_set1_ps(scale->emit_mul[plane]),
        .add = _mm256_set1_ps(scale->emit_add[plane]),
        .high = _mm256_set1_ps(scale->high[plane]),
        .low = _mm256_set1_epi16((int16_t)scale->low[plane]),
    };
}

AR_TILE __m256 values_at(const struct plane *plane, size_t x)
{
    return _mm256_fmadd_ps(_mm256_loadu_ps(plane->src + x), plane->mul, plane->add);
}

AR_TILE __m256i cut_off(__m256 values, __m256 high)
{
    return _mm256_cvttps_epi32(_mm256_min_ps(high, values));
}

/* Sixteen pixels as words: of either half of the pixels the first four are in the low lane, the others in the high one. */
AR_TILE __m256i words_at(const struct plane *plane, size_t x)
{
    const __m256i words = _mm256_packs_epi32(cut_off(values_at(plane, x), plane->high),
                                             cut_off(values_at(plane, x + LANES), plane->high));

    return _mm256_max_epi16(words, plane->low);
}

/* Bytes of a plane and of the next one, in turn. */
AR_TILE void emit_pairs(uint8_t *to, const float *src,
                        const struct ar_image_scale *restrict scale, size_t plane, size_t n)
{
    const struct plane even = plane_of(src, scale, plane);
    const struct plane odd = plane_of(src, scale, plane + 1);
    const __m256i in_turn = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));

    for (size_t x = 0; x < n; x += STEP_PX) {
        const __m256i bytes = _mm256_packus_epi16(words_at(&even, x), words_at(&odd, x));
        const __m256i pairs = _mm256_shuffle_epi8(bytes, in_turn);

        _mm256_storeu_si256((void *)(to + 2 * x), _mm256_permute4x64_epi64(pairs, 0xD8));
    }
}

AR_TILE void emit_plane(uint8_t *to, const float *src,
                        const struct ar_image_scale *restrict scale, size_t plane, size_t n)
{
    const struct plane from = plane_of(src, scale, plane);
    const __m256i in_order = _mm256_setr_epi32(0, 4, 1, 5, 0, 4, 1, 5);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const __m256i words = words_at(&from, x);
        const __m256i bytes =
            _mm256_permutevar8x32_epi32(_mm256_packus_epi16(words, words), in_order);

        _mm_storeu_si128((void *)(to + x), _mm256_castsi256_si128(bytes));
    }
}

void ar_emit_yuv420_row_i420_avx2(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t n = stepped(dst);
    const struct ar_image_rows rest = ar_avx2_rows_from(dst, n, 2, 1, 1);

    emit_pairs(dst->y[0], src, scale, LUMA, n);
    emit_pairs(dst->y[1], src, scale, LUMA + 2, n);
    emit_plane(dst->u, src, scale, U, n);
    emit_plane(dst->v, src, scale, V, n);
    ar_emit_yuv420_row_i420_ref(&rest, src + n, scale);
}

void ar_emit_yuv420_row_nv12_avx2(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t n = stepped(dst);
    const struct ar_image_rows rest = ar_avx2_rows_from(dst, n, 2, 2, 0);

    emit_pairs(dst->y[0], src, scale, LUMA, n);
    emit_pairs(dst->y[1], src, scale, LUMA + 2, n);
    emit_pairs(dst->u, src, scale, U, n);
    ar_emit_yuv420_row_nv12_ref(&rest, src + n, scale);
}

/* A pair of pixels is Y U Y V. */
void ar_emit_yuv420_row_yuyv_avx2(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const struct plane lumas[] = { plane_of(src, scale, LUMA), plane_of(src, scale, LUMA + 1),
                                   plane_of(src, scale, LUMA + 2),
                                   plane_of(src, scale, LUMA + 3) };
    const struct plane u = plane_of(src, scale, U);
    const struct plane v = plane_of(src, scale, V);
    const size_t n = stepped(dst);
    const struct ar_image_rows rest = ar_avx2_rows_from(dst, n, 4, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const __m256i chroma = _mm256_packus_epi16(words_at(&u, x), words_at(&v, x));

        AR_UNROLL
        for (size_t row = 0; row < 2; row++) {
            const __m256i luma = _mm256_packus_epi16(words_at(&lumas[2 * row], x),
                                                     words_at(&lumas[2 * row + 1], x));
            const __m256i left = _mm256_unpacklo_epi8(luma, chroma);
            const __m256i right = _mm256_unpackhi_epi8(luma, chroma);
            uint8_t *const out = dst->y[row] + 4 * x;

            _mm256_storeu_si256((void *)out, _mm256_unpacklo_epi16(left, right));
            _mm256_storeu_si256((void *)(out + sizeof(left)),
                                _mm256_unpackhi_epi16(left, right));
        }
    }
    ar_emit_yuv420_row_yuyv_ref(&rest, src + n, scale);
}

/* What chroma adds to each colour of eight blocks. */
struct tints {
    __m256 r;
    __m256 g;
    __m256 b;
};

/* `factors` are those of struct ar_image_tints. */
AR_TILE struct tints tints_of(__m256 u, __m256 v, const __m256 *factors)
{
    const __m256 g = _mm256_fmadd_ps(v, factors[2], factors[5]);

    return (struct tints){ .r = _mm256_fmadd_ps(v, factors[0], factors[4]),
                           .g = _mm256_fmadd_ps(u, factors[1], g),
                           .b = _mm256_fmadd_ps(u, factors[3], factors[6]) };
}

/* One colour of sixteen blocks' left pixels, and of their right ones. */
AR_TILE __m256i colour_of(const __m256 *left, const __m256 *right, __m256 tint, __m256 tint1)
{
    const __m256 high = _mm256_set1_ps(255.0F);

    return _mm256_packus_epi16(_mm256_packs_epi32(cut_off(_mm256_add_ps(left[0], tint), high),
                                                  cut_off(_mm256_add_ps(left[1], tint1), high)),
                               _mm256_packs_epi32(cut_off(_mm256_add_ps(right[0], tint), high),
                                                  cut_off(_mm256_add_ps(right[1], tint1),
                                                          high)));
}

/* Eight left and eight right pixels, in turn. */
AR_TILE void store_in_turn(uint8_t *to, __m256i left, __m256i right)
{
    const __m256i low = _mm256_unpacklo_epi32(left, right);
    const __m256i high = _mm256_unpackhi_epi32(left, right);

    _mm256_storeu_si256((void *)to, _mm256_permute2x128_si256(low, high, 0x20));
    _mm256_storeu_si256((void *)(to + sizeof(low)), _mm256_permute2x128_si256(low, high, 0x31));
}

/* Bytes are B G R X. */
void ar_emit_yuv420_row_xrgb_avx2(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const struct plane lumas[] = { plane_of(src, scale, LUMA), plane_of(src, scale, LUMA + 1),
                                   plane_of(src, scale, LUMA + 2),
                                   plane_of(src, scale, LUMA + 3) };
    const float *const u = src + U * scale->plane_stride;
    const float *const v = src + V * scale->plane_stride;
    const struct ar_image_tints *const t = &scale->tints;
    const __m256 factors[] = {
        _mm256_set1_ps(t->r_of_v), _mm256_set1_ps(t->g_of_u), _mm256_set1_ps(t->g_of_v),
        _mm256_set1_ps(t->b_of_u), _mm256_set1_ps(t->r),      _mm256_set1_ps(t->g),
        _mm256_set1_ps(t->b),
    };
    const size_t n = stepped(dst);
    const struct ar_image_rows rest = ar_avx2_rows_from(dst, n, 8, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const struct tints tints =
            tints_of(_mm256_loadu_ps(u + x), _mm256_loadu_ps(v + x), factors);
        const struct tints tints1 =
            tints_of(_mm256_loadu_ps(u + x + LANES), _mm256_loadu_ps(v + x + LANES), factors);

        AR_UNROLL
        for (size_t row = 0; row < 2; row++) {
            const __m256 left[] = { values_at(&lumas[2 * row], x),
                                    values_at(&lumas[2 * row], x + LANES) };
            const __m256 right[] = { values_at(&lumas[2 * row + 1], x),
                                     values_at(&lumas[2 * row + 1], x + LANES) };
            const __m256i r = colour_of(left, right, tints.r, tints1.r);
            const __m256i g = colour_of(left, right, tints.g, tints1.g);
            const __m256i b = colour_of(left, right, tints.b, tints1.b);
            const __m256i none = _mm256_set1_epi8(-1);
            const __m256i left_bg = _mm256_unpacklo_epi8(b, g);
            const __m256i left_rx = _mm256_unpacklo_epi8(r, none);
            const __m256i right_bg = _mm256_unpackhi_epi8(b, g);
            const __m256i right_rx = _mm256_unpackhi_epi8(r, none);
            uint8_t *const out = dst->y[row] + 8 * x;

            store_in_turn(out, _mm256_unpacklo_epi16(left_bg, left_rx),
                          _mm256_unpacklo_epi16(right_bg, right_rx));
            store_in_turn(out + 2 * sizeof(r), _mm256_unpackhi_epi16(left_bg, left_rx),
                          _mm256_unpackhi_epi16(right_bg, right_rx));
        }
    }
    ar_emit_yuv420_row_xrgb_ref(&rest, src + n, scale);
}
