/* SPDX-License-Identifier: MIT */
#include "decoder/temporal.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "nn/image.h"

const struct ar_option ar_decoder_options[] = {
    { .key = "calm",
      .type = AR_OPTION_FRACTION,
      .offset = offsetof(struct ar_decoder_params, calm),
      .fallback = "0.7",
      .max = 0.95,
      .zero_word = "off",
      .apply = AR_OPTION_LIVE,
      .help = "how steady strokes are where nothing moves; more takes longer to follow light" },
    { 0 },
};

#define CHUNKS_PER_WORKER 4

#define ROW_ALIGN    64
#define MAX_BLOCKS   (AR_FRAME_MAX_W_PX / 2)
#define CHANGE_LEVEL (9 * AR_CALM_LEVEL / AR_CALM_CHANGE) /* a level's change in all of 3 x 3 */

/*
 * Where the gain starts to rise, in summed changes. The least is above what the coding of a clean clip
 * leaves (three quarters of the blocks of three clips change by less than 0.5 levels, nine tenths by less
 * than 1.2). The most is of a camera in the dark: 3.4 levels of noise a block, 6.8 a pixel.
 */
#define FROM_MIN (2 * CHANGE_LEVEL)
#define FROM_MAX (6 * CHANGE_LEVEL)
#define FROM_Q   8 /* fraction bits of what is followed */

/*
 * `from` is 5/2 of the level that a quarter of the changes stay below. Of |differences| of normal noise,
 * summed over nine, that leaves 3 in 1000 above it. It is followed by counting: as many below it as wanted,
 * and it stays; none below, and it rises by 1/32, all below, and it falls by 3/32. So a pan of a second
 * hardly lifts it.
 */
#define FROM_NUMERATOR   5
#define FROM_DENOMINATOR 2
#define FOLLOW           32

/* Whole at 5/2 of `from`: a moving edge of single levels is noise, one of fifteen never is. */
#define SPAN_OF(from) ((from)*3 / 2)

/*
 * The network repaints strokes beyond what moved. Measured on three clips and one style, the painting changed
 * by 2.3 to 3.1 levels one block off, half as much at 12 px, like anywhere else from 32 px on. So blocks that
 * move are counted in cells of 8 x 8 of them; a cell with four, and those around it, have at least 5/8 of
 * a gain, from there on less, linearly between the cells' centres. That leaves a ghost three eighths after one
 * frame and a twentieth after three, without a seam; a whole gain leaves none, but every stroke there shimmers.
 */
#define CELL       8
#define CELL_FULL  4
#define REACH_MOST (AR_CALM_WHOLE * 5 / 8)

/* How far block i between two cells' centres is from the first one, of AR_CALM_WHOLE. */
#define SHARE_AT(i) ((2 * (i) + 1) * (AR_CALM_WHOLE / (2 * CELL)))

/*
 * The share of blocks that move, in tenths: from the first on the picture counts as moving, from the second on
 * all of it does. Cameras that stood still gave 0.11 at most, a clip of 12 pictures a second with coarse key
 * frames 0.31; pans by one pixel a frame over textured scenes 0.4.
 */
#define PAN_FROM_TENTHS 3
#define PAN_TO_TENTHS   6

/* The noise is sampled in one block of SAMPLE_COLUMNS x SAMPLE_ROWS. */
#define SAMPLE_COLUMNS 8
#define SAMPLE_ROWS    4

struct ar_decoder_temporal {
    const struct ar_kernels *kernels;
    struct ar_workers *workers;
    struct ar_frame_shape shape; /* of what is painted */
    uint32_t width;              /* blocks */
    uint32_t height;
    size_t block_stride;
    size_t change_stride;
    int16_t *now;       /* the guide, [height][block_stride] */
    int16_t *copy;      /* the guide as shown */
    uint8_t *change;    /* [height][change_stride], one block of halo on either side */
    uint32_t n_columns; /* cells */
    uint32_t n_rows;
    uint8_t *moving; /* blocks, [n_rows][n_columns] */
    int16_t *reach;  /* gains, [n_rows][reach_stride], that of block 0 at CELL / 2 */
    size_t reach_stride;
    int16_t *shown[3];
    size_t shown_stride[3];

    uint16_t still; /* gain where nothing moves; 0: off */
    bool is_fresh;  /* nothing is shown yet */
    uint32_t from_q8;

    /* The frame under way. */
    const struct ar_frame *in;
    struct ar_gain_curve curve;
    uint32_t n_below[AR_WORKERS_MAX]; /* samples */
};

static uint32_t parts_of(uint32_t whole, uint32_t part)
{
    return (whole + part - 1) / part;
}

