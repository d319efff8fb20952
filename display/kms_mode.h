/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

/* What can be said of a screen's modes without the screen. Pure functions. */

#define AR_KMS_NAME_B 32

struct ar_kms_wish {
    uint32_t width_px; /* 0, height too: any */
    uint32_t height_px;
    uint32_t rate_millihz; /* 0: any; half a hertz off is still right */
};

/*
 * Of the modes as wished for the one that the screen prefers, else the one with the most pixels, and of these the one
 * with the nearest rate, or the fastest. Never an interlaced one: NULL when there is no other.
 */
const drmModeModeInfo *ar_kms_mode_choose(const drmModeModeInfo *modes, int n_modes,
                                          const struct ar_kms_wish *wish);

/* "1920x1080@60, 1920x1080@50, ...": as many as fit; interlaced ones are not named. */
void ar_kms_mode_list(const drmModeModeInfo *modes, int n_modes, char *text, size_t text_b);

/* From the timings, as vrefresh is rounded. 0 for broken timings. */
uint32_t ar_kms_mode_rate_millihz(const drmModeModeInfo *mode);

/* "HDMI-A-1", as in /sys/class/drm. */
void ar_kms_connector_name(char name[AR_KMS_NAME_B], uint32_t type, uint32_t type_id);
