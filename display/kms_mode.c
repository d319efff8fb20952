/* SPDX-License-Identifier: MIT */
#include "display/kms_mode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool is_usable(const drmModeModeInfo *mode)
{
    return mode->hdisplay > 0 && mode->vdisplay > 0 && !(mode->flags & DRM_MODE_FLAG_INTERLACE);
}

#define RATE_TOLERANCE_MILLIHZ 500u

/* From the rate wished for; the more hertz the nearer when none is. */
static uint32_t rate_distance(const drmModeModeInfo *mode, const struct ar_kms_wish *wish)
{
    const uint32_t rate_millihz = ar_kms_mode_rate_millihz(mode);
    const uint32_t wished_millihz = wish->rate_millihz > 0 ? wish->rate_millihz : UINT32_MAX;

    return rate_millihz > wished_millihz ? rate_millihz - wished_millihz
                                         : wished_millihz - rate_millihz;
}

static bool is_wished(const drmModeModeInfo *mode, const struct ar_kms_wish *wish)
{
    if (wish->width_px > 0 &&
        (mode->hdisplay != wish->width_px || mode->vdisplay != wish->height_px))
        return false;
    return wish->rate_millihz == 0 || rate_distance(mode, wish) <= RATE_TOLERANCE_MILLIHZ;
}

static bool is_better(const drmModeModeInfo *mode, const drmModeModeInfo *than,
                      const struct ar_kms_wish *wish)
{
    uint32_t n_pixels = (uint32_t)mode->hdisplay * mode->vdisplay;
    uint32_t than_n_pixels = (uint32_t)than->hdisplay * than->vdisplay;

    if (n_pixels != than_n_pixels)
        return n_pixels > than_n_pixels;
    return rate_distance(mode, wish) < rate_distance(than, wish);
}

const drmModeModeInfo *ar_kms_mode_choose(const drmModeModeInfo *modes, int n_modes,
                                          const struct ar_kms_wish *wish)
{
    const drmModeModeInfo *best = NULL;

    for (int i = 0; i < n_modes; i++) {
        if (!is_usable(&modes[i]) || !is_wished(&modes[i], wish))
            continue;
        if (modes[i].type & DRM_MODE_TYPE_PREFERRED)
            return &modes[i];
        if (!best || is_better(&modes[i], best, wish))
            best = &modes[i];
    }
    return best;
}

void ar_kms_mode_list(const drmModeModeInfo *modes, int n_modes, char *text, size_t text_b)
{
    char one[48];
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < n_modes; i++) {
        int length;

        if (!is_usable(&modes[i]))
            continue;
        length =
            snprintf(one, sizeof(one), "%s%ux%u@%.4g", used > 0 ? ", " : "", modes[i].hdisplay,
                     modes[i].vdisplay, ar_kms_mode_rate_millihz(&modes[i]) / 1000.0);
        if (used + (size_t)length >= text_b)
            return;
        memcpy(text + used, one, (size_t)length + 1);
        used += (size_t)length;
    }
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
