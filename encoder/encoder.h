/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/frame.h"
#include "nn/net.h"

/*
 * Encoder: a camera frame to features, at one rung of the width ladder.
 *
 * Reads the frame's own format (I420, NV12, YUYV, XRGB, either range) straight into network planes,
 * watches for scene cuts, and runs segment 0. Called by the compute thread only.
 */

struct ar_encoder;

/* The net is borrowed and shared with the decoder. */
int ar_encoder_create(struct ar_encoder **out, struct ar_net *net);
/* Accepts NULL. */
void ar_encoder_destroy(struct ar_encoder *encoder);

/* The frame has the net's size: asserted. True when this frame is a scene cut (statistics were forgotten). */
bool ar_encoder_run(struct ar_encoder *encoder, const struct ar_frame *frame, uint32_t rung);
