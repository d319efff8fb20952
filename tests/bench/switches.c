/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "tests/bench/bench.h"
#include "tests/bench/difference.h"
#include "tests/bench/reel.h"
#include "tests/bench/report.h"
#include "tests/bench/rig.h"

/*
 * Whether a change of width is seen. The same pictures are painted at one rung throughout, and once more with the last
 * segments one rung wider: only the last one, the last two, and so on to all. How far these two paintings are
 * apart, and, when what is shown goes to and fro between them, how much more changes in the frames of a switch than
 * without. That for what is painted and for what the filter makes of it (decoder/temporal), and with two remedies:
 *
 *   fade    a third, two thirds, all of the way in three frames. Both paintings are there to be mixed, so this is the
 *           most that a fade can do
 *   match   the other painting's means of Y, U and V are shifted by what they differ by on these very pictures: the
 *           most that an offset for each width can do
 */

enum {
    WARM_UP = 10,  /* frames until running statistics and the filter have settled */
    PERIOD = 10,   /* frames from switch to switch: the filter keeps 3 % of the one before */
    LOOKED_AT = 3, /* frames from a switch on, of which the one that changes most counts */
};

enum remedy {
    NONE,
    FADE,
    MATCH,
    N_REMEDIES,
};

static const char *const remedy_names[N_REMEDIES] = {
    [NONE] = "none",
    [FADE] = "fade",
    [MATCH] = "match",
};

static const struct bench_column columns[] = {
    { "width", "width", 4 },
    { "n_wider", "wider", 0 },
    { "shown", "shown", 0 },
    { "remedy", "remedy", 0 },
    { "apart", "apart /255", 2 },
    { "psnr_db", "dB", 1 },
    { "ssim", "SSIM", 3 },
    { "apart_y", "Y", 2 },
    { "apart_u", "U", 2 },
    { "apart_v", "V", 2 },
    { "frames", "frame to frame", 2 },
    { "frames_y", "Y", 2 },
    { "frames_u", "U", 2 },
    { "frames_v", "V", 2 },
    { "switch", "at a switch", 2 },
    { "switch_y", "Y", 2 },
    { "switch_u", "U", 2 },
    { "switch_v", "V", 2 },
    { "unswitched", "without", 2 },
    { "unswitched_y", "Y", 2 },
    { "unswitched_u", "U", 2 },
    { "unswitched_v", "V", 2 },
};

/* A painting as it is painted and as the filter shows it. */
enum shown {
    PAINTED,
    CALMED,
    N_SHOWN,
};

static const char *const shown_names[N_SHOWN] = {
    [PAINTED] = "painted",
    [CALMED] = "calmed",
};

struct painting {
    struct bench_reel reels[N_SHOWN];
};

struct experiment {
    const struct bench_options *options;
    struct bench_engine engine;
    struct bench_scene size; /* a shape only: what the rig asks for */
    struct bench_rig rig;
    struct ar_decoder_temporal *temporal;
    struct bench_reel source;
    struct painting base;
    struct bench_reel other; /* as painted */
    struct painting matched; /* the other one after the remedy */
    struct painting switched;
    double offsets[3]; /* of Y, U and V, that the remedy adds to the other one */
    struct bench_difference frames[N_SHOWN];     /* of the base, from frame to frame */
    struct bench_difference unswitched[N_SHOWN]; /* of the base, where others switch */
    double camera;                               /* change from frame to frame in the source */
};

static void paint(struct experiment *experiment, struct bench_reel *out, const uint32_t *rungs)
{
    struct bench_rig *const rig = &experiment->rig;
    const uint32_t n_segments = ar_decoder_n_segments(rig->decoder);

    ar_net_forget(rig->net);
    for (uint32_t i = 0; i < out->n_frames; i++) {
        const struct ar_frame *const in = &experiment->source.frames[i];

        ar_encoder_run(rig->encoder, in, rungs[0]);
        for (uint32_t s = 0; s + 1 < n_segments; s++)
            ar_decoder_run(rig->decoder, s, rungs[s + 1]);
        ar_decoder_paint(rig->decoder, rungs[n_segments], in, &out->frames[i]);
    }
}

static void calm(struct experiment *experiment, struct painting *painting)
{
    struct ar_decoder_temporal *const temporal = experiment->temporal;
    const struct bench_reel *const painted = &painting->reels[PAINTED];

    ar_decoder_temporal_forget(temporal);
    for (uint32_t i = 0; i < painted->n_frames; i++) {
        struct ar_frame *const out = &painting->reels[CALMED].frames[i];

        ar_frame_copy(out, &painted->frames[i]);
        ar_decoder_temporal_begin(temporal, &experiment->source.frames[i]);
        ar_decoder_temporal_rows(temporal, out, 0, out->shape.height_px / 2, 0);
        ar_decoder_temporal_end(temporal);
    }
}

