/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "nn/tensor.h"
#include "tests/kernels/kcheck.h"

/* Pixels are copied, or one is added to another: every tier, the reference too, is exact. */

enum {
    SRC,
    ADD,
    FIRST,
    SECOND,
    N_ROWS,
};

struct resample_case {
    const char *name;
    uint32_t width;
    enum kcheck_kind kind;
    size_t slack; /* floats between rows and the unmapped page; without, rows are aligned */
    float *rows[N_ROWS];
};

/* Room for n_floats, of which n_drawn get values. */
static void place_row(struct kcheck *check, struct resample_case *c, uint32_t row,
                      size_t n_floats, size_t n_drawn)
{
    const size_t before = check->edge == KCHECK_FIRST_BYTE ? c->slack : 0;

    c->rows[row] = kcheck_place(check, row, (n_floats + c->slack) * sizeof(float));
    c->rows[row] += before;
    for (size_t i = 0; i < n_drawn; i++)
        c->rows[row][i] = kcheck_draw_kind(check, c->kind, 1e30F);
}

/* That nothing was written but n_floats of a row. */
static void check_beside(struct kcheck *check, const struct resample_case *c, uint32_t row,
                         size_t n_floats)
{
    const float *const slack =
        check->edge == KCHECK_FIRST_BYTE ? c->rows[row] - c->slack : c->rows[row] + n_floats;

    if (!kcheck_is_intact(check, row) || !kcheck_is_poison(slack, c->slack * sizeof(*slack)))
        kcheck_fail(check, "wrote beside a row");
}

static void compare(struct kcheck *check, const struct resample_case *c, uint32_t row, size_t x,
                    float want)
{
    const float got = c->rows[row][x];

    if (memcmp(&got, &want, sizeof(got)) != 0)
        kcheck_fail(check, "pixel %zu: %.9g, should be exactly %.9g", x, (double)got,
                    (double)want);
}

static void run_split(struct kcheck *check, struct resample_case *c)
{
    const size_t whole = ar_tensor_whole(c->width);

    c->name = "split";
    place_row(check, c, SRC, 2 * whole, (size_t)2 * c->width);
    place_row(check, c, FIRST, whole, 0);
    place_row(check, c, SECOND, whole, 0);
    check->tier.split_row(c->rows[FIRST], c->rows[SECOND], c->rows[SRC], c->width);
    for (size_t x = 0; x < c->width; x++) {
        compare(check, c, FIRST, x, c->rows[SRC][2 * x]);
        compare(check, c, SECOND, x, c->rows[SRC][2 * x + 1]);
    }
    check_beside(check, c, FIRST, whole);
    check_beside(check, c, SECOND, whole);
}

static void run_widen(struct kcheck *check, struct resample_case *c, bool adds)
{
    const size_t whole = ar_tensor_whole(c->width);

    c->name = adds ? "widen and add" : "widen";
    place_row(check, c, SRC, whole / 2, (c->width + 1) / 2);
    place_row(check, c, ADD, whole, c->width);
    place_row(check, c, FIRST, whole, 0);
    check->tier.widen_row(c->rows[FIRST], c->rows[SRC], adds ? c->rows[ADD] : NULL, c->width);
    for (size_t x = 0; x < c->width; x++)
        compare(check, c, FIRST, x,
                adds ? c->rows[SRC][x / 2] + c->rows[ADD][x] : c->rows[SRC][x / 2]);
    check_beside(check, c, FIRST, whole);
}

static void run_case(struct kcheck *check, uint32_t index, bool splits)
{
    const uint32_t variant = index / KCHECK_N_WIDTHS;
    struct resample_case c = {
        .width = kcheck_width(index % KCHECK_N_WIDTHS),
        .kind = variant / KCHECK_N_EDGES % KCHECK_N_KINDS,
        .slack = kcheck_draw_below(check, 2) * (1 + kcheck_draw_below(check, 15)),
    };

    check->edge = variant % KCHECK_N_EDGES;
    if (splits)
        run_split(check, &c);
    else
        run_widen(check, &c, kcheck_draw_below(check, 2));
    kcheck_where(check, "%s %s, width %u, %s values, %s", check->tier.tier, c.name, c.width,
                 kcheck_kind_name(c.kind), kcheck_edge_name(check->edge));
}

static void run_slot(struct kcheck *check, bool splits)
{
    const uint32_t n_cases = 4 * KCHECK_N_WIDTHS * KCHECK_N_KINDS * KCHECK_N_EDGES;

    for (uint32_t i = 0; i < n_cases && !check->failed; i++)
        run_case(check, i, splits);
    check->n_ran++;
}

void kcheck_resample(struct kcheck *check)
{
    const bool is_reference = kcheck_is_reference(check);

    if (is_reference || check->tier.split_row != check->reference.split_row)
        run_slot(check, true);
    if (is_reference || check->tier.widen_row != check->reference.widen_row)
        run_slot(check, false);
}
