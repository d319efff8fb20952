/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

/* What can be said of a screen's modes without the screen. Pure functions. */

#define AR_KMS_NAME_B 32

/*
 * The mode that the screen prefers, else the one with the most pixels, and of these the fastest.
 * Never an interlaced one: NULL when there is no other.
 */
const drmModeModeInfo *ar_kms_mode_choose(const drmModeModeInfo *modes, int n_modes);

/* From the timings, as vrefresh is rounded. 0 for broken timings. */
uint32_t ar_kms_mode_rate_millihz(const drmModeModeInfo *mode);

/* "HDMI-A-1", as in /sys/class/drm. */
void ar_kms_connector_name(char name[AR_KMS_NAME_B], uint32_t type, uint32_t type_id);
