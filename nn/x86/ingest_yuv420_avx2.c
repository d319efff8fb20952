/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/image.h"
#include "nn/ref/ref.h"
#include "nn/tile.h"
#include "nn/x86/avx2.h"
#include "nn/x86/lanes_avx2.h"
#include "nn/x86/luma_avx2.h"
#include "nn/x86/rows_avx2.h"

/* Eight pixels of every plane at a time: a vector holds one plane's values. */
#define STEP_PX AR_AVX2_STEP_PX

/* Planes in their order. */
enum {
    LUMA, /* two of the upper row's, then two of the lower's */
    U = 4,
    V,
};

/* How values become a plane: taken before a loop, so that its stores cannot be thought to change it. */
struct plane {
    float *dst;
    __m256 mul;
    __m256 add;
};

AR_TILE struct plane plane_of(float *dst, const struct ar_image_scale *restrict scale,
                              size_t plane)
{
    return (struct plane){
        .dst = dst + plane * scale->plane_stride,
        .mul = _mm256_set1_ps(scale->ingest_mul[plane]),
        .add = _mm256_set1_ps(scale->ingest_add[plane]),
    };
}

AR_TILE void store(const struct plane *plane, size_t x, __m256 values)
{
    _mm256_storeu_ps(plane->dst + x,
                     _mm256_add_ps(_mm256_mul_ps(values, plane->mul), plane->add));
}

AR_TILE void store_words(const struct plane *plane, size_t x, __m128i words)
{
    store(plane, x, _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(words)));
}

/* Of a row's bytes the even ones to one plane, the odd ones to the next. */
AR_TILE void ingest_pairs(float *dst, const uint8_t *from,
                          const struct ar_image_scale *restrict scale, size_t plane, size_t n)
{
    const struct plane even = plane_of(dst, scale, plane);
    const struct plane odd = plane_of(dst, scale, plane + 1);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const __m128i bytes = _mm_loadu_si128((const void *)(from + 2 * x));

        store_words(&even, x, _mm_and_si128(bytes, _mm_set1_epi16(0xFF)));
        store_words(&odd, x, _mm_srli_epi16(bytes, 8));
    }
}

AR_TILE void ingest_plane(float *dst, const uint8_t *from,
                          const struct ar_image_scale *restrict scale, size_t plane, size_t n)
{
    const struct plane to = plane_of(dst, scale, plane);

    for (size_t x = 0; x < n; x += STEP_PX)
        store(&to, x, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadu_si64(from + x))));
}

void ar_ingest_yuv420_row_i420_avx2(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_avx2_stepped(src);
    const struct ar_image_rows rest = ar_avx2_rows_from(src, n, 2, 1, 1);

    ingest_pairs(dst, src->y[0], scale, LUMA, n);
    ingest_pairs(dst, src->y[1], scale, LUMA + 2, n);
    ingest_plane(dst, src->u, scale, U, n);
    ingest_plane(dst, src->v, scale, V, n);
    ar_ingest_yuv420_row_i420_ref(dst + n, &rest, scale);
}