/* Zeroed. */
static void *allocate(size_t size_b)
{
    void *const memory = aligned_alloc(ROW_ALIGN, ar_align_up(size_b, ROW_ALIGN));

    return memory ? memset(memory, 0, ar_align_up(size_b, ROW_ALIGN)) : NULL;
}

static int allocate_all(struct ar_decoder_temporal *temporal)
{
    const size_t n_blocks = temporal->block_stride * temporal->height;

    temporal->now = allocate(n_blocks * sizeof(*temporal->now));
    temporal->copy = allocate(n_blocks * sizeof(*temporal->copy));
    temporal->change = allocate(temporal->change_stride * temporal->height);
    temporal->moving = allocate((size_t)temporal->n_rows * temporal->n_columns);
    temporal->reach =
        allocate(temporal->reach_stride * temporal->n_rows * sizeof(*temporal->reach));
    if (!temporal->now || !temporal->copy || !temporal->change || !temporal->moving ||
        !temporal->reach)
        return -ENOMEM;
    for (uint32_t i = 0; i < ar_frame_n_planes(temporal->shape.format); i++) {
        const size_t stride =
            ar_align_up(ar_frame_plane_width_b(&temporal->shape, i), ROW_ALIGN);

        temporal->shown_stride[i] = stride;
        temporal->shown[i] = allocate(stride * ar_frame_plane_rows(&temporal->shape, i) *
                                      sizeof(*temporal->shown[i]));
        if (!temporal->shown[i])
            return -ENOMEM;
    }
    return 0;
}

int ar_decoder_temporal_create(struct ar_decoder_temporal **out,
                               const struct ar_frame_shape *shape,
                               const struct ar_kernels *kernels, struct ar_workers *workers)
{
    struct ar_decoder_temporal *temporal = calloc(1, sizeof(*temporal));
    int ret;

    *out = NULL;
    if (!temporal)
        return -ENOMEM;
    temporal->kernels = kernels;
    temporal->workers = workers;
    temporal->shape = *shape;
    temporal->width = shape->width_px / 2;
    temporal->height = shape->height_px / 2;
    temporal->block_stride = ar_align_up(temporal->width, ROW_ALIGN);
    temporal->change_stride = ar_align_up(temporal->width + 2, ROW_ALIGN);
    temporal->from_q8 = FROM_MIN << FROM_Q;
    temporal->n_columns = parts_of(temporal->width, CELL);
    temporal->n_rows = parts_of(temporal->height, CELL);
    temporal->reach_stride = ar_align_up(((size_t)temporal->n_columns + 1) * CELL, ROW_ALIGN);
    temporal->is_fresh = true;
    ret = allocate_all(temporal);
    if (ret < 0) {
        ar_decoder_temporal_destroy(temporal);
        return ret;
    }
    *out = temporal;
    return 0;
}

void ar_decoder_temporal_destroy(struct ar_decoder_temporal *temporal)
{
    if (!temporal)
        return;
    for (uint32_t i = 0; i < AR_ARRAY_LEN(temporal->shown); i++)
        free(temporal->shown[i]);
    free(temporal->reach);
    free(temporal->moving);
    free(temporal->change);
    free(temporal->copy);
    free(temporal->now);
    free(temporal);
}

void ar_decoder_temporal_set_params(struct ar_decoder_temporal *temporal,
                                    const struct ar_decoder_params *params)
{
    const bool is_on = params->calm > 0.0;

    if (is_on && temporal->still == 0)
        ar_decoder_temporal_forget(temporal);
    temporal->still =
        is_on ? (uint16_t)(AR_CALM_GAIN_MAX - lround(params->calm * AR_CALM_GAIN_MAX)) : 0;
}

void ar_decoder_temporal_forget(struct ar_decoder_temporal *temporal)
{
    temporal->is_fresh = true;
}

/* A whole gain leaves 1/128 of a level behind: so that nothing of the old scene is left, not even that. */
static void clear(struct ar_decoder_temporal *temporal)
{
    memset(temporal->copy, 0,
           temporal->block_stride * temporal->height * sizeof(*temporal->copy));
    for (uint32_t i = 0; i < ar_frame_n_planes(temporal->shape.format); i++)
        memset(temporal->shown[i], 0,
               temporal->shown_stride[i] * ar_frame_plane_rows(&temporal->shape, i) *
                   sizeof(*temporal->shown[i]));
}

/* More where the picture moves as a whole. */
static uint32_t still_gain(const struct ar_decoder_temporal *temporal)
{
    const uint32_t n_blocks = temporal->width * temporal->height;
    const uint32_t from = PAN_FROM_TENTHS * n_blocks;
    const uint32_t span = (PAN_TO_TENTHS - PAN_FROM_TENTHS) * n_blocks;
    uint32_t moving = 0;

    if (temporal->is_fresh)
        return AR_CALM_GAIN_MAX;
    for (size_t i = 0; i < (size_t)temporal->n_rows * temporal->n_columns; i++)
        moving += 10u * temporal->moving[i];
    moving = ar_min_u32(moving > from ? moving - from : 0, span);
    return temporal->still +
           (uint32_t)((uint64_t)(AR_CALM_GAIN_MAX - temporal->still) * moving / span);
}

