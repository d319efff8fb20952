/* SPDX-License-Identifier: MIT */
#include "tests/bench/world.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/macros.h"

#define SECOND_US 1e6

#define FRAME_NOISE   0.026
#define SEGMENT_NOISE 0.015
#define SPIKE_SHARE   0.03
#define SPIKE_US      4000.0

/* Numbers that are the same everywhere. */
struct dice {
    uint64_t state;
};

/* Within (0, 1). */
static double draw(struct dice *dice)
{
    uint64_t x;

    dice->state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    x = dice->state;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    return ((double)(x >> 12) + 0.5) * 0x1p-52;
}

static double draw_between(struct dice *dice, double low, double high)
{
    return low + (high - low) * draw(dice);
}

static double draw_exponential(struct dice *dice, double mean)
{
    return -mean * log(draw(dice));
}

static double draw_normal(struct dice *dice)
{
    const double radius = sqrt(-2.0 * log(draw(dice)));

    return radius * cos(2.0 * M_PI * draw(dice));
}

static const char *const names[] = {
    [WORLD_STEADY] = "steady",           [WORLD_CLOCK] = "clock",
    [WORLD_CLOCK_BLIND] = "clock-blind", [WORLD_CORUNNER] = "corunner",
    [WORLD_SPIKES] = "spikes",           [WORLD_THERMAL] = "thermal",
    [WORLD_BUDGET] = "budget",           [WORLD_NOISY] = "noisy",
    [WORLD_DOUBLE] = "double",           [WORLD_MIXED] = "mixed",
};

static_assert(AR_ARRAY_LEN(names) == WORLD_N_KINDS, "every world has a name");

const char *world_name(enum world_kind kind)
{
    return names[kind];
}

/* One reason to be slow, as steps: what it is from when on. */
struct course {
    double at_us[WORLD_MAX_CHANGES];
    double factor[WORLD_MAX_CHANGES];
    uint32_t n;
};

static void turn(struct course *course, double at_us, double factor)
{
    if (course->n == WORLD_MAX_CHANGES)
        return;
    course->at_us[course->n] = at_us;
    course->factor[course->n++] = factor;
}

static double factor_at(const struct course *course, double at_us)
{
    double factor = 1.0;

    for (uint32_t i = 0; i < course->n && course->at_us[i] <= at_us; i++)
        factor = course->factor[i];
    return factor;
}

static void draw_clock(struct course *course, struct dice *dice, double end_us)
{
    static const double ghz[] = { 2.4, 1.8, 1.5 };

    for (double at_us = 0.0; at_us < end_us;
         at_us += SECOND_US + draw_exponential(dice, 5.0 * SECOND_US))
        turn(course, at_us, ghz[0] / ghz[(uint32_t)(draw(dice) * 3.0)]);
}

static void draw_corunner(struct course *course, struct dice *dice, double end_us)
{
    for (double at_us = draw_exponential(dice, 4.0 * SECOND_US); at_us < end_us;) {
        turn(course, at_us, draw_between(dice, 1.25, 1.9));
        at_us += 0.3 * SECOND_US + draw_exponential(dice, 3.0 * SECOND_US);
        turn(course, at_us, 1.0);
        at_us += 0.3 * SECOND_US + draw_exponential(dice, 4.0 * SECOND_US);
    }
}

/* A minute up, half a minute at the top, half a minute down, in steps of half a second. */
static void draw_heat(struct course *course, struct dice *dice, double end_us)
{
    (void)dice;
    for (double at_us = 0.0; at_us < end_us; at_us += SECOND_US / 2.0) {
        const double s = fmod(at_us / SECOND_US, 120.0);
        const double height = s < 60.0 ? s / 60.0 : s < 90.0 ? 1.0 : (120.0 - s) / 30.0;

        turn(course, at_us, 1.0 + 0.7 * height);
    }
}

static void draw_double(struct course *course, struct dice *dice, double end_us)
{
    for (double at_us = 5.0 * SECOND_US; at_us < end_us; at_us += 10.0 * SECOND_US) {
        turn(course, at_us + draw(dice) * WORLD_PERIOD_US, 2.0);
        at_us += 10.0 * SECOND_US;
        turn(course, at_us + draw(dice) * WORLD_PERIOD_US, 1.0);
    }
}

