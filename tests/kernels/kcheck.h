/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/kernels.h"

/*
 * Checks the kernels of one tier, on buffers that touch unmapped pages. The reference is checked
 * against formulas in double precision, every other tier against the reference. Knows nothing of a test
 * framework: the first failure is kept as text, and a stray access ends the process.
 */

#define KCHECK_N_BUFFERS 12

enum kcheck_edge {
    KCHECK_LAST_BYTE,  /* the byte after a buffer is unmapped */
    KCHECK_FIRST_BYTE, /* the byte before it is */
    KCHECK_N_EDGES,
};

enum kcheck_kind {
    KCHECK_NORMAL,
    KCHECK_LARGE,
    KCHECK_ZERO,
    KCHECK_DENORMAL,
    KCHECK_EXTREME, /* as large as the sums can be without overflow */
    KCHECK_N_KINDS,
};

struct kcheck {
    struct ar_kernels reference;
    struct ar_kernels tier;
    uint32_t n_ran; /* kernels */
    uint64_t random;
    enum kcheck_edge edge;
    struct {
        uint8_t *pages; /* between two unmapped ones */
        uint8_t *at;
        size_t size_b;
    } buffers[KCHECK_N_BUFFERS];
    bool failed;
    bool located;
    char failure[400]; /* what, then where */
};

/* cpu_flags picks the tier, 0 the reference itself. False when there is no memory. */
bool kcheck_init(struct kcheck *check, uint32_t cpu_flags, uint64_t seed);
void kcheck_finish(struct kcheck *check);

/* Each runs every kernel of a family that is the tier's own, and stops at the first failure. */
void kcheck_dwconv(struct kcheck *check);
void kcheck_pwconv(struct kcheck *check);
void kcheck_resample(struct kcheck *check);
void kcheck_int8(struct kcheck *check);
void kcheck_ingest(struct kcheck *check);
void kcheck_emit(struct kcheck *check);
void kcheck_calm(struct kcheck *check);
void kcheck_orient(struct kcheck *check);

/* Whole pictures, every format: bytes to planes to bytes gives the bytes back. */
void kcheck_round_trip(struct kcheck *check);

/* For the checks themselves. */

bool kcheck_is_reference(const struct kcheck *check);

/* Keeps the first failure only. */
void kcheck_fail(struct kcheck *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says where the failure was, once: a no-op as long as nothing failed. */
void kcheck_where(struct kcheck *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Buffer `index` with room for size_b bytes at the current edge, every byte poisoned: as floats, not-a-number. */
void *kcheck_place(struct kcheck *check, uint32_t index, size_t size_b);

/* Whether nothing was written beside buffer `index`, on the side that is mapped. */
bool kcheck_is_intact(const struct kcheck *check, uint32_t index);

bool kcheck_is_poison(const void *memory, size_t size_b);

uint32_t kcheck_draw_below(struct kcheck *check, uint32_t limit);

/* Widths for kernels that work on whole groups: every one up to two groups, then around more of them. */
#define KCHECK_N_WIDTHS 48

uint32_t kcheck_width(uint32_t index);

/* Uniform in [-1, 1]. */
float kcheck_draw(struct kcheck *check);

/* `extreme` is the largest magnitude of KCHECK_EXTREME. */
float kcheck_draw_kind(struct kcheck *check, enum kcheck_kind kind, float extreme);

const char *kcheck_kind_name(enum kcheck_kind kind);
const char *kcheck_edge_name(enum kcheck_edge edge);
