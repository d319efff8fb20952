/* SPDX-License-Identifier: MIT */
#include "nn/kernels.h"

#include <assert.h>

#include "base/macros.h"
#include "nn/cpu.h"
#include "nn/image.h"
#include "nn/ref/ref.h"

#if defined(__x86_64__)
#    include "nn/x86/avx2.h"
#    include "nn/x86/avx512.h"
#    include "nn/x86/avxvnni.h"
#    include "nn/x86/vnni512.h"
#elif defined(__aarch64__)
#    include "nn/arm/dotprod.h"
#    include "nn/arm/neon.h"
#endif

static_assert(AR_KERNELS_N_FORMATS == AR_FRAME_N_FORMATS, "a slot per frame format");
static_assert(AR_KERNELS_N_PLANES == AR_IMAGE_RGB + 1, "a slot per order of planes");

static const struct ar_kernels reference = {
    .tier = "scalar",
    .dwconv_row = { { ar_dwconv3x3_row_s1_ref, ar_dwconv3x3_row_s2_ref },
                    { ar_dwconv5x5_row_s1_ref, ar_dwconv5x5_row_s2_ref } },
    .pwconv_row = ar_pwconv_row_ref,
    .split_row = ar_split_row_ref,
    .widen_row = ar_widen_row_ref,
    .dwconv8_row = { { ar_dwconv8_3x3_row_s1_ref, ar_dwconv8_3x3_row_s2_ref },
                     { ar_dwconv8_5x5_row_s1_ref, ar_dwconv8_5x5_row_s2_ref } },
    .pwconv8_row = ar_pwconv8_row_ref,
    .widen8_row = ar_widen8_row_ref,
    .dequantise8_row = ar_dequantise8_row_ref,
    .stretch8_row = ar_stretch8_row_ref,
    .ingest_row = {
        [AR_IMAGE_YUV420] = {
            [AR_FRAME_I420] = ar_ingest_yuv420_row_i420_ref,
            [AR_FRAME_NV12] = ar_ingest_yuv420_row_nv12_ref,
            [AR_FRAME_YUYV] = ar_ingest_yuv420_row_yuyv_ref,
            [AR_FRAME_XRGB] = ar_ingest_yuv420_row_xrgb_ref,
        },
        [AR_IMAGE_RGB] = {
            [AR_FRAME_I420] = ar_ingest_rgb_row_i420_ref,
            [AR_FRAME_NV12] = ar_ingest_rgb_row_nv12_ref,
            [AR_FRAME_YUYV] = ar_ingest_rgb_row_yuyv_ref,
            [AR_FRAME_XRGB] = ar_ingest_rgb_row_xrgb_ref,
        },
    },
    .ingest8_row = {
        [AR_IMAGE_YUV420] = {
            [AR_FRAME_I420] = ar_ingest8_yuv420_row_i420_ref,
            [AR_FRAME_NV12] = ar_ingest8_yuv420_row_nv12_ref,
            [AR_FRAME_YUYV] = ar_ingest8_yuv420_row_yuyv_ref,
            [AR_FRAME_XRGB] = ar_ingest8_yuv420_row_xrgb_ref,
        },
        [AR_IMAGE_RGB] = {
            [AR_FRAME_I420] = ar_ingest8_rgb_row_i420_ref,
            [AR_FRAME_NV12] = ar_ingest8_rgb_row_nv12_ref,
            [AR_FRAME_YUYV] = ar_ingest8_rgb_row_yuyv_ref,
            [AR_FRAME_XRGB] = ar_ingest8_rgb_row_xrgb_ref,
        },
    },
    .emit_row = {
        [AR_IMAGE_YUV420] = {
            [AR_FRAME_I420] = ar_emit_yuv420_row_i420_ref,
            [AR_FRAME_NV12] = ar_emit_yuv420_row_nv12_ref,
            [AR_FRAME_YUYV] = ar_emit_yuv420_row_yuyv_ref,
            [AR_FRAME_XRGB] = ar_emit_yuv420_row_xrgb_ref,
        },
        [AR_IMAGE_RGB] = {
            [AR_FRAME_I420] = ar_emit_rgb_row_i420_ref,
            [AR_FRAME_NV12] = ar_emit_rgb_row_nv12_ref,
            [AR_FRAME_YUYV] = ar_emit_rgb_row_yuyv_ref,
            [AR_FRAME_XRGB] = ar_emit_rgb_row_xrgb_ref,
        },
    },
    .guide_row = {
        [AR_FRAME_I420] = ar_guide_row_planar_ref,
        [AR_FRAME_NV12] = ar_guide_row_planar_ref,
        [AR_FRAME_YUYV] = ar_guide_row_yuyv_ref,
        [AR_FRAME_XRGB] = ar_guide_row_xrgb_ref,
    },
    .moving_row = ar_moving_row_ref,
    .gain_row = ar_gain_row_ref,
    .calm_row = { ar_calm1_row_ref, ar_calm2_row_ref, ar_calm4_row_ref, ar_calm8_row_ref },
    .mirror_row = { ar_mirror1_row_ref, ar_mirror2_row_ref, ar_mirror4_row_ref,
                    [AR_KERNELS_YUYV_PAIR] = ar_mirror_row_yuyv_ref },
    .transpose = { ar_transpose1_ref, ar_transpose2_ref, ar_transpose4_ref },
};

