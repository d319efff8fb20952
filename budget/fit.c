/* SPDX-License-Identifier: MIT */
#include "budget/fit.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Sums over all measurements, of terms divided by the time that is to come out: the errors are relative. */
struct normal {
    double products[AR_FIT_N_TERMS][AR_FIT_N_TERMS];
    double targets[AR_FIT_N_TERMS]; /* the time divided by itself is 1 */
    double scales[AR_FIT_N_TERMS];  /* what the terms are divided by, so that all are near 1 */
};

static void terms_of(double terms[AR_FIT_N_TERMS], const struct ar_fit_work *work)
{
    terms[0] = work->depthwise;
    terms[1] = work->pointwise;
    terms[2] = work->bytes;
    terms[3] = 1.0;
}

static void take_scales(struct normal *normal, const struct ar_fit_work *works, uint32_t n)
{
    for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++)
        normal->scales[t] = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        double terms[AR_FIT_N_TERMS];

        terms_of(terms, &works[i]);
        for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++)
            normal->scales[t] = fmax(normal->scales[t], terms[t]);
    }
}

static void add(struct normal *normal, const struct ar_fit_work *work, double us)
{
    double terms[AR_FIT_N_TERMS];

    terms_of(terms, work);
    for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++)
        terms[t] = normal->scales[t] > 0.0 ? terms[t] / normal->scales[t] / us : 0.0;
    for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++) {
        for (uint32_t u = 0; u < AR_FIT_N_TERMS; u++)
            normal->products[t][u] += terms[t] * terms[u];
        normal->targets[t] += terms[t];
    }
}

/*
 * Least squares over the terms in `set`, by Gaussian elimination of their normal equations; the others are zero.
 * False where the equations do not decide, or a term would be below zero.
 */
static bool solve_set(const struct normal *normal, uint32_t set, double terms[AR_FIT_N_TERMS])
{
    double rows[AR_FIT_N_TERMS][AR_FIT_N_TERMS + 1];
    uint32_t members[AR_FIT_N_TERMS];
    uint32_t n = 0;

    for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++)
        if (set & (1u << t))
            members[n++] = t;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < n; j++)
            rows[i][j] = normal->products[members[i]][members[j]];
        rows[i][n] = normal->targets[members[i]];
    }
    for (uint32_t i = 0; i < n; i++) {
        const double pivot = rows[i][i];

        /* Symmetric and not negative: a pivot near zero is a term that the others make up already. */
        if (!(pivot > 1e-9 * normal->products[members[i]][members[i]]))
            return false;
        for (uint32_t j = i; j <= n; j++)
            rows[i][j] /= pivot;
        for (uint32_t k = 0; k < n; k++) {
            const double factor = rows[k][i];

            for (uint32_t j = i; k != i && j <= n; j++)
                rows[k][j] -= factor * rows[i][j];
        }
    }
    memset(terms, 0, AR_FIT_N_TERMS * sizeof(*terms));
    for (uint32_t i = 0; i < n; i++) {
        if (!(rows[i][n] >= 0.0))
            return false;
        terms[members[i]] = rows[i][n];
    }
    return true;
}

/* The squared error less the number of measurements, which is the same for all. */
static double error_of(const struct normal *normal, const double terms[AR_FIT_N_TERMS])
{
    double error = 0.0;

    for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++) {
        for (uint32_t u = 0; u < AR_FIT_N_TERMS; u++)
            error += terms[t] * normal->products[t][u] * terms[u];
        error -= 2.0 * terms[t] * normal->targets[t];
    }
    return error;
}

/* With four terms there are fifteen sets that may be the ones above zero: the best of those that can be. */
void ar_fit_solve(struct ar_fit *fit, const struct ar_fit_work *works, const double *us,
                  uint32_t n)
{
    struct normal normal = { .targets = { 0.0 } };
    double least = 0.0;

    *fit = (struct ar_fit){ { 0.0 } };
    take_scales(&normal, works, n);
    for (uint32_t i = 0; i < n; i++)
        if (us[i] > 0.0 && isfinite(us[i]))
            add(&normal, &works[i], us[i]);
    for (uint32_t set = 1; set < 1u << AR_FIT_N_TERMS; set++) {
        double terms[AR_FIT_N_TERMS];

        if (!solve_set(&normal, set, terms) || error_of(&normal, terms) >= least)
            continue;
        least = error_of(&normal, terms);
        for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++)
            fit->terms[t] = normal.scales[t] > 0.0 ? terms[t] / normal.scales[t] : 0.0;
    }
}

double ar_fit_us(const struct ar_fit *fit, const struct ar_fit_work *work)
{
    double terms[AR_FIT_N_TERMS];
    double us = 0.0;

    terms_of(terms, work);
    for (uint32_t t = 0; t < AR_FIT_N_TERMS; t++)
        us += fit->terms[t] * terms[t];
    return us;
}