void ar_ingest_yuv420_row_nv12_avx2(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const size_t n = ar_avx2_stepped(src);
    const struct ar_image_rows rest = ar_avx2_rows_from(src, n, 2, 2, 0);

    ingest_pairs(dst, src->y[0], scale, LUMA, n);
    ingest_pairs(dst, src->y[1], scale, LUMA + 2, n);
    ingest_pairs(dst, src->u, scale, U, n);
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
    const struct plane lumas[] = { plane_of(dst, scale, LUMA), plane_of(dst, scale, LUMA + 1),
                                   plane_of(dst, scale, LUMA + 2),
                                   plane_of(dst, scale, LUMA + 3) };
    const struct plane u = plane_of(dst, scale, U);
    const struct plane v = plane_of(dst, scale, V);
    const size_t n = ar_avx2_stepped(src);
    const struct ar_image_rows rest = ar_avx2_rows_from(src, n, 4, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const __m256i upper = _mm256_loadu_si256((const void *)(src->y[0] + 4 * x));
        const __m256i lower = _mm256_loadu_si256((const void *)(src->y[1] + 4 * x));

        store(&lumas[0], x, _mm256_cvtepi32_ps(byte_of(upper, 0)));
        store(&lumas[1], x, _mm256_cvtepi32_ps(byte_of(upper, 2)));
        store(&lumas[2], x, _mm256_cvtepi32_ps(byte_of(lower, 0)));
        store(&lumas[3], x, _mm256_cvtepi32_ps(byte_of(lower, 2)));
        store(&u, x, mean_of(upper, lower, 1));
        store(&v, x, mean_of(upper, lower, 3));
    }
    ar_ingest_yuv420_row_yuyv_ref(dst + n, &rest, scale);
}

/* For values in parts of a level; a power of two does not change how a product is rounded. */
AR_TILE struct plane plane_of_parts(float *dst, const struct ar_image_scale *restrict scale,
                                    size_t plane)
{
    struct plane of_parts = plane_of(dst, scale, plane);

    of_parts.mul = _mm256_mul_ps(of_parts.mul, _mm256_set1_ps(1.0F / AR_IMAGE_Y_WHOLE));
    return of_parts;
}

/* Luma of a row's left pixels to a plane, of its right ones to the next. */
AR_TILE void store_luma(const struct plane *planes, size_t x,
                        const struct ar_avx2_block_row *row)
{
    const __m256 first = _mm256_castsi256_ps(row->left.luma);
    const __m256 last = _mm256_castsi256_ps(row->right.luma);
    const __m256i even = _mm256_castps_si256(AR_AVX2_EVERY_OTHER(first, last, 0));
    const __m256i odd = _mm256_castps_si256(AR_AVX2_EVERY_OTHER(first, last, 1));

    store(&planes[0], x, _mm256_cvtepi32_ps(even));
    store(&planes[1], x, _mm256_cvtepi32_ps(odd));
}

AR_TILE __m256 chroma_of(__m256i sums, float share)
{
    const __m256i in_order = _mm256_permute4x64_epi64(sums, 0xD8);

    return _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(in_order), _mm256_set1_ps(share)),
                         _mm256_set1_ps(128.0F));
}

/* Bytes are B G R X. */
void ar_ingest_yuv420_row_xrgb_avx2(float *restrict dst,
                                    const struct ar_image_rows *restrict src,
                                    const struct ar_image_scale *restrict scale)
{
    const struct plane lumas[] = { plane_of_parts(dst, scale, LUMA),
                                   plane_of_parts(dst, scale, LUMA + 1),
                                   plane_of_parts(dst, scale, LUMA + 2),
                                   plane_of_parts(dst, scale, LUMA + 3) };
    const struct plane u = plane_of(dst, scale, U);
    const struct plane v = plane_of(dst, scale, V);
    const size_t n = ar_avx2_stepped(src);
    const struct ar_image_rows rest = ar_avx2_rows_from(src, n, 8, 0, 0);

    for (size_t x = 0; x < n; x += STEP_PX) {
        const struct ar_avx2_block_row upper = ar_avx2_load_blocks(src->y[0] + 8 * x);
        const struct ar_avx2_block_row lower = ar_avx2_load_blocks(src->y[1] + 8 * x);
        const struct ar_avx2_block_sums sums = ar_avx2_sum_blocks(&upper, &lower);

        store_luma(&lumas[0], x, &upper);
        store_luma(&lumas[2], x, &lower);
        store(&u, x, chroma_of(sums.u, AR_IMAGE_U_OF_SUM));
        store(&v, x, chroma_of(sums.v, AR_IMAGE_V_OF_SUM));
    }
    ar_ingest_yuv420_row_xrgb_ref(dst + n, &rest, scale);
}
