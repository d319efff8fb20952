/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/*
 * What a layer's time is made of: so much for each multiply-accumulate of its depthwise and of its pointwise
 * part, for each byte that it moves, and for being there at all.
 *
 *   us = a_dw * depthwise + a_pw * pointwise + b * bytes + c,   none of the four below zero
 *
 * From measured times by non-negative least squares of the relative errors. Pure functions.
 */

struct ar_fit_work {
    double depthwise; /* MACs */
    double pointwise;
    double bytes;
};

#define AR_FIT_N_TERMS 4

struct ar_fit {
    double terms[AR_FIT_N_TERMS]; /* a_dw, a_pw, b, c */
};

/* A fit of nothing, or of times that are not above zero, is all zeros. */
void ar_fit_solve(struct ar_fit *fit, const struct ar_fit_work *works, const double *us,
                  uint32_t n);

double ar_fit_us(const struct ar_fit *fit, const struct ar_fit_work *work);