#if defined(__x86_64__)
static void overlay_avx2(struct ar_kernels *kernels)
{
    ar_ingest_row_fn **const ingest = kernels->ingest_row[AR_IMAGE_YUV420];
    ar_ingest8_row_fn **const ingest8 = kernels->ingest8_row[AR_IMAGE_YUV420];
    ar_emit_row_fn **const emit = kernels->emit_row[AR_IMAGE_YUV420];

    kernels->tier = "avx2";
    kernels->dwconv_row[0][0] = ar_dwconv3x3_row_s1_avx2;
    kernels->dwconv_row[0][1] = ar_dwconv3x3_row_s2_avx2;
    kernels->dwconv_row[1][0] = ar_dwconv5x5_row_s1_avx2;
    kernels->dwconv_row[1][1] = ar_dwconv5x5_row_s2_avx2;
    kernels->pwconv_row = ar_pwconv_row_avx2;
    kernels->split_row = ar_split_row_avx2;
    kernels->widen_row = ar_widen_row_avx2;
    kernels->dwconv8_row[0][0] = ar_dwconv8_3x3_row_s1_avx2;
    kernels->dwconv8_row[0][1] = ar_dwconv8_3x3_row_s2_avx2;
    kernels->dwconv8_row[1][0] = ar_dwconv8_5x5_row_s1_avx2;
    kernels->dwconv8_row[1][1] = ar_dwconv8_5x5_row_s2_avx2;
    kernels->pwconv8_row = ar_pwconv8_row_avx2;
    kernels->widen8_row = ar_widen8_row_avx2;
    kernels->dequantise8_row = ar_dequantise8_row_avx2;
    kernels->stretch8_row = ar_stretch8_row_avx2;
    ingest[AR_FRAME_I420] = ar_ingest_yuv420_row_i420_avx2;
    ingest[AR_FRAME_NV12] = ar_ingest_yuv420_row_nv12_avx2;
    ingest[AR_FRAME_YUYV] = ar_ingest_yuv420_row_yuyv_avx2;
    ingest[AR_FRAME_XRGB] = ar_ingest_yuv420_row_xrgb_avx2;
    ingest8[AR_FRAME_I420] = ar_ingest8_yuv420_row_i420_avx2;
    ingest8[AR_FRAME_NV12] = ar_ingest8_yuv420_row_nv12_avx2;
    ingest8[AR_FRAME_YUYV] = ar_ingest8_yuv420_row_yuyv_avx2;
    ingest8[AR_FRAME_XRGB] = ar_ingest8_yuv420_row_xrgb_avx2;
    emit[AR_FRAME_I420] = ar_emit_yuv420_row_i420_avx2;
    emit[AR_FRAME_NV12] = ar_emit_yuv420_row_nv12_avx2;
    emit[AR_FRAME_YUYV] = ar_emit_yuv420_row_yuyv_avx2;
    emit[AR_FRAME_XRGB] = ar_emit_yuv420_row_xrgb_avx2;
    kernels->guide_row[AR_FRAME_I420] = ar_guide_row_planar_avx2;
    kernels->guide_row[AR_FRAME_NV12] = ar_guide_row_planar_avx2;
    kernels->guide_row[AR_FRAME_YUYV] = ar_guide_row_yuyv_avx2;
    kernels->moving_row = ar_moving_row_avx2;
    kernels->gain_row = ar_gain_row_avx2;
    kernels->calm_row[0] = ar_calm1_row_avx2;
    kernels->calm_row[1] = ar_calm2_row_avx2;
    kernels->calm_row[2] = ar_calm4_row_avx2;
    kernels->calm_row[3] = ar_calm8_row_avx2;
    kernels->mirror_row[0] = ar_mirror1_row_avx2;
    kernels->mirror_row[1] = ar_mirror2_row_avx2;
    kernels->mirror_row[2] = ar_mirror4_row_avx2;
    kernels->mirror_row[AR_KERNELS_YUYV_PAIR] = ar_mirror_row_yuyv_avx2;
    kernels->transpose[0] = ar_transpose1_avx2;
    kernels->transpose[1] = ar_transpose2_avx2;
    kernels->transpose[2] = ar_transpose4_avx2;
}

