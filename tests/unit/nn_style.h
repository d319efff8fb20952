/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/*
 * For tests: style files in memory, made from an architecture with seeded weights, to be
 * spoiled one rule at a time. Written without looking at the loader's tables. Aborts when it
 * cannot go on.
 */

struct nn_random {
    uint64_t state;
};

/* Any seed; the same numbers on every machine. */
struct nn_random nn_random_seed(uint64_t seed);
uint32_t nn_random_below(struct nn_random *random, uint32_t limit);
/* About normal: mean 0, deviation 1. */
double nn_random_normal(struct nn_random *random);

struct nn_style {
    json_t *header; /* as in the file, __metadata__ included: change it at will */
    float *data;
    size_t n_values;
};

/* Tensors for every layer of `architecture` (JSON), weights near what keeps results near 1. */
void nn_style_init(struct nn_style *style, const char *architecture, uint64_t seed);
void nn_style_finish(struct nn_style *style);
/* Int8 ranges for every layer, no two values alike. */
void nn_style_add_ranges(struct nn_style *style);

/*
 * Appends a tensor of n_dims sizes; its values are at the returned place until the next call.
 */
float *nn_style_add(struct nn_style *style, const char *name, const uint32_t *dims,
                    uint32_t n_dims);
/* A tensor's header entry, and its metadata. Borrowed. */
json_t *nn_style_tensor(const struct nn_style *style, const char *name);
json_t *nn_style_meta(const struct nn_style *style);
/* A tensor's values, until the next nn_style_add(). */
float *nn_style_values(const struct nn_style *style, const char *name);

/* The file's bytes, to be freed. */
uint8_t *nn_style_bytes(const struct nn_style *style, size_t *size_b);
