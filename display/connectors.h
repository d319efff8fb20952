/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The machine's screen connectors as the kernel lists them in sysfs, which takes no rights and disturbs nobody who
 * draws. Any thread.
 */

#define AR_CONNECTORS_MAX 32

struct ar_connector {
    char card[16]; /* card1 */
    char name[32]; /* HDMI-A-1 */
    bool connected;
    char mode[32]; /* what the screen prefers, 1920x1080; empty: none */
};

/*
 * Fills at most max, sorted by card and name; returns how many there are, or -errno. sysfs is /sys but in tests. A
 * machine without graphics has none.
 */
int ar_connectors_list(struct ar_connector *connectors, uint32_t max, const char *sysfs);
