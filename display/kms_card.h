/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

#include "base/reason.h"
#include "display/kms_mode.h"

/*
 * Finds a screen that we may draw on: a graphics card, a connector with something plugged in, and the
 * CRTC and primary plane that can feed it. One thread.
 */

struct ar_kms_card {
    int fd; /* -1 when closed; non-blocking */
    char path[32];
    char driver[32];
    char connector_name[AR_KMS_NAME_B];
    uint32_t connector;
    uint32_t crtc;
    uint32_t plane;
    struct ar_kms_wish wish;
    drmModeModeInfo mode;
    bool monotonic; /* flip events carry CLOCK_MONOTONIC */
};

/*
 * Tries the cards in order. connector: its name, or NULL for the first with a screen. A mode that the screen does not
 * have is a warning: it gets the one that it prefers. We are the card's master on success. -ENODEV: no card, or no
 * connector of that name; -ENOTCONN: nothing is plugged in there; -EACCES: no permission; -EBUSY: somebody else draws
 * on it; -ENOTSUP: the driver cannot do what we need.
 */
int ar_kms_card_open(struct ar_kms_card *card, const char *connector,
                     const struct ar_kms_wish *wish, struct ar_reason *reason);

/* Whether a screen is plugged in at another connector than ours. Asks them all, which takes a while. */
bool ar_kms_card_has_another(const struct ar_kms_card *card);

/*
 * Asks the screen again, which takes a while: the mode that it would get now. -ENODEV: nothing is plugged in;
 * -ENOTSUP: it offers no mode.
 */
int ar_kms_card_probe(const struct ar_kms_card *card, drmModeModeInfo *mode);

/* Gives up being master. */
void ar_kms_card_close(struct ar_kms_card *card);