static void set_curve(struct ar_decoder_temporal *temporal)
{
    const uint32_t still = still_gain(temporal);
    const uint32_t from = temporal->from_q8 >> FROM_Q;
    const uint32_t span = SPAN_OF(from);

    static_assert(AR_CALM_GAIN_MAX + SPAN_OF(FROM_MAX) <= UINT16_MAX, "slopes are rounded up");

    temporal->curve = (struct ar_gain_curve){
        .still = (uint16_t)still,
        .from = (uint16_t)from,
        .span = (uint16_t)span,
        .slope = (uint16_t)parts_of(AR_CALM_GAIN_MAX - still, span),
    };
}

/* A row of blocks: what it looks like now, how far that is from the copy. */
static uint8_t *look_at_row(const struct ar_decoder_temporal *temporal, uint32_t y)
{
    const struct ar_image_rows rows = ar_image_rows_of_pair(temporal->in, y);
    const size_t block = y * temporal->block_stride;
    uint8_t *const change = temporal->change + y * temporal->change_stride + 1;

    temporal->kernels->guide_row[temporal->in->shape.format](temporal->now + block, change,
                                                             temporal->copy + block, &rows);
    change[-1] = change[0];
    change[temporal->width] = change[temporal->width - 1];
    return change;
}

/* Rows of cells, each of which is one worker's. */
static void look_at_cells(void *user, uint32_t first, uint32_t end, uint32_t worker)
{
    const struct ar_decoder_temporal *const temporal = user;
    const uint32_t from = temporal->from_q8 >> FROM_Q;
    const uint32_t least = parts_of(from + SPAN_OF(from), 9);

    static_assert((FROM_MAX + SPAN_OF(FROM_MAX)) / 9 < UINT8_MAX, "a change can be as large");

    for (uint32_t i = first; i < end; i++) {
        uint8_t *const moving = temporal->moving + (size_t)i * temporal->n_columns;

        memset(moving, 0, temporal->n_columns);
        for (uint32_t y = i * CELL; y < ar_min_u32((i + 1) * CELL, temporal->height); y++)
            temporal->kernels->moving_row(moving, look_at_row(temporal, y), (uint8_t)least,
                                          temporal->width);
    }
}

/* The most that a cell and those around it have. */
static uint32_t most_moving(const struct ar_decoder_temporal *temporal, uint32_t column,
                            uint32_t row)
{
    const uint32_t end_row = ar_min_u32(row + 2, temporal->n_rows);
    const uint32_t end_column = ar_min_u32(column + 2, temporal->n_columns);
    uint32_t most = 0;

    for (uint32_t y = row > 0 ? row - 1 : 0; y < end_row; y++)
        for (uint32_t x = column > 0 ? column - 1 : 0; x < end_column; x++)
            most = ar_max_u32(most, temporal->moving[(size_t)y * temporal->n_columns + x]);
    return most;
}

/*
 * Gains of a row of blocks, linearly between the centres of its cells and level at both ends. A cell's
 * centre lies half a cell to the right of where its stretch begins.
 */
static void set_reach(const struct ar_decoder_temporal *temporal, uint32_t row)
{
    int16_t *stretch = temporal->reach + row * temporal->reach_stride;
    int32_t gain = 0;

    for (uint32_t i = 0; i <= temporal->n_columns; i++, stretch += CELL) {
        int32_t before = gain;

        if (i < temporal->n_columns)
            gain = (int32_t)ar_min_u32(most_moving(temporal, i, row), CELL_FULL) *
                   (REACH_MOST / CELL_FULL);
        if (i == 0)
            before = gain;
        for (int32_t j = 0; j < CELL; j++)
            stretch[j] =
                (int16_t)(before + (((gain - before) * SHARE_AT(j) + AR_CALM_WHOLE / 2) >> 15));
    }
}

bool ar_decoder_temporal_begin(struct ar_decoder_temporal *temporal, const struct ar_frame *in)
{
    const uint32_t n_chunks = CHUNKS_PER_WORKER * ar_workers_count(temporal->workers);

    if (temporal->still == 0)
        return false;
    assert(in->shape.width_px == temporal->shape.width_px &&
           in->shape.height_px == temporal->shape.height_px);
    temporal->in = in;
    memset(temporal->n_below, 0, sizeof(temporal->n_below));
    if (temporal->is_fresh)
        clear(temporal);
    ar_workers_run(temporal->workers, look_at_cells, temporal, temporal->n_rows,
                   ar_max_u32(1, temporal->n_rows / n_chunks));
    for (uint32_t i = 0; i < temporal->n_rows; i++)
        set_reach(temporal, i);
    set_curve(temporal);
    return true;
}

