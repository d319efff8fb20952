/* SPDX-License-Identifier: MIT */
#include "capture/scene/scene.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/macros.h"
#include "capture/scene/counter.h"
#include "capture/scene/layer.h"
#include "capture/scene/noise.h"
#include "capture/scene/paint.h"
#include "capture/scene/water.h"

#define TURN          6.283185307
#define SPARE_PX      4 /* that a sheet is wider than needed: its last pixels are only mixed in */
#define GRAIN_TABLE_B 65536
#define GRAIN_SEED    701

/* The camera goes to and fro over half a view, as fast as the walker. */
#define PAN_SHARE   0.5
#define WALK_SPEED  0.088 /* scene units per second */
#define WALK_FROM   0.36  /* of the aspect: where the walker turns, seen at the near plane */
#define WALK_TO     1.20
#define WALK_HEIGHT 0.185
#define STRIDE      0.148 /* two steps */
#define DOG_STRIDE  0.072
#define START_SHARE 0.06 /* of the round, so that picture 0 is not the turn */

enum sheet {
    SHEET_SKY,
    SHEET_CIRRUS,
    SHEET_CUMULUS,
    SHEET_MOUNTAINS,
    SHEET_SHORE,
    SHEET_MEADOW,
    SHEET_FLOWERS,
    N_SHEETS,
};

typedef void paint_fn(struct ar_canvas *canvas, float aspect);

struct sheet_plan {
    paint_fn *paint[2]; /* the second may be NULL */
    float top;          /* rows that it needs, in scene units */
    float bottom;
    double pan;   /* how fast it passes the camera, 1: the plane where one walks */
    double drift; /* scene units per second by itself; such a sheet turns for ever */
};

static const struct sheet_plan plans[N_SHEETS] = {
    [SHEET_SKY] = { { ar_scene_paint_sky }, 0.0f, 0.60f, 0.06, 0.0 },
    [SHEET_CIRRUS] = { { ar_scene_paint_cirrus }, 0.0f, 0.47f, 0.06, 0.004 },
    [SHEET_CUMULUS] = { { ar_scene_paint_cumulus }, 0.0f, 0.51f, 0.10, 0.011 },
    [SHEET_MOUNTAINS] = { { ar_scene_paint_mountains }, 0.15f, 0.60f, 0.18, 0.0 },
    [SHEET_SHORE] = { { ar_scene_paint_hills, ar_scene_paint_village },
                      0.30f,
                      0.585f,
                      0.45,
                      0.0 },
    [SHEET_MEADOW] = { { ar_scene_paint_meadow, ar_scene_paint_trees }, 0.0f, 1.0f, 1.0, 0.0 },
    [SHEET_FLOWERS] = { { ar_scene_paint_flowers }, 0.76f, 1.0f, 1.35, 0.0 },
};

struct ar_scene {
    uint32_t width_px;
    uint32_t height_px;
    uint32_t rate_millihz;
    double aspect;
    struct ar_layer *layers[N_SHEETS];
    double turns_px[N_SHEETS]; /* after which a drifting sheet repeats */
    struct ar_water *water;
    struct ar_canvas stage;         /* for one actor at a time */
    int8_t grain[2][GRAIN_TABLE_B]; /* luma, and chroma's weaker one */
};

/* What one picture is drawn from. */
struct moment {
    double time_s;
    double pan;    /* of the near plane, in scene units */
    double walked; /* scene units, since the start of the round */
    double x;      /* of the walker, on the near plane */
    double facing;
};

static uint32_t even(double value)
{
    return (uint32_t)value & ~1u;
}