/* What has no dot product in it is AVX2's. */
static void overlay_avxvnni(struct ar_kernels *kernels)
{
    kernels->tier = "avxvnni";
    kernels->dwconv8_row[0][0] = ar_dwconv8_3x3_row_s1_avxvnni;
    kernels->dwconv8_row[0][1] = ar_dwconv8_3x3_row_s2_avxvnni;
    kernels->dwconv8_row[1][0] = ar_dwconv8_5x5_row_s1_avxvnni;
    kernels->dwconv8_row[1][1] = ar_dwconv8_5x5_row_s2_avxvnni;
    kernels->pwconv8_row = ar_pwconv8_row_avxvnni;
    kernels->widen8_row = ar_widen8_row_avx2;
    kernels->has_fast_int8 = true;
}

static void overlay_avx512(struct ar_kernels *kernels)
{
    kernels->tier = "avx512";
    kernels->dwconv_row[0][0] = ar_dwconv3x3_row_s1_avx512;
    kernels->dwconv_row[0][1] = ar_dwconv3x3_row_s2_avx512;
    kernels->dwconv_row[1][0] = ar_dwconv5x5_row_s1_avx512;
    kernels->dwconv_row[1][1] = ar_dwconv5x5_row_s2_avx512;
    kernels->pwconv_row = ar_pwconv_row_avx512;
    kernels->split_row = ar_split_row_avx512;
    kernels->widen_row = ar_widen_row_avx512;
}

static void overlay_vnni512(struct ar_kernels *kernels)
{
    kernels->tier = "vnni512";
    kernels->dwconv8_row[0][0] = ar_dwconv8_3x3_row_s1_vnni512;
    kernels->dwconv8_row[0][1] = ar_dwconv8_3x3_row_s2_vnni512;
    kernels->dwconv8_row[1][0] = ar_dwconv8_5x5_row_s1_vnni512;
    kernels->dwconv8_row[1][1] = ar_dwconv8_5x5_row_s2_vnni512;
    kernels->pwconv8_row = ar_pwconv8_row_vnni512;
    kernels->widen8_row = ar_widen8_row_vnni512;
    kernels->has_fast_int8 = true;
}
#endif

