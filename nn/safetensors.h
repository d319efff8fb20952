/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"

/*
 * A safetensors file, read privately into memory and checked as a container: header, names,
 * offsets, types, finiteness. Knows nothing of networks. (Read, not mapped: a file that is
 * truncated or replaced while we run must not become a SIGBUS in the frame path.) Immutable
 * after open; any thread may read.
 */

#define AR_SAFETENSORS_MAX_DIMS 4
#define AR_SAFETENSORS_MAX_B    (64u << 20)

struct ar_safetensors;

struct ar_safetensors_view {
    const float *data; /* aligned to 4 bytes; owned by the file object */
    uint32_t n_dims;
    uint32_t dims[AR_SAFETENSORS_MAX_DIMS];
    size_t n_values;
};

/*
 * -ENOENT, -EACCES, ... from the file; -EINVAL with the tensor and the rule for its contents.
 */
int ar_safetensors_open(struct ar_safetensors **out, const char *path,
                        struct ar_reason *reason);
/*
 * As open, from memory (borrowed for the call); `name` stands for the path in reasons. For
 * fuzzing and tests.
 */
int ar_safetensors_parse(struct ar_safetensors **out, const char *name, const void *bytes,
                         size_t size_b, struct ar_reason *reason);
/* Accepts NULL. */
void ar_safetensors_close(struct ar_safetensors *file);

/* The value of a metadata key, or NULL. */
const char *ar_safetensors_meta(const struct ar_safetensors *file, const char *key);
/* FNV-1a of the whole file. */
uint64_t ar_safetensors_hash(const struct ar_safetensors *file);

/* Tensors count from 0 in the order of their data. */
uint32_t ar_safetensors_count(const struct ar_safetensors *file);
const char *ar_safetensors_name(const struct ar_safetensors *file, uint32_t index);
/* The tensor's index, or -ENOENT. */
int ar_safetensors_find(const struct ar_safetensors *file, const char *name,
                        struct ar_safetensors_view *view);