static int create_layer(struct ar_scene *scene, enum sheet sheet)
{
    const struct sheet_plan *plan = &plans[sheet];
    const double scale = scene->height_px;
    const uint32_t top_px = even((double)plan->top * scale);
    const uint32_t end_px =
        ar_min_u32(even((double)plan->bottom * scale + 1.999), scene->height_px);
    const double extra_px = plan->pan * PAN_SHARE * scene->width_px;
    const uint32_t view_px = scene->width_px + SPARE_PX;
    const bool turns = plan->drift > 0.0;
    const struct ar_area area = { .top_px = (int32_t)top_px,
                                  .width_px = turns ? even(scene->width_px * 1.3) + SPARE_PX
                                                    : view_px + even(extra_px),
                                  .height_px = end_px - top_px };
    struct ar_canvas canvas;
    int ret = ar_canvas_init(&canvas, (float)scale, (size_t)area.width_px * area.height_px);

    if (ret < 0)
        return ret;
    ar_canvas_place(&canvas, &area);
    for (uint32_t i = 0; i < AR_ARRAY_LEN(plan->paint) && plan->paint[i]; i++)
        plan->paint[i](&canvas, (float)scene->aspect);
    scene->turns_px[sheet] = area.width_px;
    ret = ar_layer_create(&scene->layers[sheet], &canvas, turns ? view_px : 0);
    ar_canvas_finish(&canvas);
    return ret;
}

/* Four uniform bytes make something like a bell curve, here with the given standard deviation. */
static void fill_grain(int8_t *grain, float deviation)
{
    for (uint32_t i = 0; i < GRAIN_TABLE_B; i++) {
        const uint32_t bits = ar_noise_hash(GRAIN_SEED, i, 0);
        const int32_t sum =
            (int32_t)((bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24)) -
            510;

        grain[i] = (int8_t)lrintf((float)sum * deviation / 148.0f);
    }
}

int ar_scene_create(struct ar_scene **out, uint32_t width_px, uint32_t height_px,
                    uint32_t rate_millihz)
{
    struct ar_scene *scene = calloc(1, sizeof(*scene));
    const double stage_px = 0.36 * height_px + 4;
    int ret;

    *out = NULL;
    if (!scene)
        return -ENOMEM;
    scene->width_px = width_px;
    scene->height_px = height_px;
    scene->rate_millihz = rate_millihz;
    scene->aspect = (double)width_px / height_px;
    fill_grain(scene->grain[0], 2.1f);
    fill_grain(scene->grain[1], 0.8f);
    ret = ar_canvas_init(&scene->stage, (float)height_px, (size_t)(stage_px * stage_px));
    for (uint32_t i = 0; ret == 0 && i < N_SHEETS; i++)
        ret = create_layer(scene, i);
    if (ret == 0)
        ret = ar_water_create(&scene->water, width_px,
                              even((double)AR_SCENE_WATERLINE * height_px),
                              even(((double)AR_SCENE_NEARSHORE + 0.035) * height_px + 1.999));
    if (ret < 0) {
        ar_scene_destroy(scene);
        return ret;
    }
    *out = scene;
    return 0;
}

void ar_scene_destroy(struct ar_scene *scene)
{
    if (!scene)
        return;
    for (uint32_t i = 0; i < N_SHEETS; i++)
        ar_layer_destroy(scene->layers[i]);
    ar_water_destroy(scene->water);
    ar_canvas_finish(&scene->stage);
    free(scene);
}

static struct moment moment_of(const struct ar_scene *scene, uint64_t number)
{
    const double time_s = (double)number * 1000.0 / scene->rate_millihz;
    const double length = (WALK_TO - WALK_FROM) * scene->aspect;
    const double share = fmod(time_s * WALK_SPEED / (2.0 * length) + START_SHARE, 1.0);
    const double walked = share * 2.0 * length;
    const double turning = 14.0 * sin(TURN * share);

    return (struct moment){
        .time_s = time_s,
        .pan = PAN_SHARE * scene->aspect * 0.5 * (1.0 - cos(TURN * share)),
        .walked = walked,
        .x = WALK_FROM * scene->aspect + (walked < length ? walked : 2.0 * length - walked),
        .facing = fmin(fmax(turning, -1.0), 1.0),
    };
}