/* Row y of the changes and its neighbours; beyond the picture the outermost goes on. */
static void rows_of_change(const struct ar_decoder_temporal *temporal, uint32_t y,
                           const uint8_t *rows[3])
{
    const uint32_t last = temporal->height - 1;
    const uint32_t at[3] = { y > 0 ? y - 1 : 0, y, ar_min_u32(y + 1, last) };

    for (uint32_t i = 0; i < 3; i++)
        rows[i] = temporal->change + at[i] * temporal->change_stride + 1;
}

static uint32_t count_below(const struct ar_decoder_temporal *temporal,
                            const uint8_t *const rows[3])
{
    uint32_t n_below = 0;

    for (uint32_t x = 0; x < temporal->width; x += SAMPLE_COLUMNS) {
        uint32_t sum = 0;

        for (uint32_t i = 0; i < 3; i++)
            sum += rows[i][(ptrdiff_t)x - 1] + rows[i][x] + rows[i][x + 1];
        n_below += sum * FROM_NUMERATOR < temporal->curve.from * FROM_DENOMINATOR;
    }
    return n_below;
}

static void set_gains(const struct ar_decoder_temporal *temporal, uint32_t y,
                      const uint8_t *const change[3], int16_t *gains)
{
    const size_t block = y * temporal->block_stride;
    const uint32_t place = y + CELL / 2;
    const uint32_t above = place < CELL ? 0 : place / CELL - 1;
    const uint32_t below = ar_min_u32(place / CELL, temporal->n_rows - 1);
    const int16_t *const reach = temporal->reach + CELL / 2;
    const struct ar_gain_reach between = {
        .rows = { reach + above * temporal->reach_stride,
                  reach + below * temporal->reach_stride },
        .share = (int16_t)SHARE_AT(place % CELL),
    };

    temporal->kernels->gain_row(gains, temporal->copy + block, temporal->now + block, change,
                                &temporal->curve, &between, temporal->width);
}

static void calm_row(const struct ar_decoder_temporal *temporal, const struct ar_frame *painted,
                     uint32_t plane, uint32_t row, const int16_t *gains)
{
    const uint32_t share = ar_frame_plane_width_b(&painted->shape, plane) / temporal->width;
    const struct ar_frame_plane *const bytes = &painted->planes[plane];

    temporal->kernels->calm_row[__builtin_ctz(share)](bytes->data +
                                                          (size_t)row * bytes->stride_b,
                                                      temporal->shown[plane] +
                                                          row * temporal->shown_stride[plane],
                                                      gains, temporal->width);
}

void ar_decoder_temporal_rows(struct ar_decoder_temporal *temporal, struct ar_frame *painted,
                              uint32_t first, uint32_t end, uint32_t worker)
{
    assert(painted->shape.format == temporal->shape.format &&
           painted->shape.width_px == temporal->shape.width_px &&
           painted->shape.height_px == temporal->shape.height_px);
    for (uint32_t y = first; y < end; y++) {
        int16_t gains[MAX_BLOCKS];
        const uint8_t *change[3];

        rows_of_change(temporal, y, change);
        set_gains(temporal, y, change, gains);
        if (y % SAMPLE_ROWS == 0)
            temporal->n_below[worker] += count_below(temporal, change);
        for (uint32_t p = 0; p < ar_frame_n_planes(painted->shape.format); p++) {
            const uint32_t n_rows = ar_frame_plane_rows(&painted->shape, p) / temporal->height;

            for (uint32_t i = 0; i < n_rows; i++)
                calm_row(temporal, painted, p, y * n_rows + i, gains);
        }
    }
}

void ar_decoder_temporal_end(struct ar_decoder_temporal *temporal)
{
    const uint64_t n = (uint64_t)parts_of(temporal->width, SAMPLE_COLUMNS) *
                       parts_of(temporal->height, SAMPLE_ROWS);
    uint64_t n_below = 0;

    if (temporal->is_fresh) { /* compared with nothing */
        temporal->is_fresh = false;
        return;
    }
    for (uint32_t i = 0; i < AR_WORKERS_MAX; i++)
        n_below += temporal->n_below[i];
    /* from * (1 + (1/4 - share) / 8) */
    temporal->from_q8 =
        (uint32_t)(temporal->from_q8 * ((FOLLOW + 1) * n - 4 * n_below) / (FOLLOW * n));
    temporal->from_q8 =
        ar_min_u32(ar_max_u32(temporal->from_q8, FROM_MIN << FROM_Q), FROM_MAX << FROM_Q);
}
