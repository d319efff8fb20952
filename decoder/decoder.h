/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/frame.h"
#include "decoder/blend.h"
#include "decoder/temporal.h"
#include "nn/net.h"

/*
 * Decoder: features to a painted frame, in segments with a decision point before each.
 *
 * Between two segments the caller may change its mind about the width. Called by the compute
 * thread only, after ar_encoder_run() on the same net.
 */

struct ar_decoder;

/*
 * The net is borrowed and shared with the encoder. So are the filter and the blend, which other decoders may be given
 * too: they go on where another of them left off. NULL: frames are shown as they are painted.
 */
int ar_decoder_create(struct ar_decoder **out, struct ar_net *net,
                      struct ar_decoder_temporal *temporal, struct ar_decoder_blend *blend);
/* Accepts NULL. */
void ar_decoder_destroy(struct ar_decoder *decoder);

uint32_t ar_decoder_n_segments(const struct ar_decoder *decoder);

/* A segment but the last; counts from 0: the first after the encoder. In order, each once per frame. */
void ar_decoder_run(struct ar_decoder *decoder, uint32_t segment, uint32_t rung);

/*
 * Runs the last segment, and writes the picture as its rows are made: in out's own format and range, calmed by what the
 * camera saw and blended with it (in: what the encoder was given); out has the net's size and, where there is a filter or a
 * blend, its shape. Ends the frame. Gives the microseconds that writing took of it, shared among the workers.
 */
uint64_t ar_decoder_paint(struct ar_decoder *decoder, uint32_t rung, const struct ar_frame *in,
                          struct ar_frame *out);
