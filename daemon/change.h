/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/layers.h"

/*
 * Changes of the settings while the daemon runs: all of the new ones or none, each at the smallest restart that serves.
 * What is live holds from the next frame on; for the rest stages are started anew (ar_pipeline_restart()), which may
 * still fail after a change was accepted: then everything is as before. The control thread's.
 */

struct ar_run;

struct ar_change {
    bool is_under_way; /* stages are being started anew */
    struct ar_settings before;
    struct ar_layers layers_before;
    json_t *changes;          /* that will hold then */
    uint64_t n_restarts;      /* that have ended, well or not */
    struct ar_reason problem; /* why the last one did not end well; empty: it did */
};

/*
 * One key. -ENOENT or -EINVAL for what it cannot be, -EBUSY for what cannot change while running, or while a change is
 * under way; otherwise as whoever has to do with it says. After an error everything is as before.
 */
int ar_change_set(struct ar_run *run, const char *key, const char *text,
                  struct ar_reason *reason);

/* The style so many places on in the list of styles, around its end, as a change of network.style. */
int ar_change_style(struct ar_run *run, int step, struct ar_reason *reason);

/*
 * Reads files and command line anew, and takes what they say: what was set and not saved is gone. A new reference, {"changes":
 * [{"key", "value", "apply"}]}, where "restart" is what will hold only after the next start. NULL with the reason, the
 * first problem; all are in the log.
 */
json_t *ar_change_reload(struct ar_run *run, struct ar_reason *reason);

/* The number that the restart under way will have in n_restarts; NULL where there is none. */
json_t *ar_change_restart_json(const struct ar_run *run);

/* Accepts what was zeroed only. */
void ar_change_finish(struct ar_change *change);

/* Looks how a restart goes on. After each event of the loop. */
void ar_change_serve(struct ar_run *run);
