/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "nn/image.h"
#include "tests/kernels/kcheck.h"

/*
 * The kernels of decoder/temporal: every width up to MAX_BLOCKS, both edges, all that is written
 * compared byte for byte. The formulas are those of nn/kernels.h, in double precision.
 */

#define MAX_BLOCKS 67 /* past two steps of the widest tier */
#define N_CASES    (MAX_BLOCKS * KCHECK_N_EDGES)
#define MOST_SHOWN (UINT8_MAX * AR_CALM_LEVEL)

enum buffer {
    SHOWN,
    GAINS, /* or what the camera sees now */
    BYTES, /* or the changes */
    ROW,
    NEXT_ROW,
    LAST_ROW,
    NEAR,
    FAR,
};

/* What a kernel has written, kept while the reference does it again. */
struct kept {
    int16_t words[2][MAX_BLOCKS * 8];
    uint8_t bytes[MAX_BLOCKS * 8];
};

static int16_t draw_shown(struct kcheck *check)
{
    return (int16_t)kcheck_draw_below(check, MOST_SHOWN + 1);
}

/* Ends of the range often: there sums would leave 16 bits. */
static uint8_t draw_byte(struct kcheck *check)
{
    const uint32_t byte = kcheck_draw_below(check, 384);

    return (uint8_t)(byte < 256 ? byte : (byte & 1) * UINT8_MAX);
}

static double step(double shown, double to, double gain)
{
    return shown + floor((to - shown) * gain / AR_CALM_WHOLE + 0.5);
}

static void expect(struct kcheck *check, const char *what, size_t i, double got, double want)
{
    if (got != want)
        kcheck_fail(check, "%s %zu: %g, should be exactly %g", what, i, got, want);
}

static void expect_intact(struct kcheck *check, uint32_t first, uint32_t last)
{
    for (uint32_t i = first; i <= last; i++)
        if (!kcheck_is_intact(check, i))
            kcheck_fail(check, "wrote beside buffer %u", i);
}

static void place(struct kcheck *check, uint32_t index, uint32_t *n_blocks)
{
    *n_blocks = 1 + index % MAX_BLOCKS;
    check->edge = index / MAX_BLOCKS;
}

static int16_t *place_shown(struct kcheck *check, size_t n)
{
    int16_t *const shown = kcheck_place(check, SHOWN, n * sizeof(*shown));

    for (size_t i = 0; i < n; i++)
        shown[i] = draw_shown(check);
    return shown;
}

static double expected_gain(double gain, double difference)
{
    const double span = AR_CALM_OPEN_TO - AR_CALM_OPEN_FROM;
    const double levels = fmax(fabs(difference) / AR_CALM_LEVEL - AR_CALM_OPEN_FROM, 0);

    /* One step below the whole, as differences come in steps. */
    return fmax(gain, fmin(levels * AR_CALM_WHOLE / span,
                           AR_CALM_WHOLE - AR_CALM_WHOLE / (span * AR_CALM_LEVEL)));
}

static void run_calm(struct kcheck *check, uint32_t slot, uint32_t index)
{
    const uint32_t share = 1u << slot;
    struct kept before;
    uint32_t n_gains;

    place(check, index, &n_gains);

    const size_t n = (size_t)n_gains * share;
    int16_t *const shown = place_shown(check, n);
    int16_t *const gains = kcheck_place(check, GAINS, n_gains * sizeof(*gains));
    uint8_t *const bytes = kcheck_place(check, BYTES, n);

    for (size_t i = 0; i < n_gains; i++)
        gains[i] = (int16_t)kcheck_draw_below(check, AR_CALM_WHOLE);
    gains[0] = index % 2 ? 0 : AR_CALM_GAIN_MAX;
    for (size_t i = 0; i < n; i++)
        bytes[i] = i % 3 ? draw_byte(check) : (uint8_t)(shown[i] / AR_CALM_LEVEL);
    memcpy(before.words[0], shown, n * sizeof(*shown));
    memcpy(before.bytes, bytes, n);
    check->tier.calm_row[slot](bytes, shown, gains, n_gains);
    expect_intact(check, SHOWN, BYTES);
    if (!kcheck_is_reference(check))
        check->reference.calm_row[slot](before.bytes, before.words[0], gains, n_gains);
    for (size_t i = 0; i < n; i++) {
        double want = before.words[0][i];

        if (kcheck_is_reference(check)) {
            const double to = (double)before.bytes[i] * AR_CALM_LEVEL;

            want = step(want, to, expected_gain(gains[i / share], to - want));
            before.bytes[i] = (uint8_t)floor(want / AR_CALM_LEVEL + 0.5);
        }
        expect(check, "shown", i, shown[i], want);
        expect(check, "byte", i, bytes[i], before.bytes[i]);
    }
    kcheck_where(check, "%s calm, a gain for %u, width %u, %s", check->tier.tier, share,
                 n_gains, kcheck_edge_name(check->edge));
}

