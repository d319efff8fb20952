/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/loop.h"
#include "daemon/notify.h"
#include "daemon/pipeline.h"

/*
 * The line that `systemctl status` shows: how it goes, every two seconds. Lives on the control thread's loop, and does
 * nothing where no service manager listens.
 */

struct ar_bulletin {
    const struct ar_notify *notify; /* borrowed */
    struct ar_pipeline *pipeline;   /* borrowed */
    struct ar_loop_source *timer;
    uint64_t told_us; /* of the last line; its pictures: */
    uint64_t n_shown;
};

int ar_bulletin_start(struct ar_bulletin *bulletin, struct ar_loop *loop,
                      const struct ar_notify *notify, struct ar_pipeline *pipeline);
/* Accepts what was zeroed only. */
void ar_bulletin_stop(struct ar_bulletin *bulletin);
