/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * The processors' clock as cpufreq sets it. Where it cannot be read, or is a mean of the past that idling
 * lowers (intel_pstate, amd-pstate), it is unknown, and the governor finds out by itself.
 *
 * open: any one thread; now: the thread that paints, a read of a small file for each group of processors.
 */

#define AR_CPU_CLOCK_MAX_GROUPS 8

struct ar_cpu_clock {
    int fds[AR_CPU_CLOCK_MAX_GROUPS];
    uint32_t n_fds;
    uint32_t max_khz; /* what it can be at most; 0: unknown */
};

/* root: "/sys", or another place in tests. Never fails: without files the clock is unknown. */
void ar_cpu_clock_open(struct ar_cpu_clock *clock, const char *root);
void ar_cpu_clock_close(struct ar_cpu_clock *clock);

/* The slowest group's; 0: unknown. */
uint32_t ar_cpu_clock_now_khz(const struct ar_cpu_clock *clock);

/* What kind of processor this is, from /proc/cpuinfo: its name, or implementer and part. Always terminated. */
void ar_cpu_clock_part(char *text, size_t text_b, const char *cpuinfo_path);