static struct ar_gain_curve draw_curve(struct kcheck *check)
{
    struct ar_gain_curve curve = {
        .still = (uint16_t)kcheck_draw_below(check, AR_CALM_WHOLE),
        .from = (uint16_t)kcheck_draw_below(check, 400),
        .span = (uint16_t)(1 + kcheck_draw_below(check, 600)),
    };

    curve.slope = (uint16_t)((AR_CALM_GAIN_MAX - curve.still) / curve.span + 1);
    return curve;
}

/* Rows of changes with the halo that the kernel may read. */
static void place_changes(struct kcheck *check, const uint8_t *rows[3], uint32_t n_blocks)
{
    for (uint32_t i = 0; i < 3; i++) {
        uint8_t *const row = kcheck_place(check, ROW + i, n_blocks + 2);
        const uint32_t most = kcheck_draw_below(check, 256);

        for (uint32_t x = 0; x < n_blocks + 2; x++)
            row[x] = (uint8_t)kcheck_draw_below(check, most + 1);
        rows[i] = row + 1;
    }
}

static double sum_3x3(const uint8_t *const *rows, size_t x)
{
    double sum = 0;

    for (size_t i = 0; i < 9; i++)
        sum += rows[i / 3][(ptrdiff_t)(x + i % 3) - 1];
    return sum;
}

static struct ar_gain_reach place_reach(struct kcheck *check, uint32_t n_blocks)
{
    const int32_t most = kcheck_draw_below(check, AR_CALM_WHOLE);
    struct ar_gain_reach reach = { .share = (int16_t)kcheck_draw_below(check, AR_CALM_WHOLE) };

    for (uint32_t i = 0; i < 2; i++) {
        int16_t *const row = kcheck_place(check, NEAR + i, n_blocks * sizeof(*row));

        for (uint32_t x = 0; x < n_blocks; x++)
            row[x] = (int16_t)kcheck_draw_below(check, (uint32_t)most + 1);
        reach.rows[i] = row;
    }
    return reach;
}

static void run_gain(struct kcheck *check, uint32_t index)
{
    const struct ar_gain_curve curve = draw_curve(check);
    struct ar_gain_reach reach;
    const uint8_t *rows[3];
    int16_t now[MAX_BLOCKS];
    struct kept kept;
    uint32_t n_blocks;

    place(check, index, &n_blocks);

    int16_t *const shown = place_shown(check, n_blocks);
    int16_t *const gains = kcheck_place(check, GAINS, n_blocks * sizeof(*gains));

    place_changes(check, rows, n_blocks);
    reach = place_reach(check, n_blocks);
    for (size_t x = 0; x < n_blocks; x++)
        now[x] = draw_shown(check);
    memcpy(kept.words[0], shown, n_blocks * sizeof(*shown));
    check->tier.gain_row(gains, shown, now, rows, &curve, &reach, n_blocks);
    expect_intact(check, SHOWN, GAINS);
    if (!kcheck_is_reference(check))
        check->reference.gain_row(kept.words[1], kept.words[0], now, rows, &curve, &reach,
                                  n_blocks);
    for (size_t x = 0; x < n_blocks; x++) {
        double gain = kept.words[1][x];
        double want = kept.words[0][x];

        if (kcheck_is_reference(check)) {
            const double above = fmax(sum_3x3(rows, x) - curve.from, 0);

            gain = fmin(curve.still + fmin(above, curve.span) * curve.slope, AR_CALM_GAIN_MAX);
            gain = fmax(gain, step(reach.rows[0][x], reach.rows[1][x], reach.share));
            want = step(want, now[x], gain);
        }
        expect(check, "gain", x, gains[x], gain);
        expect(check, "shown", x, shown[x], want);
    }
    kcheck_where(check, "%s gain, width %u, %s", check->tier.tier, n_blocks,
                 kcheck_edge_name(check->edge));
}

