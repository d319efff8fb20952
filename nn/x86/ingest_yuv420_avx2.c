/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/image.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"
#include "nn/x86/avx2.h"
#include "nn/x86/lanes_avx2.h"
#include "nn/x86/rows_avx2.h"

/* Eight pixels of every plane at a time: a vector holds one plane's values. */
#define STEP_PX AR_AVX2_STEP_PX

/* Planes in their order. */
enum {
    LUMA, /* two of the upper row's, then two of the lower's */
    U = 4,
    V,
};

/* dst: the first plane's pixels. */
AR_TILE void store(float *dst, const struct ar_image_scale *restrict scale, size_t plane,
                   __m256 values)
{
    const __m256 mul = _mm256_broadcast_ss(&scale->ingest_mul[plane]);
    const __m256 add = _mm256_broadcast_ss(&scale->ingest_add[plane]);

    _mm256_storeu_ps(dst + plane * scale->plane_stride,
                     _mm256_add_ps(_mm256_mul_ps(values, mul), add));
}

AR_TILE void store_words(float *dst, const struct ar_image_scale *restrict scale, size_t plane,
                         __m128i words)
{
    store(dst, scale, plane, _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(words)));
}

/* Of 16 bytes the even ones to one plane, the odd ones to the next. */
AR_TILE void store_pairs(float *dst, const struct ar_image_scale *restrict scale, size_t plane,
                         const uint8_t *from)
{
    const __m128i bytes = _mm_loadu_si128((const void *)from);

    store_words(dst, scale, plane, _mm_and_si128(bytes, _mm_set1_epi16(0xFF)));
    store_words(dst, scale, plane + 1, _mm_srli_epi16(bytes, 8));
}

AR_TILE void store_bytes(float *dst, const struct ar_image_scale *restrict scale, size_t plane,
                         const uint8_t *from)
{
    store_words(dst, scale, plane, _mm_cvtepu8_epi16(_mm_loadu_si64(from)));
}

void ar_ingest_yuv420_row_i420_avx2(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_avx2_stepped(src);
    const struct ar_image_rows rest = ar_avx2_rows_from(src, n, 2, 1, 1);

    for (size_t x = 0; x < n; x += STEP_PX) {
        store_pairs(dst + x, scale, LUMA, src->y[0] + 2 * x);
        store_pairs(dst + x, scale, LUMA + 2, src->y[1] + 2 * x);
        store_bytes(dst + x, scale, U, src->u + x);
        store_bytes(dst + x, scale, V, src->v + x);
    }
    ar_ingest_yuv420_row_i420_ref(dst + n, &rest, scale);
}

void ar_ingest_yuv420_row_nv12_avx2(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_avx2_stepped(src);
    const struct ar_image_rows rest = ar_avx2_rows_from(src, n, 2, 2, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        store_pairs(dst + x, scale, LUMA, src->y[0] + 2 * x);
        store_pairs(dst + x, scale, LUMA + 2, src->y[1] + 2 * x);
        store_pairs(dst + x, scale, U, src->u + 2 * x);
    }
    ar_ingest_yuv420_row_nv12_ref(dst + n, &rest, scale);
}

/* Byte `index` of each 32-bit lane. */
AR_TILE __m256i byte_of(__m256i lanes, int index)
{
    return _mm256_and_si256(_mm256_srli_epi32(lanes, 8 * index), _mm256_set1_epi32(0xFF));
}

/* Byte `index` of two rows' lanes, as their mean. */
AR_TILE __m256 mean_of(__m256i upper, __m256i lower, int index)
{
    const __m256i sum = _mm256_add_epi32(byte_of(upper, index), byte_of(lower, index));

    return _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_set1_ps(0.5F));
}

