/* SPDX-License-Identifier: MIT */
#include "tests/kernels/kcheck.h"

/*
 * The kernels that turn pictures: every size up to past the widest step, both edges, rows forward and backward. Moves of
 * bytes are compared with what nn/kernels.h says of them, in every tier.
 */

#define MAX_N    70 /* elements of a row */
#define MAX_SIDE 37 /* of what is transposed: past two tiles of bytes */

enum buffer {
    DST,
    SRC,
};

static void draw_bytes(struct kcheck *check, uint8_t *bytes, size_t n_b)
{
    for (size_t i = 0; i < n_b; i++)
        bytes[i] = (uint8_t)kcheck_draw_below(check, 256);
}

static void expect(struct kcheck *check, const char *what, size_t i, uint8_t got, uint8_t want)
{
    if (got != want)
        kcheck_fail(check, "%s %zu: %u, should be %u", what, i, got, want);
}

static uint32_t size_of(uint32_t slot)
{
    return slot == AR_KERNELS_YUYV_PAIR ? 4 : 1u << slot;
}

/* Byte `byte` of a mirrored element comes from this byte of the original. */
static uint32_t byte_of(uint32_t slot, uint32_t byte)
{
    static const uint32_t yuyv[] = { 2, 1, 0, 3 };

    return slot == AR_KERNELS_YUYV_PAIR ? yuyv[byte] : byte;
}

static void run_mirror(struct kcheck *check, uint32_t slot, uint32_t n)
{
    const uint32_t size_b = size_of(slot);
    uint8_t *const dst = kcheck_place(check, DST, (size_t)n * size_b);
    uint8_t *const src = kcheck_place(check, SRC, (size_t)n * size_b);

    draw_bytes(check, src, (size_t)n * size_b);
    check->tier.mirror_row[slot](dst, src, n);
    if (!kcheck_is_intact(check, DST))
        kcheck_fail(check, "wrote beside the row");
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t b = 0; b < size_b; b++)
            expect(check, "byte", (size_t)i * size_b + b, dst[i * size_b + b],
                   src[(n - 1 - i) * size_b + byte_of(slot, b)]);
    kcheck_where(check, "%s mirror, slot %u, %u elements, %s", check->tier.tier, slot, n,
                 kcheck_edge_name(check->edge));
}

/* Rows lie close together, so that the edge is theirs; backward from the last one where `turned`. */
static void run_transpose(struct kcheck *check, uint32_t slot, uint32_t width, uint32_t height,
                          bool turned)
{
    const uint32_t size_b = 1u << slot;
    const size_t n_b = (size_t)width * height * size_b;
    uint8_t *const dst = kcheck_place(check, DST, n_b);
    uint8_t *const src = kcheck_place(check, SRC, n_b);
    struct ar_transpose job = { .dst = dst,
                                .dst_stride_b = (ptrdiff_t)height * size_b,
                                .src = src,
                                .src_stride_b = (ptrdiff_t)width * size_b,
                                .width = width,
                                .height = height };

    draw_bytes(check, src, n_b);
    if (turned) {
        job.dst += (width - 1) * job.dst_stride_b;
        job.src += (height - 1) * job.src_stride_b;
        job.dst_stride_b = -job.dst_stride_b;
        job.src_stride_b = -job.src_stride_b;
    }
    check->tier.transpose[slot](&job);
    if (!kcheck_is_intact(check, DST))
        kcheck_fail(check, "wrote beside the picture");
    for (ptrdiff_t y = 0; y < (ptrdiff_t)height; y++)
        for (ptrdiff_t x = 0; x < (ptrdiff_t)width; x++)
            for (ptrdiff_t b = 0; b < (ptrdiff_t)size_b; b++)
                expect(check, "byte of row", (size_t)x,
                       job.dst[x * job.dst_stride_b + y * size_b + b],
                       job.src[y * job.src_stride_b + x * size_b + b]);
    kcheck_where(check, "%s transpose, slot %u, %ux%u%s, %s", check->tier.tier, slot, width,
                 height, turned ? " backward" : "", kcheck_edge_name(check->edge));
}

static void check_mirrors(struct kcheck *check)
{
    for (uint32_t slot = 0; slot < AR_KERNELS_N_MIRRORS; slot++) {
        if (!kcheck_is_reference(check) &&
            check->tier.mirror_row[slot] == check->reference.mirror_row[slot])
            continue;
        for (uint32_t n = 1; n <= MAX_N && !check->failed; n++)
            run_mirror(check, slot, n);
        check->n_ran += check->edge == 0; /* once for both edges */
    }
}

static void check_transposes(struct kcheck *check)
{
    for (uint32_t slot = 0; slot < AR_KERNELS_N_TRANSPOSES; slot++) {
        if (!kcheck_is_reference(check) &&
            check->tier.transpose[slot] == check->reference.transpose[slot])
            continue;
        for (uint32_t i = 0; i < MAX_SIDE * MAX_SIDE && !check->failed; i++)
            run_transpose(check, slot, 1 + i % MAX_SIDE, 1 + i / MAX_SIDE, i % 2);
        check->n_ran += check->edge == 0; /* once for both edges */
    }
}

void kcheck_orient(struct kcheck *check)
{
    for (uint32_t edge = 0; edge < KCHECK_N_EDGES; edge++) {
        check->edge = edge;
        check_mirrors(check);
        check_transposes(check);
    }
}
