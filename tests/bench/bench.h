/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/reason.h"
#include "tests/bench/options.h"

/* The subcommands: 0, or a negative errno and why. */
int bench_fit(const struct bench_options *options, struct ar_reason *reason);
int bench_governor(const struct bench_options *options, struct ar_reason *reason);
int bench_kernels(const struct bench_options *options, struct ar_reason *reason);
int bench_net(const struct bench_options *options, struct ar_reason *reason);
int bench_peer(const struct bench_options *options, struct ar_reason *reason);
int bench_pipeline(const struct bench_options *options, struct ar_reason *reason);
int bench_switches(const struct bench_options *options, struct ar_reason *reason);
