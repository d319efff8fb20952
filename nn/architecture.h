/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/reason.h"
#include "nn/model.h"

/*
 * Private to nn/: the `architecture` string of a model file (doc/MODEL-FORMAT.md) to layers.
 */

/*
 * Fills layout, border, rate, widths and layers. Every key is known, of the right type and in
 * its range, and references point backwards; what layers mean to each other is nn/graph.h's.
 * `file` stands for the path in reasons. -EINVAL or -ENOMEM.
 */
int ar_architecture_parse(struct ar_model *model, const char *file, const char *text,
                          struct ar_reason *reason);
