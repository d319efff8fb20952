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
 * Eight pixels of every plane at a time: a 32-bit lane of a vector is one plane pixel. Maximum and minimum
 * have the limit as their second operand, which is what they give for not-a-number.
 */
#define STEP_PX AR_AVX2_STEP_PX

/* Planes in their order. */
enum {
    LUMA, /* two of the upper row's, then two of the lower's */
    U = 4,
    V,
};

/* src: the first plane's pixels. */
AR_TILE __m256 values_of(const float *src, const struct ar_image_scale *restrict scale,
                         size_t plane)
{
    const __m256 mul = _mm256_broadcast_ss(&scale->emit_mul[plane]);
    const __m256 add = _mm256_broadcast_ss(&scale->emit_add[plane]);
    const __m256 values = _mm256_loadu_ps(src + plane * scale->plane_stride);

    return _mm256_add_ps(_mm256_mul_ps(values, mul), add);
}

/* The nearest bytes within the limits. */
AR_TILE __m256i round_within(__m256 values, __m256 low, __m256 high)
{
    const __m256 raised = _mm256_add_ps(values, _mm256_set1_ps(0.5F));

    return _mm256_cvttps_epi32(_mm256_min_ps(_mm256_max_ps(raised, low), high));
}

AR_TILE __m256i bytes_of(const float *src, const struct ar_image_scale *restrict scale,
                         size_t plane)
{
    return round_within(values_of(src, scale, plane), _mm256_broadcast_ss(&scale->low[plane]),
                        _mm256_broadcast_ss(&scale->high[plane]));
}

/* Bytes of a plane and of the next one, side by side in the low half of each lane. */
AR_TILE __m256i pairs_of(const float *src, const struct ar_image_scale *restrict scale,
                         size_t plane)
{
    return _mm256_or_si256(bytes_of(src, scale, plane),
                           _mm256_slli_epi32(bytes_of(src, scale, plane + 1), 8));
}

/* The low halves of one vector's lanes, then those of the other's. */
AR_TILE __m256i low_halves(__m256i one, __m256i other)
{
    return _mm256_permute4x64_epi64(_mm256_packus_epi32(one, other), 0xD8);
}

AR_TILE void emit_luma(const struct ar_image_rows *restrict dst, const float *src,
                       const struct ar_image_scale *restrict scale, size_t x)
{
    const __m256i rows =
        low_halves(pairs_of(src + x, scale, LUMA), pairs_of(src + x, scale, LUMA + 2));

    _mm_storeu_si128((void *)(dst->y[0] + 2 * x), _mm256_castsi256_si128(rows));
    _mm_storeu_si128((void *)(dst->y[1] + 2 * x), _mm256_extracti128_si256(rows, 1));
}

void ar_emit_yuv420_row_i420_avx2(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_avx2_stepped(dst);
    const struct ar_image_rows rest = ar_avx2_rows_from(dst, n, 2, 1, 1);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const __m256i words =
            low_halves(bytes_of(src + x, scale, U), bytes_of(src + x, scale, V));
        const __m128i bytes =
            _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));

        emit_luma(dst, src, scale, x);
        _mm_storeu_si64(dst->u + x, bytes);
        _mm_storeu_si64(dst->v + x, _mm_unpackhi_epi64(bytes, bytes));
    }
    ar_emit_yuv420_row_i420_ref(&rest, src + n, scale);
}

void ar_emit_yuv420_row_nv12_avx2(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_avx2_stepped(dst);
    const struct ar_image_rows rest = ar_avx2_rows_from(dst, n, 2, 2, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const __m256i chroma = pairs_of(src + x, scale, U);

        emit_luma(dst, src, scale, x);
        _mm_storeu_si128((void *)(dst->u + 2 * x),
                         _mm256_castsi256_si128(low_halves(chroma, chroma)));
    }
    ar_emit_yuv420_row_nv12_ref(&rest, src + n, scale);
}

/* A pair of pixels, Y U Y V, is a lane. */
void ar_emit_yuv420_row_yuyv_avx2(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_avx2_stepped(dst);
    const struct ar_image_rows rest = ar_avx2_rows_from(dst, n, 4, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const __m256i u = _mm256_slli_epi32(bytes_of(src + x, scale, U), 8);
        const __m256i v = _mm256_slli_epi32(bytes_of(src + x, scale, V), 24);
        const __m256i chroma = _mm256_or_si256(u, v);

        AR_UNROLL
        for (size_t row = 0; row < 2; row++) {
            const __m256i left = bytes_of(src + x, scale, LUMA + 2 * row);
            const __m256i right =
                _mm256_slli_epi32(bytes_of(src + x, scale, LUMA + 2 * row + 1), 16);

            _mm256_storeu_si256((void *)(dst->y[row] + 4 * x),
                                _mm256_or_si256(_mm256_or_si256(left, right), chroma));
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

AR_TILE struct tints tints_of(const float *src, const struct ar_image_scale *restrict scale)
{
    const __m256 u = _mm256_sub_ps(values_of(src, scale, U), _mm256_set1_ps(128.0F));
    const __m256 v = _mm256_sub_ps(values_of(src, scale, V), _mm256_set1_ps(128.0F));

    return (struct tints){
        .r = _mm256_mul_ps(v, _mm256_set1_ps(AR_IMAGE_R_OF_V)),
        .g = _mm256_add_ps(_mm256_mul_ps(u, _mm256_set1_ps(AR_IMAGE_G_OF_U)),
                           _mm256_mul_ps(v, _mm256_set1_ps(AR_IMAGE_G_OF_V))),
        .b = _mm256_mul_ps(u, _mm256_set1_ps(AR_IMAGE_B_OF_U)),
    };
}

/* The nearest bytes of a colour, moved up by `shift` bits. */
AR_TILE __m256i colour_of(__m256 luma, __m256 tint, int shift)
{
    const __m256i bytes =
        round_within(_mm256_add_ps(luma, tint), _mm256_setzero_ps(), _mm256_set1_ps(255.0F));

    return _mm256_slli_epi32(bytes, shift);
}

AR_TILE __m256i pixels_of(__m256 luma, const struct tints *restrict tints)
{
    __m256i pixels = _mm256_set1_epi32((int)0xFF000000u);

    pixels = _mm256_or_si256(pixels, colour_of(luma, tints->r, 16));
    pixels = _mm256_or_si256(pixels, colour_of(luma, tints->g, 8));
    return _mm256_or_si256(pixels, colour_of(luma, tints->b, 0));
}

void ar_emit_yuv420_row_xrgb_avx2(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_avx2_stepped(dst);
    const struct ar_image_rows rest = ar_avx2_rows_from(dst, n, 8, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const struct tints tints = tints_of(src + x, scale);

        AR_UNROLL
        for (size_t row = 0; row < 2; row++) {
            const __m256i left = pixels_of(values_of(src + x, scale, LUMA + 2 * row), &tints);
            const __m256i right =
                pixels_of(values_of(src + x, scale, LUMA + 2 * row + 1), &tints);
            const __m256i low = _mm256_unpacklo_epi32(left, right);
            const __m256i high = _mm256_unpackhi_epi32(left, right);
            uint8_t *const out = dst->y[row] + 8 * x;

            _mm256_storeu_si256((void *)out, _mm256_permute2x128_si256(low, high, 0x20));
            _mm256_storeu_si256((void *)(out + sizeof(low)),
                                _mm256_permute2x128_si256(low, high, 0x31));
        }
    }
    ar_emit_yuv420_row_xrgb_ref(&rest, src + n, scale);
}