static void draw_sheet(const struct ar_scene *scene, enum sheet sheet,
                       const struct moment *moment, struct ar_frame *frame)
{
    const struct sheet_plan *plan = &plans[sheet];
    double shift_px =
        (moment->pan * plan->pan + moment->time_s * plan->drift) * scene->height_px;

    if (plan->drift > 0.0)
        shift_px = fmod(shift_px, scene->turns_px[sheet]);
    ar_layer_draw(scene->layers[sheet], frame, (uint32_t)(shift_px * 256.0));
}

typedef void actor_fn(struct ar_canvas *canvas, const struct ar_pose *pose);

/* Draws an actor that reaches `reach` around the middle of its body. */
static void draw_actor(struct ar_scene *scene, struct ar_frame *frame, actor_fn *paint,
                       const struct ar_pose *pose, double middle_up, double reach)
{
    const double scale = scene->height_px;
    const double size = fmin(reach, 0.178);
    const double left = (double)pose->at.x - size;
    const double top = (double)pose->at.y - middle_up - size;
    const struct ar_area area = { .left_px = 2 * (int32_t)floor(left * scale / 2.0),
                                  .top_px = 2 * (int32_t)floor(top * scale / 2.0),
                                  .width_px = even(2.0 * size * scale) + 2,
                                  .height_px = even(2.0 * size * scale) + 2 };

    if (left > scene->aspect || left + 2.0 * size < 0.0)
        return;
    ar_canvas_place(&scene->stage, &area);
    paint(&scene->stage, pose);
    ar_layer_stamp(&scene->stage, frame);
}

/* Where something at x of a plane that passes with `pan` is seen. */
static float seen_x(const struct moment *moment, double x, double pan)
{
    return (float)(x - moment->pan * pan);
}

static void draw_walkers(struct ar_scene *scene, const struct moment *moment,
                         struct ar_frame *frame)
{
    const double lead = 0.125 + 0.02 * sin(moment->time_s * 0.7);
    const struct ar_pose walker = { .at = { seen_x(moment, moment->x, 1.0),
                                            AR_SCENE_PATH + 0.006f },
                                    .height = (float)WALK_HEIGHT,
                                    .phase = (float)fmod(moment->walked / STRIDE, 1.0),
                                    .facing = (float)moment->facing };
    const struct ar_pose dog = { .at = { seen_x(moment, moment->x + lead * moment->facing, 1.0),
                                         AR_SCENE_PATH + 0.014f },
                                 .height = 0.064f,
                                 .phase = (float)fmod(moment->walked / DOG_STRIDE, 1.0),
                                 .facing = (float)moment->facing };

    draw_actor(scene, frame, ar_scene_paint_walker, &walker, 0.5 * WALK_HEIGHT, 0.11);
    draw_actor(scene, frame, ar_scene_paint_dog, &dog, 0.03, 0.07);
}

static void draw_balloon(struct ar_scene *scene, const struct moment *moment,
                         struct ar_frame *frame)
{
    const double x = 0.60 * scene->aspect + 0.06 * sin(moment->time_s * 0.05);
    const struct ar_pose pose = { .at = { seen_x(moment, x, 0.12),
                                          0.295f + 0.012f * (float)sin(moment->time_s * 0.23) },
                                  .height = 0.16f,
                                  .facing = 1.0f };

    draw_actor(scene, frame, ar_scene_paint_balloon, &pose, 0.08, 0.10);
}

static void draw_birds(struct ar_scene *scene, const struct moment *moment,
                       struct ar_frame *frame)
{
    static const struct ar_point flock[] = { { 0.000f, 0.225f }, { 0.037f, 0.241f },
                                             { 0.074f, 0.246f }, { 0.111f, 0.214f },
                                             { 0.148f, 0.219f }, { 0.185f, 0.235f } };
    const double span = scene->aspect + 0.6;

    for (uint32_t i = 0; i < AR_ARRAY_LEN(flock); i++) {
        const double sway = 0.012 * sin(moment->time_s * 0.6 + i);
        const double way = moment->time_s * 0.045 + 0.42 * span + (double)flock[i].x + sway;
        const struct ar_pose bird = {
            .at = { (float)(fmod(way, span) - 0.3),
                    flock[i].y + 0.006f * (float)sin(moment->time_s * 0.8 + i) },
            .height = 0.011f,
            .phase = (float)fmod(moment->time_s * (1.7 + 0.11 * i) + 0.3 * i, 1.0),
            .facing = 1.0f
        };

        draw_actor(scene, frame, ar_scene_paint_bird, &bird, 0.0, 0.02);
    }
}

