/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"
#include "nn/model.h"

/*
 * Where styles live: *.safetensors files in the user's folder, in the daemon's state folder, in the tree that the
 * program was built in, and in the installed data folder. A name found twice is the first one's. One thread.
 */

#define AR_STYLES_MAX 64

/* Which content of a file is meant. */
struct ar_style_stamp {
    uint64_t device;
    uint64_t inode;
    uint64_t size_b;
    int64_t changed_ns;
};

struct ar_style {
    char name[AR_MODEL_NAME_MAX]; /* the file's name without its ending */
    char path[512];
    struct ar_style_stamp stamp;
    bool is_checked;
    struct ar_reason
        problem; /* why it cannot be painted in; empty: it can, or was not checked */
};

struct ar_styles {
    char folder[512];         /* the user's */
    struct ar_reason problem; /* of a folder that cannot be read; empty: there is none */
    uint32_t n_styles;        /* sorted by name */
    struct ar_style list[AR_STYLES_MAX];
};

/*
 * The user's own folder, which may be empty: none. 0 when it can be read, or a negative errno with the reason.
 */
int ar_styles_check_folder(const char *folder, struct ar_reason *reason);

/* What zeroed styles become first. folder as above. Opens no file. */
void ar_styles_find(struct ar_styles *styles, const char *folder);

/*
 * Looks again, and reads every file that is new or another one since the last time. One that is no style stays in the
 * list with its problem, and is told once in the log, as is a folder that cannot be read. Takes some milliseconds for
 * each file that it reads.
 */
void ar_styles_refresh(struct ar_styles *styles);

/*
 * A name of the list, or a path (it has a '/' or ends in .safetensors), to a path.
 * -ENOENT with the names there are.
 */
int ar_styles_resolve(const struct ar_styles *styles, const char *name_or_path, char *path,
                      size_t path_b, struct ar_reason *reason);

/* NULL: none of the list has that name. */
const struct ar_style *ar_styles_get(const struct ar_styles *styles, const char *name);

/*
 * The style `step` places after `name` in the list, around its end, without those that have a problem; the first when name
 * is not in it. NULL when there is none.
 */
const struct ar_style *ar_styles_step(const struct ar_styles *styles, const char *name,
                                      int step);
