/* SPDX-License-Identifier: MIT */
#include "tests/bench/difference.h"

#include <math.h>
#include <stdlib.h>

#define WINDOW  8
#define MOST_DB 99.0
#define SSIM_C1 (0.01 * 255 * 0.01 * 255) /* as Wang and others (2004) have them */
#define SSIM_C2 (0.03 * 255 * 0.03 * 255)

static const uint8_t *row_of(const struct ar_frame *frame, uint32_t plane, uint32_t y)
{
    return frame->planes[plane].data + (size_t)y * frame->planes[plane].stride_b;
}

double bench_difference_mean(const struct ar_frame *frame, uint32_t plane)
{
    const uint32_t width = ar_frame_plane_width_b(&frame->shape, plane);
    const uint32_t height = ar_frame_plane_rows(&frame->shape, plane);
    uint64_t sum = 0;

    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *const row = row_of(frame, plane, y);

        for (uint32_t x = 0; x < width; x++)
            sum += row[x];
    }
    return (double)sum / ((double)width * height);
}

static double ssim_of_window(const struct ar_frame *a, const struct ar_frame *b, uint32_t left,
                             uint32_t top)
{
    const double n = WINDOW * WINDOW;
    uint32_t sum_a = 0;
    uint32_t sum_b = 0;
    uint32_t squares = 0;
    uint32_t products = 0;

    for (uint32_t y = 0; y < WINDOW; y++) {
        const uint8_t *const in_a = row_of(a, 0, top + y) + left;
        const uint8_t *const in_b = row_of(b, 0, top + y) + left;

        for (uint32_t x = 0; x < WINDOW; x++) {
            sum_a += in_a[x];
            sum_b += in_b[x];
            squares += (uint32_t)in_a[x] * in_a[x] + (uint32_t)in_b[x] * in_b[x];
            products += (uint32_t)in_a[x] * in_b[x];
        }
    }

    const double mean_a = sum_a / n;
    const double mean_b = sum_b / n;
    const double variances = squares / n - mean_a * mean_a - mean_b * mean_b;
    const double covariance = products / n - mean_a * mean_b;

    return (2 * mean_a * mean_b + SSIM_C1) * (2 * covariance + SSIM_C2) /
           ((mean_a * mean_a + mean_b * mean_b + SSIM_C1) * (variances + SSIM_C2));
}

double bench_difference_ssim(const struct ar_frame *a, const struct ar_frame *b)
{
    const uint32_t n_columns = a->shape.width_px / WINDOW;
    const uint32_t n_rows = a->shape.height_px / WINDOW;
    double sum = 0.0;

    for (uint32_t y = 0; y < n_rows; y++)
        for (uint32_t x = 0; x < n_columns; x++)
            sum += ssim_of_window(a, b, x * WINDOW, y * WINDOW);
    return sum / ((double)n_columns * n_rows);
}

void bench_difference_of(struct bench_difference *difference, const struct ar_frame *a,
                         const struct ar_frame *b)
{
    const uint32_t width = a->shape.width_px;
    const uint32_t height = a->shape.height_px;
    uint64_t absolute = 0;
    uint64_t squared = 0;

    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *const in_a = row_of(a, 0, y);
        const uint8_t *const in_b = row_of(b, 0, y);

        for (uint32_t x = 0; x < width; x++) {
            const int32_t one = in_a[x] - in_b[x];

            absolute += (uint32_t)abs(one);
            squared += (uint32_t)(one * one);
        }
    }
    difference->luma = (double)absolute / ((double)width * height);
    difference->squared = (double)squared / ((double)width * height);
    for (uint32_t p = 0; p < 3; p++)
        difference->step[p] = fabs(bench_difference_mean(a, p) - bench_difference_mean(b, p));
}

void bench_difference_add(struct bench_difference *sum, const struct bench_difference *one)
{
    sum->luma += one->luma;
    sum->squared += one->squared;
    for (uint32_t p = 0; p < 3; p++)
        sum->step[p] += one->step[p];
}

void bench_difference_divide(struct bench_difference *sum, uint32_t n)
{
    sum->luma /= n;
    sum->squared /= n;
    for (uint32_t p = 0; p < 3; p++)
        sum->step[p] /= n;
}

void bench_difference_worst(struct bench_difference *worst, const struct bench_difference *one)
{
    worst->luma = fmax(worst->luma, one->luma);
    worst->squared = fmax(worst->squared, one->squared);
    for (uint32_t p = 0; p < 3; p++)
        worst->step[p] = fmax(worst->step[p], one->step[p]);
}

double bench_difference_psnr_db(const struct bench_difference *difference)
{
    return fmin(10 * log10(255 * 255 / difference->squared), MOST_DB);
}
