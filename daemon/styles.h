/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/reason.h"
#include "nn/model.h"

/*
 * Where styles live: *.safetensors files in the user's folder, in the tree that the program was built in,
 * and in the installed data folder. A name found twice is the first one's. One thread.
 */

#define AR_STYLES_MAX 64

struct ar_style {
    char name[AR_MODEL_NAME_MAX]; /* the file's name without its ending */
    char path[512];
};

struct ar_styles {
    uint32_t n_styles; /* sorted by name */
    struct ar_style list[AR_STYLES_MAX];
};

/* folder may be empty. Missing folders are not an error: an empty list is what they give. */
void ar_styles_find(struct ar_styles *styles, const char *folder);

/*
 * A name of the list, or a path (it has a '/' or ends in .safetensors), to a path.
 * -ENOENT with the names there are.
 */
int ar_styles_resolve(const struct ar_styles *styles, const char *name_or_path, char *path,
                      size_t path_b, struct ar_reason *reason);

/* The style `step` places after `name` in the list, around its end; the first when name is not in it. NULL when empty. */
const struct ar_style *ar_styles_step(const struct ar_styles *styles, const char *name,
                                      int step);
