/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "nn/model.h"
#include "nn/net.h"

/*
 * For tests: networks drawn at random, with every op, option and border, and planes to feed
 * them.
 */

/* A model of 5 to 13 layers and 1 to 3 widths, all drawn from the seed. To be closed. */
struct ar_model *nn_maker_model(uint64_t seed);

/* Fills the net's input planes, halo too, with seeded noise and gradients. */
void nn_maker_planes(const struct ar_net *net, uint64_t seed);
