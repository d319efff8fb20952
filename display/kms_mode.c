/* SPDX-License-Identifier: MIT */
#include "display/kms_mode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

static bool is_usable(const drmModeModeInfo *mode)
{
    return mode->hdisplay > 0 && mode->vdisplay > 0 && !(mode->flags & DRM_MODE_FLAG_INTERLACE);
}

static bool is_better(const drmModeModeInfo *mode, const drmModeModeInfo *than)
{
    uint32_t n_pixels = (uint32_t)mode->hdisplay * mode->vdisplay;
    uint32_t than_n_pixels = (uint32_t)than->hdisplay * than->vdisplay;

    if (n_pixels != than_n_pixels)
        return n_pixels > than_n_pixels;
    return ar_kms_mode_rate_millihz(mode) > ar_kms_mode_rate_millihz(than);
}

const drmModeModeInfo *ar_kms_mode_choose(const drmModeModeInfo *modes, int n_modes)
{
    const drmModeModeInfo *best = NULL;

    for (int i = 0; i < n_modes; i++) {
        if (!is_usable(&modes[i]))
            continue;
        if (modes[i].type & DRM_MODE_TYPE_PREFERRED)
            return &modes[i];
        if (!best || is_better(&modes[i], best))
            best = &modes[i];
    }
    return best;
}

uint32_t ar_kms_mode_rate_millihz(const drmModeModeInfo *mode)
{
    uint64_t n_clocks = (uint64_t)mode->htotal * mode->vtotal;

    /* The clock is in kHz. */
    return n_clocks > 0
               ? (uint32_t)((mode->clock * UINT64_C(1000000) + n_clocks / 2) / n_clocks)
               : 0;
}

void ar_kms_connector_name(char name[AR_KMS_NAME_B], uint32_t type, uint32_t type_id)
{
    const char *type_name = drmModeGetConnectorTypeName(type);

    snprintf(name, AR_KMS_NAME_B, "%s-%u", type_name ? type_name : "Unknown", type_id);
}
