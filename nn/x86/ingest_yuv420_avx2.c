/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/image.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"
#include "nn/x86/avx2.h"

/*
 * Four plane pixels at a time; what is left of a row goes to the reference. All bytes pass through
 * 16-bit lanes, which hold YUYV's sums of two rows as well.
 */
#define STEP_PX 4

static_assert(AR_TENSOR_GROUP == 8, "a plane pixel is one vector");

/* v holds one plane pixel's values: Y Y Y Y U V 0 0. */
AR_TILE void store_pixel(float *dst, __m128i v, __m256 mul, __m256 add)
{
    const __m256 value = _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(v));

    _mm256_storeu_ps(dst, _mm256_add_ps(_mm256_mul_ps(value, mul), add));
}

/* Luma of the two rows and chroma as U V pairs, 8 lanes of 16 bits each. */
AR_TILE void store_pixels(float *dst, size_t stride, __m128i upper, __m128i lower,
                          __m128i chroma, __m256 mul, __m256 add)
{
    const __m128i zero = _mm_setzero_si128();
    const __m128i luma_01 = _mm_unpacklo_epi32(upper, lower);
    const __m128i luma_23 = _mm_unpackhi_epi32(upper, lower);
    const __m128i chroma_01 = _mm_unpacklo_epi32(chroma, zero);
    const __m128i chroma_23 = _mm_unpackhi_epi32(chroma, zero);

    store_pixel(dst, _mm_unpacklo_epi64(luma_01, chroma_01), mul, add);
    store_pixel(dst + stride, _mm_unpackhi_epi64(luma_01, chroma_01), mul, add);
    store_pixel(dst + 2 * stride, _mm_unpacklo_epi64(luma_23, chroma_23), mul, add);
    store_pixel(dst + 3 * stride, _mm_unpackhi_epi64(luma_23, chroma_23), mul, add);
}

/* 8 bytes to 16-bit lanes. */
AR_TILE __m128i load_bytes(const uint8_t *from)
{
    return _mm_cvtepu8_epi16(_mm_loadu_si64(from));
}

/* U and V, 4 bytes each, to pairs of 16-bit lanes. */
AR_TILE __m128i load_pairs(const uint8_t *u, const uint8_t *v)
{
    return _mm_cvtepu8_epi16(_mm_unpacklo_epi8(_mm_loadu_si32(u), _mm_loadu_si32(v)));
}

void ar_ingest_yuv420_row_i420_avx2(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const __m256 mul = _mm256_loadu_ps(scale->ingest_mul);
    const __m256 add = _mm256_loadu_ps(scale->ingest_add);
    const size_t stride = scale->plane_stride;
    const size_t width = src->width_px / 2;
    const size_t n_whole = width - width % STEP_PX;

    for (size_t x = 0; x < n_whole; x += STEP_PX)
        store_pixels(dst + x * stride, stride, load_bytes(src->y[0] + 2 * x),
                     load_bytes(src->y[1] + 2 * x), load_pairs(src->u + x, src->v + x), mul,
                     add);
    const struct ar_image_rows rest = {
        .y = { src->y[0] + 2 * n_whole, src->y[1] + 2 * n_whole },
        .u = src->u + n_whole,
        .v = src->v + n_whole,
        .width_px = src->width_px - (uint32_t)(2 * n_whole),
    };

    ar_ingest_yuv420_row_i420_ref(dst + n_whole * stride, &rest, scale);
}

void ar_ingest_yuv420_row_nv12_avx2(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const __m256 mul = _mm256_loadu_ps(scale->ingest_mul);
    const __m256 add = _mm256_loadu_ps(scale->ingest_add);
    const size_t stride = scale->plane_stride;
    const size_t width = src->width_px / 2;
    const size_t n_whole = width - width % STEP_PX;

    for (size_t x = 0; x < n_whole; x += STEP_PX)
        store_pixels(dst + x * stride, stride, load_bytes(src->y[0] + 2 * x),
                     load_bytes(src->y[1] + 2 * x), load_bytes(src->u + 2 * x), mul, add);
    const struct ar_image_rows rest = {
        .y = { src->y[0] + 2 * n_whole, src->y[1] + 2 * n_whole },
        .u = src->u + 2 * n_whole,
        .width_px = src->width_px - (uint32_t)(2 * n_whole),
    };

    ar_ingest_yuv420_row_nv12_ref(dst + n_whole * stride, &rest, scale);
}

void ar_ingest_yuv420_row_yuyv_avx2(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    /* Chroma is a sum of two bytes: halving the factor is exact, as halving the sum is. */
    const __m256 half = _mm256_setr_ps(1.0F, 1.0F, 1.0F, 1.0F, 0.5F, 0.5F, 0.0F, 0.0F);
    const __m256 mul = _mm256_mul_ps(_mm256_loadu_ps(scale->ingest_mul), half);
    const __m256 add = _mm256_loadu_ps(scale->ingest_add);
    const __m128i low_byte = _mm_set1_epi16(0xFF);
    const size_t stride = scale->plane_stride;
    const size_t width = src->width_px / 2;
    const size_t n_whole = width - width % STEP_PX;

    for (size_t x = 0; x < n_whole; x += STEP_PX) {
        const __m128i upper = _mm_loadu_si128((const void *)(src->y[0] + x * 4));
        const __m128i lower = _mm_loadu_si128((const void *)(src->y[1] + x * 4));
        const __m128i chroma =
            _mm_add_epi16(_mm_srli_epi16(upper, 8), _mm_srli_epi16(lower, 8));

        store_pixels(dst + x * stride, stride, _mm_and_si128(upper, low_byte),
                     _mm_and_si128(lower, low_byte), chroma, mul, add);
    }
    const struct ar_image_rows rest = {
        .y = { src->y[0] + n_whole * 4, src->y[1] + n_whole * 4 },
        .width_px = src->width_px - (uint32_t)(2 * n_whole),
    };

    ar_ingest_yuv420_row_yuyv_ref(dst + n_whole * stride, &rest, scale);
}
