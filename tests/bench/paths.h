/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "nn/kernels.h"
#include "tests/bench/report.h"

/*
 * What the picture's bytes go through outside the network, one thread, beside a bare call of libyuv. The
 * sizes are a camera's and a screen's, whatever the command line asks of the network.
 */

#define BENCH_PATHS_N_COLUMNS 6

extern const struct bench_column bench_paths_columns[BENCH_PATHS_N_COLUMNS];

/* Appends a row for each path, measured n_frames times. 0 or a negative errno. */
int bench_paths_run(json_t *rows, uint32_t n_frames, const struct ar_kernels *kernels);
