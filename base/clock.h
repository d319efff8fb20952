/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>
#include <time.h>

/*
 * The one clock: CLOCK_MONOTONIC in microseconds, the clock of V4L2 buffers and page flips.
 * Callable from any thread. budget/ never includes this file: time is passed in there.
 */

static inline uint64_t ar_clock_us_of(struct timespec ts)
{
    return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static inline struct timespec ar_clock_timespec(uint64_t us)
{
    return (struct timespec){ .tv_sec = (time_t)(us / 1000000u),
                              .tv_nsec = (long)(us % 1000000u) * 1000 };
}

static inline uint64_t ar_clock_now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ar_clock_us_of(ts);
}

/* The same clock in nanoseconds, for what takes microseconds. */
static inline uint64_t ar_clock_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* When a wait of timeout_us that starts now is over; UINT64_MAX stays "never". */
static inline uint64_t ar_clock_after_us(uint64_t timeout_us)
{
    const uint64_t now_us = ar_clock_now_us();

    return timeout_us > UINT64_MAX - now_us ? UINT64_MAX : now_us + timeout_us;
}