static void run_moving(struct kcheck *check, uint32_t index)
{
    const uint8_t least = draw_byte(check);
    struct kept kept;
    uint32_t n_blocks;

    place(check, index, &n_blocks);

    const uint32_t n_counts = (n_blocks + 7) / 8;
    uint8_t *const counts = kcheck_place(check, BYTES, n_counts);
    uint8_t *const change = kcheck_place(check, ROW, n_blocks);

    for (uint32_t i = 0; i < n_counts; i++)
        kept.bytes[i] = counts[i] = (uint8_t)kcheck_draw_below(check, 57);
    for (uint32_t x = 0; x < n_blocks; x++) {
        change[x] = x % 3 ? draw_byte(check) : (uint8_t)(least - x % 2);
        kept.bytes[x / 8] = (uint8_t)(kept.bytes[x / 8] + (change[x] >= least));
    }
    check->tier.moving_row(counts, change, least, n_blocks);
    expect_intact(check, BYTES, BYTES);
    for (uint32_t i = 0; i < n_counts; i++)
        expect(check, "count", i, counts[i], kept.bytes[i]);
    kcheck_where(check, "%s moving, width %u, %s", check->tier.tier, n_blocks,
                 kcheck_edge_name(check->edge));
}

static double luma_at(enum ar_frame_format format, const uint8_t *row, size_t x)
{
    static const uint32_t steps_b[AR_FRAME_N_FORMATS] = { 1, 1, 2, 4 };
    const uint8_t *const pixel = row + x * steps_b[format];

    if (format != AR_FRAME_XRGB)
        return pixel[0];
    return (77.0 * pixel[2] + 150.0 * pixel[1] + 29.0 * pixel[0]) / 256;
}

static void run_guide(struct kcheck *check, enum ar_frame_format format, uint32_t index)
{
    static const uint32_t bytes_b[AR_FRAME_N_FORMATS] = { 2, 2, 4, 8 }; /* of a block's row */
    struct kept kept;
    uint32_t n_blocks;

    place(check, index, &n_blocks);

    int16_t *const shown = place_shown(check, n_blocks);
    int16_t *const now = kcheck_place(check, GAINS, n_blocks * sizeof(*now));
    uint8_t *const change = kcheck_place(check, BYTES, n_blocks);
    struct ar_image_rows rows = { .width_px = 2 * n_blocks };

    for (size_t i = 0; i < 2; i++) {
        rows.y[i] = kcheck_place(check, ROW + (uint32_t)i, (size_t)bytes_b[format] * n_blocks);
        for (size_t k = 0; k < (size_t)bytes_b[format] * n_blocks; k++)
            rows.y[i][k] = draw_byte(check);
    }
    check->tier.guide_row[format](now, change, shown, &rows);
    expect_intact(check, SHOWN, BYTES);
    if (!kcheck_is_reference(check))
        check->reference.guide_row[format](kept.words[0], kept.bytes, shown, &rows);
    for (size_t x = 0; x < n_blocks; x++) {
        double want = kept.words[0][x];
        double want_change = kept.bytes[x];

        if (kcheck_is_reference(check)) {
            double sum = 0;

            for (size_t i = 0; i < 4; i++)
                sum += luma_at(format, rows.y[i / 2], 2 * x + i % 2);
            want = floor(sum / 4 * AR_CALM_LEVEL + 0.5);
            want_change = fmin(floor(fabs(want - shown[x]) / AR_CALM_CHANGE + 0.5), UINT8_MAX);
        }
        expect(check, "guide", x, now[x], want);
        expect(check, "change", x, change[x], want_change);
    }
    kcheck_where(check, "%s guide of format %u, width %u, %s", check->tier.tier,
                 (unsigned)format, n_blocks, kcheck_edge_name(check->edge));
}

void kcheck_calm(struct kcheck *check)
{
    const bool all = kcheck_is_reference(check);

    for (uint32_t slot = 0; slot < AR_KERNELS_N_SHARES; slot++) {
        if (!all && check->tier.calm_row[slot] == check->reference.calm_row[slot])
            continue;
        for (uint32_t i = 0; i < N_CASES && !check->failed; i++)
            run_calm(check, slot, i);
        check->n_ran++;
    }
    if (all || check->tier.gain_row != check->reference.gain_row) {
        for (uint32_t i = 0; i < N_CASES && !check->failed; i++)
            run_gain(check, i);
        check->n_ran++;
    }
    if (all || check->tier.moving_row != check->reference.moving_row) {
        for (uint32_t i = 0; i < N_CASES && !check->failed; i++)
            run_moving(check, i);
        check->n_ran++;
    }
    for (uint32_t format = 0; format < AR_KERNELS_N_FORMATS; format++) {
        if (!all && check->tier.guide_row[format] == check->reference.guide_row[format])
            continue;
        for (uint32_t i = 0; i < N_CASES && !check->failed; i++)
            run_guide(check, format, i);
        check->n_ran++;
    }
}