/* How much of the other painting is shown in a frame. */
static double share_at(uint32_t frame, enum remedy remedy)
{
    const uint32_t since = frame < WARM_UP ? 0 : frame - WARM_UP;
    const bool is_other = since / PERIOD % 2 == 1;
    double share = 1.0;

    if (remedy == FADE && since >= PERIOD)
        share = fmin((since % PERIOD + 1.0) / LOOKED_AT, 1.0);
    return is_other ? share : since >= PERIOD ? 1.0 - share : 0.0;
}

/* In 1/ONE of a level; what is less than a level is rounded by a pattern, so that it is there in the mean. */
struct mixing {
    int32_t share;
    int32_t offsets[3];
};

enum {
    ONE = 4096,
    ORDER = 4,
};

static void mix_row(uint8_t *out, const uint8_t *from, const uint8_t *to,
                    const struct mixing *mixing, uint32_t plane, uint32_t y, uint32_t width)
{
    static const uint8_t order[ORDER][ORDER] = {
        { 0, 8, 2, 10 }, { 12, 4, 14, 6 }, { 3, 11, 1, 9 }, { 15, 7, 13, 5 }
    };

    for (uint32_t x = 0; x < width; x++) {
        const int32_t up = (2 * order[y % ORDER][x % ORDER] + 1) * (ONE / 32);
        const int32_t sum =
            from[x] * ONE + mixing->share * (to[x] - from[x]) + mixing->offsets[plane] + up;

        out[x] = (uint8_t)(ar_clamp_i32(sum, 0, 256 * ONE - 1) / ONE);
    }
}

static struct mixing mixing_of(double share, const double *offsets)
{
    struct mixing mixing = { .share = (int32_t)lround(share * ONE) };

    for (uint32_t p = 0; p < 3; p++)
        mixing.offsets[p] = (int32_t)lround(share * offsets[p] * ONE);
    return mixing;
}

/* from + share * (to + offset - from) */
static void mix(struct ar_frame *out, const struct ar_frame *from, const struct ar_frame *to,
                const double *offsets, double share)
{
    const struct mixing mixing = mixing_of(share, offsets);

    for (uint32_t p = 0; p < 3; p++) {
        const uint32_t width = ar_frame_plane_width_b(&out->shape, p);
        const uint32_t height = ar_frame_plane_rows(&out->shape, p);

        for (uint32_t y = 0; y < height; y++)
            mix_row(out->planes[p].data + (size_t)y * out->planes[p].stride_b,
                    from->planes[p].data + (size_t)y * from->planes[p].stride_b,
                    to->planes[p].data + (size_t)y * to->planes[p].stride_b, &mixing, p, y,
                    width);
    }
}

static void find_offsets(struct experiment *experiment)
{
    const struct bench_reel *const base = &experiment->base.reels[PAINTED];

    for (uint32_t p = 0; p < 3; p++) {
        for (uint32_t i = WARM_UP; i < base->n_frames; i++)
            experiment->offsets[p] += bench_difference_mean(&base->frames[i], p) -
                                      bench_difference_mean(&experiment->other.frames[i], p);
        experiment->offsets[p] /= base->n_frames - WARM_UP;
    }
}

static void apply_remedy(struct experiment *experiment, enum remedy remedy)
{
    const struct bench_reel *const base = &experiment->base.reels[PAINTED];

    memset(experiment->offsets, 0, sizeof(experiment->offsets));
    if (remedy == MATCH)
        find_offsets(experiment);
    for (uint32_t i = 0; i < base->n_frames; i++) {
        const struct ar_frame *const a = &base->frames[i];
        const struct ar_frame *const b = &experiment->other.frames[i];

        mix(&experiment->matched.reels[PAINTED].frames[i], a, b, experiment->offsets, 1.0);
        mix(&experiment->switched.reels[PAINTED].frames[i], a, b, experiment->offsets,
            share_at(i, remedy));
    }
    calm(experiment, &experiment->matched);
    calm(experiment, &experiment->switched);
}

static double ssim(const struct bench_reel *a, const struct bench_reel *b)
{
    double sum = 0.0;

    for (uint32_t i = WARM_UP; i < a->n_frames; i++)
        sum += bench_difference_ssim(&a->frames[i], &b->frames[i]);
    return sum / (a->n_frames - WARM_UP);
}