/* A pair of pixels, Y U Y V, is a lane. */
void ar_ingest_yuv420_row_yuyv_avx2(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_avx2_stepped(src);
    const struct ar_image_rows rest = ar_avx2_rows_from(src, n, 4, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const __m256i upper = _mm256_loadu_si256((const void *)(src->y[0] + 4 * x));
        const __m256i lower = _mm256_loadu_si256((const void *)(src->y[1] + 4 * x));

        store(dst + x, scale, LUMA, _mm256_cvtepi32_ps(byte_of(upper, 0)));
        store(dst + x, scale, LUMA + 1, _mm256_cvtepi32_ps(byte_of(upper, 2)));
        store(dst + x, scale, LUMA + 2, _mm256_cvtepi32_ps(byte_of(lower, 0)));
        store(dst + x, scale, LUMA + 3, _mm256_cvtepi32_ps(byte_of(lower, 2)));
        store(dst + x, scale, U, mean_of(upper, lower, 1));
        store(dst + x, scale, V, mean_of(upper, lower, 3));
    }
    ar_ingest_yuv420_row_yuyv_ref(dst + n, &rest, scale);
}

struct colours {
    __m256 r;
    __m256 g;
    __m256 b;
};

/* The left (0) or the right (1) pixels of eight pairs; bytes are B G R X. */
AR_TILE struct colours load_colours(const uint8_t *from, int side)
{
    const __m256 low = _mm256_loadu_ps((const void *)from);
    const __m256 high = _mm256_loadu_ps((const void *)(from + sizeof(__m256)));
    const __m256i pixels = _mm256_castps_si256(side == 0 ? AR_AVX2_EVERY_OTHER(low, high, 0)
                                                         : AR_AVX2_EVERY_OTHER(low, high, 1));

    return (struct colours){ .r = _mm256_cvtepi32_ps(byte_of(pixels, 2)),
                             .g = _mm256_cvtepi32_ps(byte_of(pixels, 1)),
                             .b = _mm256_cvtepi32_ps(byte_of(pixels, 0)) };
}

AR_TILE struct colours add_colours(struct colours one, struct colours other)
{
    return (struct colours){ .r = _mm256_add_ps(one.r, other.r),
                             .g = _mm256_add_ps(one.g, other.g),
                             .b = _mm256_add_ps(one.b, other.b) };
}

AR_TILE __m256 luma_of(struct colours colours)
{
    const __m256 r = _mm256_mul_ps(colours.r, _mm256_set1_ps(AR_IMAGE_Y_OF_R));
    const __m256 g = _mm256_mul_ps(colours.g, _mm256_set1_ps(AR_IMAGE_Y_OF_G));
    const __m256 b = _mm256_mul_ps(colours.b, _mm256_set1_ps(AR_IMAGE_Y_OF_B));

    return _mm256_add_ps(_mm256_add_ps(r, g), b);
}

AR_TILE __m256 chroma_of(__m256 colour, __m256 luma, float share)
{
    return _mm256_add_ps(_mm256_mul_ps(_mm256_sub_ps(colour, luma), _mm256_set1_ps(share)),
                         _mm256_set1_ps(128.0F));
}

/* Sums of four bytes are exact, in whatever order. */
void ar_ingest_yuv420_row_xrgb_avx2(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_avx2_stepped(src);
    const struct ar_image_rows rest = ar_avx2_rows_from(src, n, 8, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        struct colours sum = { _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps() };
        __m256 luma;

        AR_UNROLL
        for (size_t i = 0; i < 4; i++) {
            const struct colours colours = load_colours(src->y[i / 2] + 8 * x, (int)i % 2);

            store(dst + x, scale, LUMA + i, luma_of(colours));
            sum = add_colours(sum, colours);
        }
        luma = luma_of(sum);
        store(dst + x, scale, U, chroma_of(sum.b, luma, 0.25F / AR_IMAGE_B_OF_U));
        store(dst + x, scale, V, chroma_of(sum.r, luma, 0.25F / AR_IMAGE_R_OF_V));
    }
    ar_ingest_yuv420_row_xrgb_ref(dst + n, &rest, scale);
}