typedef void draw_fn(struct course *course, struct dice *dice, double end_us);

/* What each kind is made of. */
static const struct recipe {
    draw_fn *clock;
    bool clock_is_read;
    draw_fn *others[2];
    double spike_share;
    bool moves_budget;
    double noise; /* of frames and of segments; 0: that of a quiet machine */
    double bias;  /* of each segment, for all frames */
    bool halved;  /* all slow-downs by their square roots */
} recipes[] = {
    [WORLD_STEADY] = { 0 },
    [WORLD_CLOCK] = { .clock = draw_clock, .clock_is_read = true },
    [WORLD_CLOCK_BLIND] = { .clock = draw_clock },
    [WORLD_CORUNNER] = { .others = { draw_corunner } },
    [WORLD_SPIKES] = { .spike_share = SPIKE_SHARE },
    [WORLD_THERMAL] = { .others = { draw_heat } },
    [WORLD_BUDGET] = { .moves_budget = true },
    [WORLD_NOISY] = { .noise = 0.10, .bias = 0.15 },
    [WORLD_DOUBLE] = { .others = { draw_double } },
    [WORLD_MIXED] = { .clock = draw_clock,
                      .clock_is_read = true,
                      .others = { draw_corunner, draw_heat },
                      .spike_share = SPIKE_SHARE / 3.0,
                      .halved = true },
};

static int by_moment(const void *a, const void *b)
{
    const double one = *(const double *)a;
    const double two = *(const double *)b;

    return one < two ? -1 : one > two;
}

/* The courses, one over the other. */
static void merge(struct world *world, const struct course *courses, uint32_t n_courses,
                  const struct recipe *recipe)
{
    double moments[3 * WORLD_MAX_CHANGES + 1] = { 0.0 };
    uint32_t n = 1;

    for (uint32_t c = 0; c < n_courses; c++)
        for (uint32_t i = 0; i < courses[c].n; i++)
            moments[n++] = courses[c].at_us[i];
    qsort(moments, n, sizeof(*moments), by_moment);
    for (uint32_t i = 0; i < n; i++) {
        struct world_change *const change = &world->changes[world->n_changes++];

        *change = (struct world_change){ moments[i], 1.0, 1.0 };
        for (uint32_t c = 0; c < n_courses; c++)
            change->slowdown *= factor_at(&courses[c], moments[i]);
        if (recipe->clock_is_read)
            change->clock = factor_at(&courses[0], moments[i]);
        if (recipe->halved) {
            change->slowdown = sqrt(change->slowdown);
            change->clock = sqrt(change->clock);
        }
    }
}

static void draw_changes(struct world *world, const struct recipe *recipe, struct dice *dice,
                         struct course courses[3])
{
    const double end_us = (double)world->n_frames * WORLD_PERIOD_US;

    if (recipe->clock)
        recipe->clock(&courses[0], dice, end_us);
    for (uint32_t i = 0; i < AR_ARRAY_LEN(recipe->others); i++)
        if (recipe->others[i])
            recipe->others[i](&courses[i + 1], dice, end_us);
    merge(world, courses, 3, recipe);
}

static void draw_frames(struct world *world, const struct recipe *recipe, struct dice *dice,
                        double budget_us)
{
    const double frame_noise = recipe->noise > 0.0 ? recipe->noise : FRAME_NOISE;
    const double segment_noise = recipe->noise > 0.0 ? recipe->noise : SEGMENT_NOISE;
    double biases[AR_COST_MAX_SEGMENTS];
    double now_us = budget_us;

    for (uint32_t s = 0; s < world->n_segments; s++)
        biases[s] = recipe->bias > 0.0 ? recipe->bias * draw_normal(dice) : 0.0;
    for (uint32_t f = 0; f < world->n_frames; f++) {
        const double frame = frame_noise * draw_normal(dice);

        world->arrival_us[f] = (double)f * WORLD_PERIOD_US;
        for (uint32_t s = 0; s < world->n_segments; s++)
            world->work[f * world->n_segments + s] =
                exp(frame + biases[s] + segment_noise * draw_normal(dice));
        if (recipe->moves_budget && f % 150 == 0)
            now_us = draw_between(dice, 20e3, 50e3);
        world->budget_us[f] = now_us;
        if (draw(dice) < recipe->spike_share)
            world->stalls[world->n_stalls++] =
                (struct world_stall){ (double)f * WORLD_PERIOD_US + draw(dice) * budget_us,
                                      draw_exponential(dice, SPIKE_US) };
    }
}

