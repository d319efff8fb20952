/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/frame.h"
#include "base/reason.h"
#include "tests/bench/precision.h"

/*
 * The command line of all subcommands: lists of what is to be measured.
 */

#define BENCH_MAX_LIST 32

struct bench_size {
    uint32_t width_px;
    uint32_t height_px;
};

struct bench_pair {
    enum ar_frame_format in;
    enum ar_frame_format out;
};

struct bench_options {
    const char *style; /* file; all texts are borrowed from argv */
    const char *tier;  /* NULL: the widest */
    const char *trace; /* NULL: made-up ones */
    const char *clip;  /* NULL: the built-in scene */
    double widths[BENCH_MAX_LIST];
    uint32_t n_widths; /* 0: the style's nearest to the quarters */
    uint32_t threads[BENCH_MAX_LIST];
    uint32_t n_threads;
    struct bench_size sizes[BENCH_MAX_LIST];
    uint32_t n_sizes;
    enum bench_precision precisions[BENCH_MAX_LIST];
    uint32_t n_precisions;
    struct bench_pair pairs[BENCH_MAX_LIST];
    uint32_t n_pairs;
    uint32_t n_frames;
    uint32_t seed;
    uint32_t n_world_frames;
    bool finer;
    bool json;
    bool pin;
    bool help;
};

/* "I420", "NV12", "YUYV", "XRGB". */
const char *bench_format_name(enum ar_frame_format format);

/* Fills defaults and what argv[1] and on say. -EINVAL with the option, the value and what would be right. */
int bench_options_parse(struct bench_options *options, int argc, char **argv,
                        struct ar_reason *reason);

/* Prints one line for each option. */
void bench_options_help(void);
