/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

#include "base/loop.h"
#include "daemon/layers.h"

/*
 * Watches the files of a configuration: those that there are and those that may come, by their folders, so that an editor
 * that puts a new file in the old one's place is seen too. Lives on the control thread's loop.
 */

/* Something was written, made, renamed or removed, and nothing more since a moment. */
typedef void ar_watch_fn(void *user);

struct ar_watch {
    struct ar_loop *loop;
    ar_watch_fn *on_change;
    void *user;
    int fd;         /* of inotify(7); -1: off */
    char name[256]; /* the main file's, in its folder */
    struct ar_loop_source *events;
    struct ar_loop_source *pause; /* until what happens is over */
};

void ar_watch_init(struct ar_watch *watch, struct ar_loop *loop, ar_watch_fn *on_change,
                   void *user);

/* Switches it on or off. On error, with the reason, it is off. */
int ar_watch_set(struct ar_watch *watch, bool on, const struct ar_layers *layers,
                 struct ar_reason *reason);

/* Where it is on: looks at the folders that there are now. */
void ar_watch_renew(struct ar_watch *watch, const struct ar_layers *layers);

/* Accepts what was zeroed only. */
void ar_watch_stop(struct ar_watch *watch);
