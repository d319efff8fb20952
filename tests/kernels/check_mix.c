/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "tests/kernels/kcheck.h"

/* Every length up to MAX_BYTES, both edges, shares from end to end: compared byte for byte. */

#define MAX_BYTES 99 /* past three steps of the widest tier */
#define N_SHARES  5

enum buffer {
    BYTES,
    OVER,
};

static uint32_t share_of(struct kcheck *check, uint32_t index)
{
    static const uint32_t ends[] = { 0, 1, AR_MIX_WHOLE / 2, AR_MIX_WHOLE };

    return index < 4 ? ends[index] : kcheck_draw_below(check, AR_MIX_WHOLE + 1);
}

/* Black and white often: there sums would leave 16 bits. */
static void draw_row(struct kcheck *check, uint8_t *row, size_t n_b)
{
    for (size_t i = 0; i < n_b; i++) {
        const uint32_t byte = kcheck_draw_below(check, 384);

        row[i] = (uint8_t)(byte < 256 ? byte : (byte & 1) * UINT8_MAX);
    }
}

static void run_mix(struct kcheck *check, size_t n_b, uint32_t share)
{
    uint8_t *const bytes = kcheck_place(check, BYTES, n_b);
    uint8_t *const over = kcheck_place(check, OVER, n_b);
    uint8_t before[MAX_BYTES];
    uint8_t want[MAX_BYTES];

    draw_row(check, bytes, n_b);
    draw_row(check, over, n_b);
    memcpy(before, bytes, n_b);
    memcpy(want, bytes, n_b);
    check->tier.mix_row(bytes, over, share, n_b);
    if (!kcheck_is_intact(check, BYTES))
        kcheck_fail(check, "wrote beside the row");
    if (!kcheck_is_reference(check))
        check->reference.mix_row(want, over, share, n_b);
    for (size_t i = 0; i < n_b; i++) {
        if (kcheck_is_reference(check))
            want[i] = (uint8_t)floor(
                before[i] + (over[i] - before[i]) * ((double)share / AR_MIX_WHOLE) + 0.5);
        if (bytes[i] != want[i])
            kcheck_fail(check, "byte %zu: %u, should be exactly %u", i, bytes[i], want[i]);
    }
    kcheck_where(check, "%s mix, %zu bytes, share %u, %s", check->tier.tier, n_b, share,
                 kcheck_edge_name(check->edge));
}

void kcheck_mix(struct kcheck *check)
{
    if (!kcheck_is_reference(check) && check->tier.mix_row == check->reference.mix_row)
        return;
    for (uint32_t edge = 0; edge < KCHECK_N_EDGES; edge++) {
        check->edge = edge;
        for (uint32_t i = 0; i < MAX_BYTES * N_SHARES && !check->failed; i++)
            run_mix(check, 1 + i / N_SHARES, share_of(check, i % N_SHARES));
    }
    check->n_ran++;
}
