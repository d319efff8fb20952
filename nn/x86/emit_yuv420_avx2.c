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
 * Four plane pixels at a time; what is left of a row goes to the reference. Maximum and minimum
 * have the limit as their second operand, which is what they give for not-a-number.
 */
#define STEP_PX 4

static_assert(AR_TENSOR_GROUP == 8, "a plane pixel is one vector");

/* Bytes of four plane pixels. */
struct pixels {
    __m128i luma;   /* 8 bytes of the upper row, 8 of the lower */
    __m128i chroma; /* 4 pairs of U V in the low half, 4 U and 4 V in the high */
};

AR_TILE __m256 load_values(const float *src, const struct ar_image_scale *restrict scale)
{
    const __m256 mul = _mm256_loadu_ps(scale->emit_mul);
    const __m256 add = _mm256_loadu_ps(scale->emit_add);

    return _mm256_add_ps(_mm256_mul_ps(_mm256_loadu_ps(src), mul), add);
}

AR_TILE __m256i load_rounded(const float *src, const struct ar_image_scale *restrict scale)
{
    __m256 value = _mm256_add_ps(load_values(src, scale), _mm256_set1_ps(0.5F));

    value = _mm256_max_ps(value, _mm256_loadu_ps(scale->low));
    value = _mm256_min_ps(value, _mm256_loadu_ps(scale->high));
    return _mm256_cvttps_epi32(value);
}

AR_TILE struct pixels load_pixels(const float *src, const struct ar_image_scale *restrict scale)
{
    const size_t stride = scale->plane_stride;
    const __m256i words_01 =
        _mm256_packs_epi32(load_rounded(src, scale), load_rounded(src + stride, scale));
    const __m256i words_23 = _mm256_packs_epi32(load_rounded(src + 2 * stride, scale),
                                                load_rounded(src + 3 * stride, scale));
    /* The low half has four times Y Y Y Y, the high half four times U V 0 0. */
    const __m256i bytes = _mm256_packus_epi16(words_01, words_23);
    const __m128i by_row = _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
    const __m128i by_plane = _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 0, 4, 8, 12, 1, 5, 9, 13);

    return (struct pixels){
        .luma = _mm_shuffle_epi8(_mm256_castsi256_si128(bytes), by_row),
        .chroma = _mm_shuffle_epi8(_mm256_extracti128_si256(bytes, 1), by_plane),
    };
}

AR_TILE __m128i high_half(__m128i v)
{
    return _mm_unpackhi_epi64(v, v);
}

void ar_emit_yuv420_row_i420_avx2(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t stride = scale->plane_stride;
    const size_t width = dst->width_px / 2;
    const size_t n_whole = width - width % STEP_PX;

    for (size_t x = 0; x < n_whole; x += STEP_PX) {
        const struct pixels pixels = load_pixels(src + x * stride, scale);
        const __m128i planar = high_half(pixels.chroma);

        _mm_storeu_si64(dst->y[0] + 2 * x, pixels.luma);
        _mm_storeu_si64(dst->y[1] + 2 * x, high_half(pixels.luma));
        _mm_storeu_si32(dst->u + x, planar);
        _mm_storeu_si32(dst->v + x, _mm_srli_si128(planar, 4));
    }
    const struct ar_image_rows rest = {
        .y = { dst->y[0] + 2 * n_whole, dst->y[1] + 2 * n_whole },
        .u = dst->u + n_whole,
        .v = dst->v + n_whole,
        .width_px = dst->width_px - (uint32_t)(2 * n_whole),
    };

    ar_emit_yuv420_row_i420_ref(&rest, src + n_whole * stride, scale);
}

void ar_emit_yuv420_row_nv12_avx2(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t stride = scale->plane_stride;
    const size_t width = dst->width_px / 2;
    const size_t n_whole = width - width % STEP_PX;

    for (size_t x = 0; x < n_whole; x += STEP_PX) {
        const struct pixels pixels = load_pixels(src + x * stride, scale);

        _mm_storeu_si64(dst->y[0] + 2 * x, pixels.luma);
        _mm_storeu_si64(dst->y[1] + 2 * x, high_half(pixels.luma));
        _mm_storeu_si64(dst->u + 2 * x, pixels.chroma);
    }
    const struct ar_image_rows rest = {
        .y = { dst->y[0] + 2 * n_whole, dst->y[1] + 2 * n_whole },
        .u = dst->u + 2 * n_whole,
        .width_px = dst->width_px - (uint32_t)(2 * n_whole),
    };

    ar_emit_yuv420_row_nv12_ref(&rest, src + n_whole * stride, scale);
}

