/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/reason.h"
#include "tests/bench/engine.h"
#include "tests/bench/options.h"
#include "tests/bench/rig.h"
#include "tests/bench/scene.h"

/*
 * All that a command line asks for, ready to run: one rig for each combination of precision,
 * size, number of threads, width and format of the frames.
 */

struct bench_contest {
    const struct bench_options *options;
    struct bench_engine engine;
    struct bench_scene scenes[BENCH_MAX_LIST][AR_FRAME_N_FORMATS]; /* by size; as needed */
    struct bench_rig *rigs;
    uint32_t n_rigs;
};

/* Options are borrowed for the contest's life. 0 or a negative errno; the caller closes in any case. */
int bench_contest_open(struct bench_contest *contest, const struct bench_options *options,
                       const enum ar_frame_format *formats, uint32_t n_formats,
                       struct ar_reason *reason);
void bench_contest_close(struct bench_contest *contest);

/* "640x360" */
struct bench_size_text {
    char text[16];
};
struct bench_size_text bench_rig_size_text(const struct bench_rig *rig);