int world_alloc(struct world *world, uint32_t n_frames, uint32_t n_segments)
{
    assert(n_frames <= WORLD_MAX_FRAMES);
    world->n_frames = n_frames;
    world->n_segments = n_segments;
    world->changes = calloc(3 * WORLD_MAX_CHANGES + 1, sizeof(*world->changes));
    world->stalls = calloc(n_frames, sizeof(*world->stalls));
    world->arrival_us = calloc(n_frames, sizeof(*world->arrival_us));
    world->work = calloc((size_t)n_frames * n_segments, sizeof(*world->work));
    world->budget_us = calloc(n_frames, sizeof(*world->budget_us));
    if (world->changes && world->stalls && world->arrival_us && world->work && world->budget_us)
        return 0;
    world_free(world);
    return -ENOMEM;
}

int world_make(struct world *world, enum world_kind kind, uint64_t seed, uint32_t n_frames,
               uint32_t n_segments, double budget_us)
{
    struct dice dice = { seed * 1000003u + kind };
    struct course *const courses = calloc(3, sizeof(*courses));
    int ret;

    *world = (struct world){ .name = names[kind] };
    ret = courses ? world_alloc(world, n_frames, n_segments) : -ENOMEM;
    if (ret == 0) {
        draw_changes(world, &recipes[kind], &dice, courses);
        draw_frames(world, &recipes[kind], &dice, budget_us);
    }
    free(courses);
    return ret;
}

void world_free(struct world *world)
{
    free(world->changes);
    free(world->stalls);
    free(world->arrival_us);
    free(world->work);
    free(world->budget_us);
    *world = (struct world){ 0 };
}

/* The change in force at a moment. */
static uint32_t change_at(const struct world *world, double at_us)
{
    uint32_t low = 0;
    uint32_t high = world->n_changes;

    while (high - low > 1) {
        const uint32_t middle = (low + high) / 2;

        if (world->changes[middle].at_us <= at_us)
            low = middle;
        else
            high = middle;
    }
    return low;
}

double world_period_us(const struct world *world, uint32_t frame)
{
    return frame + 1 < world->n_frames ? world->arrival_us[frame + 1] - world->arrival_us[frame]
                                       : WORLD_PERIOD_US;
}

double world_clock(const struct world *world, double at_us)
{
    return world->changes[change_at(world, at_us)].clock;
}

double world_slowdown(const struct world *world, double at_us)
{
    return world->changes[change_at(world, at_us)].slowdown;
}

static double run_smoothly(const struct world *world, double at_us, double work_us)
{
    uint32_t i = change_at(world, at_us);

    for (; i + 1 < world->n_changes; i++) {
        const double room_us = world->changes[i + 1].at_us - at_us;
        const double needed_us = work_us * world->changes[i].slowdown;

        if (needed_us <= room_us)
            return at_us + needed_us;
        work_us -= room_us / world->changes[i].slowdown;
        at_us = world->changes[i + 1].at_us;
    }
    return at_us + work_us * world->changes[i].slowdown;
}

/* The first stall that begins at a moment or later. */
static uint32_t stall_from(const struct world *world, double at_us)
{
    uint32_t low = 0;
    uint32_t high = world->n_stalls;

    while (low < high) {
        const uint32_t middle = (low + high) / 2;

        if (world->stalls[middle].at_us < at_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double world_run(const struct world *world, double at_us, double work_us)
{
    double end_us = run_smoothly(world, at_us, work_us);

    for (uint32_t i = stall_from(world, at_us); i < world->n_stalls; i++) {
        if (world->stalls[i].at_us >= end_us)
            break;
        end_us += world->stalls[i].length_us;
    }
    return end_us;
}