/* What is left of packed rows of bytes_per_px bytes a pixel. */
static struct ar_image_rows packed_rest(const struct ar_image_rows *restrict dst,
                                        size_t n_whole, uint32_t bytes_per_px)
{
    const size_t done_b = n_whole * 2 * bytes_per_px;

    return (struct ar_image_rows){
        .y = { dst->y[0] + done_b, dst->y[1] + done_b },
        .width_px = dst->width_px - (uint32_t)(2 * n_whole),
    };
}

void ar_emit_yuv420_row_yuyv_avx2(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t stride = scale->plane_stride;
    const size_t width = dst->width_px / 2;
    const size_t n_whole = width - width % STEP_PX;

    for (size_t x = 0; x < n_whole; x += STEP_PX) {
        const struct pixels pixels = load_pixels(src + x * stride, scale);
        const __m128i upper = _mm_unpacklo_epi8(pixels.luma, pixels.chroma);
        const __m128i lower = _mm_unpacklo_epi8(high_half(pixels.luma), pixels.chroma);

        _mm_storeu_si128((void *)(dst->y[0] + x * 4), upper);
        _mm_storeu_si128((void *)(dst->y[1] + x * 4), lower);
    }
    const struct ar_image_rows rest = packed_rest(dst, n_whole, 2);

    ar_emit_yuv420_row_yuyv_ref(&rest, src + n_whole * stride, scale);
}

/* The nearest bytes, in 32-bit lanes, moved up by `shift` bits. */
AR_TILE __m256i colour_bits(__m256 value, int shift)
{
    __m256 byte = _mm256_add_ps(value, _mm256_set1_ps(0.5F));

    byte = _mm256_max_ps(byte, _mm256_setzero_ps());
    byte = _mm256_min_ps(byte, _mm256_set1_ps(255.0F));
    return _mm256_slli_epi32(_mm256_cvttps_epi32(byte), shift);
}

/* Two plane pixels give each row four XRGB pixels. */
AR_TILE void emit_xrgb(const struct ar_image_rows *restrict dst, const float *restrict src,
                       const struct ar_image_scale *restrict scale, size_t x)
{
    const __m256 left = load_values(src, scale);
    const __m256 right = load_values(src + scale->plane_stride, scale);
    const __m256 y = _mm256_permute2f128_ps(left, right, 0x20);
    const __m256 chroma =
        _mm256_sub_ps(_mm256_permute2f128_ps(left, right, 0x31), _mm256_set1_ps(128.0F));
    const __m256 u = _mm256_permute_ps(chroma, 0x00);
    const __m256 v = _mm256_permute_ps(chroma, 0x55);
    const __m256 r_of_uv = _mm256_mul_ps(v, _mm256_set1_ps(AR_IMAGE_R_OF_V));
    const __m256 g_of_uv = _mm256_add_ps(_mm256_mul_ps(u, _mm256_set1_ps(AR_IMAGE_G_OF_U)),
                                         _mm256_mul_ps(v, _mm256_set1_ps(AR_IMAGE_G_OF_V)));
    const __m256 b_of_uv = _mm256_mul_ps(u, _mm256_set1_ps(AR_IMAGE_B_OF_U));
    __m256i pixels = _mm256_set1_epi32((int)0xFF000000u);

    pixels = _mm256_or_si256(pixels, colour_bits(_mm256_add_ps(y, r_of_uv), 16));
    pixels = _mm256_or_si256(pixels, colour_bits(_mm256_add_ps(y, g_of_uv), 8));
    pixels = _mm256_or_si256(pixels, colour_bits(_mm256_add_ps(y, b_of_uv), 0));
    /* Each half is a block: two pixels of the upper row, two of the lower. */
    pixels = _mm256_permute4x64_epi64(pixels, 0xD8);
    _mm_storeu_si128((void *)(dst->y[0] + x * 8), _mm256_castsi256_si128(pixels));
    _mm_storeu_si128((void *)(dst->y[1] + x * 8), _mm256_extracti128_si256(pixels, 1));
}

void ar_emit_yuv420_row_xrgb_avx2(const struct ar_image_rows *restrict dst,
                                  const float *restrict src,
                                  const struct ar_image_scale *restrict scale)
{
    const size_t stride = scale->plane_stride;
    const size_t width = dst->width_px / 2;
    const size_t n_whole = width - width % 2;

    for (size_t x = 0; x < n_whole; x += 2)
        emit_xrgb(dst, src + x * stride, scale, x);
    const struct ar_image_rows rest = packed_rest(dst, n_whole, 4);

    ar_emit_yuv420_row_xrgb_ref(&rest, src + n_whole * stride, scale);
}
