/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"

/*
 * How far two pictures are apart, I420 of one shape, in levels of a byte.
 */

struct bench_difference {
    double luma;    /* mean absolute */
    double squared; /* of luma, mean */
    double step[3]; /* of the means of Y, U and V, absolute */
};

void bench_difference_of(struct bench_difference *difference, const struct ar_frame *a,
                         const struct ar_frame *b);

/* The mean over `n`, in steps: add each, then divide. */
void bench_difference_add(struct bench_difference *sum, const struct bench_difference *one);
void bench_difference_divide(struct bench_difference *sum, uint32_t n);
/* Each member by itself: the larger one. */
void bench_difference_worst(struct bench_difference *worst, const struct bench_difference *one);

/* Of `squared`; 99 dB at most, for pictures that are the same. */
double bench_difference_psnr_db(const struct bench_difference *difference);

/* Of luma: mean of windows of 8 x 8, side by side. */
double bench_difference_ssim(const struct ar_frame *a, const struct ar_frame *b);

double bench_difference_mean(const struct ar_frame *frame, uint32_t plane);
