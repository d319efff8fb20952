/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdio.h>
#include <string.h>

#include "base/loop.h"

/*
 * The ways of waiting that every loop test is run over.
 */

static const struct {
    enum ar_loop_kind kind;
    const char *name;
} loop_kinds[] = {
    { AR_LOOP_URING, "io_uring" },
    { AR_LOOP_POLL, "poll" },
};

/* The index of the first kind that this kernel has; poll is always there. Says what is skipped. */
static inline int first_loop_kind(void)
{
    struct ar_loop *loop;
    const int ret = ar_loop_create(&loop, AR_LOOP_URING);

    if (ret == 0) {
        ar_loop_destroy(loop);
        return 0;
    }
    fprintf(stderr, "loop tests: SKIPPED for io_uring, poll only: the kernel refuses it (%s)\n",
            strerrordesc_np(-ret));
    return 1;
}
