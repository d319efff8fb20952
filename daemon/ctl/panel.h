/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>

#include "daemon/ctl/history.h"
#include "daemon/ctl/screen.h"

/*
 * What `top` shows, line by line, the most important first: a small terminal shows less.
 */

/* status NULL: nobody answers. message: for the last line, in place of the keys; empty: none. */
void ar_ctl_panel_draw(struct ar_ctl_screen *screen, const json_t *status,
                       const struct ar_ctl_history *history, const char *message);