/* Two paintings of the same pictures. */
static struct bench_difference apart(const struct bench_reel *a, const struct bench_reel *b)
{
    struct bench_difference sum = { 0.0 };

    for (uint32_t i = WARM_UP; i < a->n_frames; i++) {
        struct bench_difference one;

        bench_difference_of(&one, &a->frames[i], &b->frames[i]);
        bench_difference_add(&sum, &one);
    }
    bench_difference_divide(&sum, a->n_frames - WARM_UP);
    return sum;
}

static struct bench_difference frame_to_frame(const struct bench_reel *reel)
{
    struct bench_difference sum = { 0.0 };

    for (uint32_t i = WARM_UP; i < reel->n_frames; i++) {
        struct bench_difference one;

        bench_difference_of(&one, &reel->frames[i - 1], &reel->frames[i]);
        bench_difference_add(&sum, &one);
    }
    bench_difference_divide(&sum, reel->n_frames - WARM_UP);
    return sum;
}

/* The largest change from one frame to the next in the frames from a switch on. */
static struct bench_difference at_switches(const struct bench_reel *reel)
{
    struct bench_difference sum = { 0.0 };
    uint32_t n = 0;

    for (uint32_t k = WARM_UP + PERIOD; k + LOOKED_AT <= reel->n_frames; k += PERIOD, n++) {
        struct bench_difference worst = { 0.0 };

        for (uint32_t i = k; i < k + LOOKED_AT; i++) {
            struct bench_difference one;

            bench_difference_of(&one, &reel->frames[i - 1], &reel->frames[i]);
            bench_difference_worst(&worst, &one);
        }
        bench_difference_add(&sum, &worst);
    }
    bench_difference_divide(&sum, n);
    return sum;
}

static void put(json_t *row, const char *key, const struct bench_difference *difference)
{
    static const char *const suffixes[] = { "_y", "_u", "_v" };
    char name[32];

    json_object_set_new(row, key, json_real(difference->luma));
    for (uint32_t p = 0; p < 3; p++) {
        snprintf(name, sizeof(name), "%s%s", key, suffixes[p]);
        json_object_set_new(row, name, json_real(difference->step[p]));
    }
}

static json_t *row_of(const struct experiment *experiment, uint32_t rung, uint32_t n_wider,
                      enum remedy remedy, enum shown shown)
{
    const struct bench_reel *const base = &experiment->base.reels[shown];
    const struct bench_difference pair = apart(base, &experiment->matched.reels[shown]);
    const struct bench_difference with = at_switches(&experiment->switched.reels[shown]);
    const struct ar_model *const model = experiment->engine.model;
    json_t *const offsets = json_array();
    json_t *const row =
        json_pack("{s:s, s:f, s:i, s:s, s:s, s:f, s:f, s:f}", "style", model->info.style,
                  "width", model->widths[rung], "n_wider", (int)n_wider, "shown",
                  shown_names[shown], "remedy", remedy_names[remedy], "camera",
                  experiment->camera, "psnr_db", bench_difference_psnr_db(&pair), "ssim",
                  ssim(base, &experiment->matched.reels[shown]));

    for (uint32_t p = 0; p < 3; p++)
        json_array_append_new(offsets, json_real(experiment->offsets[p]));
    json_object_set_new(row, "offsets", offsets);
    put(row, "apart", &pair);
    put(row, "frames", &experiment->frames[shown]);
    put(row, "switch", &with);
    put(row, "unswitched", &experiment->unswitched[shown]);
    return row;
}

static void paint_base(struct experiment *experiment, const uint32_t *rungs)
{
    paint(experiment, &experiment->base.reels[PAINTED], rungs);
    calm(experiment, &experiment->base);
    for (enum shown shown = 0; shown < N_SHOWN; shown++) {
        experiment->frames[shown] = frame_to_frame(&experiment->base.reels[shown]);
        experiment->unswitched[shown] = at_switches(&experiment->base.reels[shown]);
    }
}

static void try_plans(struct experiment *experiment, json_t *rows, uint32_t rung)
{
    const uint32_t n_segments = experiment->engine.model->n_segments;
    uint32_t rungs[AR_MODEL_MAX_SEGMENTS];

    for (uint32_t s = 0; s < n_segments; s++)
        rungs[s] = rung;
    paint_base(experiment, rungs);
    for (uint32_t n_wider = 1; n_wider <= n_segments; n_wider++) {
        rungs[n_segments - n_wider] = rung + 1;
        paint(experiment, &experiment->other, rungs);
        for (enum remedy remedy = 0; remedy < N_REMEDIES; remedy++) {
            apply_remedy(experiment, remedy);
            for (enum shown shown = 0; shown < N_SHOWN; shown++)
                json_array_append_new(rows, row_of(experiment, rung, n_wider, remedy, shown));
        }
    }
}