static void draw_smoke(struct ar_scene *scene, const struct moment *moment,
                       struct ar_frame *frame)
{
    for (uint32_t i = 0; i < 7; i++) {
        const double age = fmod(moment->time_s * 0.09 + i / 7.0, 1.0);
        const struct ar_pose puff = {
            .at = { seen_x(moment, 0.70 * scene->aspect - 0.191 + 0.055 * age * age, 0.45),
                    0.495f - 0.085f * (float)age },
            .height = 0.024f,
            .phase = (float)age,
            .facing = 1.0f
        };

        draw_actor(scene, frame, ar_scene_paint_smoke, &puff, 0.0, 0.03);
    }
}

static void draw_boat(struct ar_scene *scene, const struct moment *moment,
                      struct ar_frame *frame)
{
    const double span = scene->aspect * 1.5 + 0.4;
    const double x = span - 0.2 - fmod(moment->time_s * 0.012 + 0.66 * scene->aspect, span);
    const struct ar_pose boat = { .at = { seen_x(moment, x, 0.6),
                                          0.640f + 0.0015f * (float)sin(moment->time_s * 1.3) },
                                  .height = 0.105f,
                                  .phase = (float)fmod(moment->time_s * 0.22, 1.0),
                                  .facing = -1.0f };

    draw_actor(scene, frame, ar_scene_paint_boat, &boat, 0.015, 0.10);
}

/* Each row takes its noise from another place of the table, and another one in each picture. */
static void add_grain(const struct ar_scene *scene, uint64_t number, struct ar_frame *frame)
{
    for (uint32_t p = 0; p < 3; p++) {
        const uint32_t width = ar_frame_plane_width_b(&frame->shape, p);
        const uint32_t rows = ar_frame_plane_rows(&frame->shape, p);

        for (uint32_t y = 0; y < rows; y++) {
            uint8_t *row = frame->planes[p].data + (size_t)y * frame->planes[p].stride_b;
            const uint32_t place =
                ar_noise_hash((uint32_t)(number >> 32) + p, (uint32_t)number, y);
            const int8_t *grain =
                scene->grain[p > 0] + place % (GRAIN_TABLE_B - AR_FRAME_MAX_W_PX);

            for (uint32_t x = 0; x < width; x++) {
                const int16_t sum = (int16_t)(row[x] + grain[x]);
                const int16_t positive = sum < 0 ? 0 : sum;

                row[x] = (uint8_t)(positive > 255 ? 255 : positive);
            }
        }
    }
}

void ar_scene_draw(struct ar_scene *scene, uint64_t number, struct ar_frame *frame)
{
    const struct moment moment = moment_of(scene, number);
    const double sun_x =
        (double)AR_SCENE_SUN_X * scene->aspect - moment.pan * plans[SHEET_SKY].pan;

    draw_sheet(scene, SHEET_SKY, &moment, frame);
    draw_sheet(scene, SHEET_CIRRUS, &moment, frame);
    draw_sheet(scene, SHEET_CUMULUS, &moment, frame);
    draw_balloon(scene, &moment, frame);
    draw_birds(scene, &moment, frame);
    draw_sheet(scene, SHEET_MOUNTAINS, &moment, frame);
    draw_sheet(scene, SHEET_SHORE, &moment, frame);
    draw_smoke(scene, &moment, frame);
    ar_water_draw(scene->water, frame, moment.time_s, (int32_t)(sun_x * scene->height_px));
    draw_boat(scene, &moment, frame);
    draw_sheet(scene, SHEET_MEADOW, &moment, frame);
    draw_walkers(scene, &moment, frame);
    draw_sheet(scene, SHEET_FLOWERS, &moment, frame);
    ar_counter_draw(frame, number);
    add_grain(scene, number, frame);
}