#if defined(__aarch64__)
static void overlay_neon(struct ar_kernels *kernels)
{
    ar_ingest_row_fn **const ingest = kernels->ingest_row[AR_IMAGE_YUV420];
    ar_ingest8_row_fn **const ingest8 = kernels->ingest8_row[AR_IMAGE_YUV420];
    ar_emit_row_fn **const emit = kernels->emit_row[AR_IMAGE_YUV420];

    kernels->tier = "neon";
    kernels->dwconv_row[0][0] = ar_dwconv3x3_row_s1_neon;
    kernels->dwconv_row[0][1] = ar_dwconv3x3_row_s2_neon;
    kernels->dwconv_row[1][0] = ar_dwconv5x5_row_s1_neon;
    kernels->dwconv_row[1][1] = ar_dwconv5x5_row_s2_neon;
    kernels->pwconv_row = ar_pwconv_row_neon;
    kernels->split_row = ar_split_row_neon;
    kernels->widen_row = ar_widen_row_neon;
    kernels->dwconv8_row[0][0] = ar_dwconv8_3x3_row_s1_neon;
    kernels->dwconv8_row[0][1] = ar_dwconv8_3x3_row_s2_neon;
    kernels->dwconv8_row[1][0] = ar_dwconv8_5x5_row_s1_neon;
    kernels->dwconv8_row[1][1] = ar_dwconv8_5x5_row_s2_neon;
    kernels->pwconv8_row = ar_pwconv8_row_neon;
    kernels->widen8_row = ar_widen8_row_neon;
    kernels->dequantise8_row = ar_dequantise8_row_neon;
    kernels->stretch8_row = ar_stretch8_row_neon;
    ingest[AR_FRAME_I420] = ar_ingest_yuv420_row_i420_neon;
    ingest[AR_FRAME_NV12] = ar_ingest_yuv420_row_nv12_neon;
    ingest[AR_FRAME_YUYV] = ar_ingest_yuv420_row_yuyv_neon;
    ingest[AR_FRAME_XRGB] = ar_ingest_yuv420_row_xrgb_neon;
    ingest8[AR_FRAME_I420] = ar_ingest8_yuv420_row_i420_neon;
    ingest8[AR_FRAME_NV12] = ar_ingest8_yuv420_row_nv12_neon;
    ingest8[AR_FRAME_YUYV] = ar_ingest8_yuv420_row_yuyv_neon;
    ingest8[AR_FRAME_XRGB] = ar_ingest8_yuv420_row_xrgb_neon;
    emit[AR_FRAME_I420] = ar_emit_yuv420_row_i420_neon;
    emit[AR_FRAME_NV12] = ar_emit_yuv420_row_nv12_neon;
    emit[AR_FRAME_YUYV] = ar_emit_yuv420_row_yuyv_neon;
    emit[AR_FRAME_XRGB] = ar_emit_yuv420_row_xrgb_neon;
    kernels->guide_row[AR_FRAME_I420] = ar_guide_row_planar_neon;
    kernels->guide_row[AR_FRAME_NV12] = ar_guide_row_planar_neon;
    kernels->guide_row[AR_FRAME_YUYV] = ar_guide_row_yuyv_neon;
    kernels->moving_row = ar_moving_row_neon;
    kernels->gain_row = ar_gain_row_neon;
    kernels->calm_row[0] = ar_calm1_row_neon;
    kernels->calm_row[1] = ar_calm2_row_neon;
    kernels->calm_row[2] = ar_calm4_row_neon;
    kernels->calm_row[3] = ar_calm8_row_neon;
    kernels->mirror_row[0] = ar_mirror1_row_neon;
    kernels->mirror_row[1] = ar_mirror2_row_neon;
    kernels->mirror_row[2] = ar_mirror4_row_neon;
    kernels->mirror_row[AR_KERNELS_YUYV_PAIR] = ar_mirror_row_yuyv_neon;
    kernels->transpose[0] = ar_transpose1_neon;
    kernels->transpose[1] = ar_transpose2_neon;
    kernels->transpose[2] = ar_transpose4_neon;
}

static void overlay_dotprod(struct ar_kernels *kernels)
{
    kernels->tier = "dotprod";
    kernels->dwconv8_row[0][0] = ar_dwconv8_3x3_row_s1_dotprod;
    kernels->dwconv8_row[0][1] = ar_dwconv8_3x3_row_s2_dotprod;
    kernels->dwconv8_row[1][0] = ar_dwconv8_5x5_row_s1_dotprod;
    kernels->dwconv8_row[1][1] = ar_dwconv8_5x5_row_s2_dotprod;
    kernels->pwconv8_row = ar_pwconv8_row_dotprod;
    kernels->has_fast_int8 = true;
}
#endif

/* Narrow before wide: each replaces the slots that it has. Ends with a flag of 0. */
static const struct {
    uint32_t flag;
    void (*overlay)(struct ar_kernels *kernels);
} tiers[] = {
#if defined(__x86_64__)
    { AR_CPU_AVX2, overlay_avx2 },
    { AR_CPU_AVXVNNI, overlay_avxvnni },
    { AR_CPU_AVX512, overlay_avx512 },
    { AR_CPU_VNNI512, overlay_vnni512 },
#elif defined(__aarch64__)
    { AR_CPU_NEON, overlay_neon },
    { AR_CPU_DOTPROD, overlay_dotprod },
#endif
    { 0, NULL },
};

void ar_kernels_init(struct ar_kernels *kernels, uint32_t cpu_flags)
{
    *kernels = reference;
    for (size_t i = 0; tiers[i].flag != 0; i++) {
        if (cpu_flags & tiers[i].flag)
            tiers[i].overlay(kernels);
    }
}