static int open_source(struct experiment *experiment, struct ar_reason *reason)
{
    const struct bench_options *const options = experiment->options;
    const struct bench_size *const size = &options->sizes[0];
    const uint32_t n_frames = WARM_UP + options->n_frames;
    const struct ar_frame_shape shape = { .width_px = size->width_px,
                                          .height_px = size->height_px };
    int ret;

    if (options->n_frames < PERIOD + LOOKED_AT)
        return ar_reason_set(reason, -EINVAL, "--frames: %u, must be %d at least",
                             options->n_frames, PERIOD + LOOKED_AT);
    if (options->clip)
        return bench_reel_read(&experiment->source, options->clip, n_frames, reason);
    ret = ar_frame_shape_check(&shape, "--sizes", reason);
    if (ret < 0)
        return ret;
    ret = bench_reel_draw(&experiment->source, size->width_px, size->height_px, n_frames);
    return ret < 0 ? ar_reason_set_err(reason, ret, "pictures") : 0;
}

static int open_reels(struct experiment *experiment)
{
    struct bench_reel *const reels[] = {
        &experiment->base.reels[PAINTED],
        &experiment->base.reels[CALMED],
        &experiment->matched.reels[PAINTED],
        &experiment->matched.reels[CALMED],
        &experiment->switched.reels[PAINTED],
        &experiment->switched.reels[CALMED],
        &experiment->other,
    };
    struct ar_frame_shape shape = experiment->source.shape;
    int ret = 0;

    shape.range = AR_FRAME_FULL; /* levels of 255, whatever the clip has */
    for (uint32_t i = 0; ret == 0 && i < AR_ARRAY_LEN(reels); i++)
        ret = bench_reel_init(reels[i], &shape, experiment->source.n_frames);
    return ret;
}

static int open_filter(struct experiment *experiment)
{
    struct ar_decoder_params params;
    const int ret =
        ar_decoder_temporal_create(&experiment->temporal, &experiment->other.shape,
                                   &experiment->engine.kernels,
                                   experiment->engine.workers[experiment->rig.n_threads]);

    if (ret < 0)
        return ret;
    params.calm = strtod(ar_decoder_options[0].fallback, NULL);
    ar_decoder_temporal_set_params(experiment->temporal, &params);
    return 0;
}

static int open_all(struct experiment *experiment, struct ar_reason *reason)
{
    const struct bench_options *const options = experiment->options;
    int ret = bench_engine_open(&experiment->engine, options, reason);

    if (ret == 0)
        ret = open_source(experiment, reason);
    if (ret < 0)
        return ret;
    experiment->size.shape = experiment->source.shape;
    experiment->rig = (struct bench_rig){ .precision = options->precisions[0],
                                          .n_threads = options->threads[0],
                                          .scene = &experiment->size,
                                          .engine = &experiment->engine };
    ret = bench_rig_open(&experiment->rig, reason);
    if (ret < 0)
        return ret;
    ret = open_reels(experiment);
    if (ret == 0)
        ret = open_filter(experiment);
    return ret < 0 ? ar_reason_set_err(reason, ret, "paintings") : 0;
}

static void close_all(struct experiment *experiment)
{
    for (enum shown shown = 0; shown < N_SHOWN; shown++) {
        bench_reel_finish(&experiment->base.reels[shown]);
        bench_reel_finish(&experiment->matched.reels[shown]);
        bench_reel_finish(&experiment->switched.reels[shown]);
    }
    bench_reel_finish(&experiment->other);
    bench_reel_finish(&experiment->source);
    ar_decoder_temporal_destroy(experiment->temporal);
    bench_rig_close(&experiment->rig);
    bench_engine_close(&experiment->engine);
}

int bench_switches(const struct bench_options *options, struct ar_reason *reason)
{
    struct experiment experiment = { .options = options };
    json_t *const rows = json_array();
    int ret = open_all(&experiment, reason);

    if (ret == 0) {
        const struct bench_engine *const engine = &experiment.engine;

        experiment.camera = frame_to_frame(&experiment.source).luma;
        for (uint32_t i = 0; i < engine->n_rungs; i++)
            if (engine->rungs[i] + 1 < engine->model->n_rungs)
                try_plans(&experiment, rows, engine->rungs[i]);
        bench_report(rows, columns, AR_ARRAY_LEN(columns), options->json);
    }
    close_all(&experiment);
    json_decref(rows);
    return ret;
}
