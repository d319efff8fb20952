/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"

/*
 * The header line of a YUV4MPEG2 file. Pure; any thread.
 */

#define AR_Y4M_MAGIC "YUV4MPEG2 "

struct ar_y4m_header {
    uint32_t width_px; /* may be odd, up to AR_Y4M_MAX_PX */
    uint32_t height_px;
    uint32_t rate_millihz; /* 0: the file does not say */
    bool mono;
    bool full_range;
};

#define AR_Y4M_MAX_PX 16384

/*
 * Parses a line without its newline. -EINVAL for what no Y4M file has, -ENOTSUP for a colour format other
 * than 8 bit 4:2:0 or mono; the reason starts with `what`.
 */
int ar_y4m_parse_header(struct ar_y4m_header *header, const char *line, const char *what,
                        struct ar_reason *reason);
