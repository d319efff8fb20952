/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/*
 * Randomness that is a pure function of its arguments: the paint of the built-in scene.
 */

/* 32 well mixed bits. */
uint32_t ar_noise_hash(uint32_t seed, uint32_t x, uint32_t y);

/* In [0, 1), from the same bits. */
float ar_noise_uniform(uint32_t seed, uint32_t x, uint32_t y);

/* Smooth noise in about [-1, 1] with features of size 1. It repeats in x every period_x (0: never). */
float ar_noise_smooth(uint32_t seed, float x, float y, uint32_t period_x);

/* n_octaves of it, each half as strong and twice as fine as the one before, in about [-1, 1]. */
float ar_noise_fractal(uint32_t seed, float x, float y, uint32_t period_x, uint32_t n_octaves);

/* The classic 0..1 ramp with flat ends; low may be above high. */
float ar_noise_ramp(float low, float high, float value);
