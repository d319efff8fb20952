/* SPDX-License-Identifier: MIT */
#include "budget/governor.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "base/macros.h"

static const char *const deadlines[] = { "arrival", "capture", "vblank", NULL };

const struct ar_option ar_budget_options[] = {
    { .key = "frame",
      .type = AR_OPTION_DURATION,
      .offset = offsetof(struct ar_budget_params, frame_us),
      .fallback = "25ms",
      .min = 1e3,
      .max = 1e6,
      .help = "budget of a frame until its picture is finished" },
    { .key = "width",
      .type = AR_OPTION_FRACTION,
      .offset = offsetof(struct ar_budget_params, width),
      .fallback = "auto",
      .min = 0.25,
      .max = 1,
      .zero_word = "auto",
      .help =
          "share of the network's channels to compute; auto: as many as the budget allows" },
    { .key = "deadline",
      .type = AR_OPTION_CHOICE,
      .offset = offsetof(struct ar_budget_params, deadline),
      .fallback = "arrival",
      .choices = deadlines,
      .help =
          "what the budget is counted from, the frame's arrival or the camera's time stamp; "
          "vblank: it ends at the last refresh of the screen that is due by then" },
    { .key = "temperature",
      .type = AR_OPTION_FRACTION,
      .offset = offsetof(struct ar_budget_params, temperature),
      .fallback = "78",
      .min = 40,
      .max = 120,
      .zero_word = "any",
      .help = "degrees Celsius of the processor at which the network becomes narrower, before "
              "the firmware throttles" },
    { .key = "watts_idle",
      .type = AR_OPTION_FRACTION,
      .offset = offsetof(struct ar_budget_params, energy.idle_w),
      .fallback = "unknown",
      .min = 0.01,
      .max = 1000,
      .zero_word = "unknown",
      .help = "what the board draws while nothing is painted, by a meter" },
    { .key = "watts_busy",
      .type = AR_OPTION_FRACTION,
      .offset = offsetof(struct ar_budget_params, energy.busy_w),
      .fallback = "unknown",
      .min = 0.01,
      .max = 1000,
      .zero_word = "unknown",
      .help = "what it draws while it paints without a pause, by a meter" },
    { .key = "joules_per_hour",
      .type = AR_OPTION_FRACTION,
      .offset = offsetof(struct ar_budget_params, energy.joules_per_hour),
      .fallback = "unlimited",
      .min = 1,
      .max = 1e7,
      .zero_word = "unlimited",
      .help = "energy that the board may take; the network is narrowed to it, which wants the "
              "two watts" },
    { 0 },
};

/* Chosen by `ar-bench governor`, where other values can be tried; all of them are natural logarithms of ratios. */
#define RISE       0.35 /* share of a rise of the level that one frame is believed */
#define FALL       0.12
#define SPIKE      0.25 /* from here on a rise is a spike, or the first frame of a step */
#define SPIKE_RISE 0.12
#define PAUSE      0.20 /* from here on a segment that stands out was interrupted */
#define BIAS       0.04 /* share of a segment's own deviation that is believed to stay */
#define BIAS_STEP  0.30
#define BIAS_MAX   0.70
#define CHANGED    0.10 /* mean of the last residuals that tells of a new state, */
#define CHANGED_IN \
    1.0 /* or the margin, which is how noisy they are: many deviations of that mean */
#define CARRY_SPIKE \
    0.5 /* share of what is beyond SPIKE that the rest of the frame will show too */

/* The margin is the residuals' quantile: misses of one prediction in a hundred. */
#define MISSES       0.01
#define MARGIN_STEP  0.02
#define MARGIN_WIDTH 0.05
#define MARGIN_START 0.06
#define MARGIN_MIN   0.01
#define MARGIN_MAX   0.50

/* What one measurement may make us believe: a frame that spans a suspend took hours. */
#define LEVEL_MIN (-2.8) /* a sixteenth */
#define LEVEL_MAX 2.8    /* sixteen times */

enum {
    UNLEARNT = 2,
    WAIT = 4,
    WAIT_AFTER_PANIC = 12,
    WAIT_MAX = 240,
    TWO_SECONDS = 60, /* in frames of a common camera */
    TEN_SECONDS = 300,
    PANIC_MISSES = 2,
};

static const char *const cause_names[] = {
    [AR_GOVERNOR_FITS] = "fits",     [AR_GOVERNOR_HELD] = "held",
    [AR_GOVERNOR_CAPPED] = "capped", [AR_GOVERNOR_PINNED] = "pinned",
    [AR_GOVERNOR_TIGHT] = "tight",   [AR_GOVERNOR_BAILED] = "bailed",
};

static_assert(AR_ARRAY_LEN(cause_names) == AR_GOVERNOR_N_CAUSES, "every cause has a name");

const char *ar_governor_cause_name(enum ar_governor_cause cause)
{
    assert((uint32_t)cause < AR_GOVERNOR_N_CAUSES);
    return cause_names[cause];
}

static double within(double value, double low, double high)
{
    return fmin(fmax(value, low), high);
}

static uint64_t elapsed_us(uint64_t from_us, uint64_t to_us)
{
    return to_us > from_us ? to_us - from_us : 0;
}

static void reset_margins(struct ar_governor *governor)
{
    for (uint32_t i = 0; i < AR_COST_MAX_SEGMENTS; i++)
        governor->margins[i] = MARGIN_START;
}

void ar_governor_init(struct ar_governor *governor, const struct ar_budget_params *params,
                      const struct ar_cost *cost)
{
    *governor = (struct ar_governor){
        .params = *params, .clock = 1.0, .cap = UINT32_MAX, .n_unlearnt = UNLEARNT, .wait = WAIT
    };
    reset_margins(governor);
    ar_governor_set_cost(governor, cost);
}

void ar_governor_set_params(struct ar_governor *governor, const struct ar_budget_params *params)
{
    governor->params = *params;
}

void ar_governor_set_cost(struct ar_governor *governor, const struct ar_cost *cost)
{
    assert(cost->n_rungs >= 1 && cost->n_rungs <= AR_COST_MAX_RUNGS);
    assert(cost->n_segments >= 1 && cost->n_segments <= AR_COST_MAX_SEGMENTS);

    governor->cost = *cost;
    for (uint32_t i = 0; i < AR_COST_MAX_SEGMENTS; i++)
        governor->biases[i] = 0.0;
    governor->rung = 0;
    governor->frame = (struct ar_governor_frame){ 0 };
    governor->fresh = true;
}

void ar_governor_set_after(struct ar_governor *governor, double after_us)
{
    governor->cost.after_us = after_us;
}

void ar_governor_set_clock(struct ar_governor *governor, double ratio)
{
    governor->clock = ratio >= 0.05 && ratio <= 20.0 ? ratio : 1.0;
}

void ar_governor_set_cap(struct ar_governor *governor, uint32_t rung)
{
    governor->cap = rung;
}

double ar_governor_slowdown(const struct ar_governor *governor)
{
    return exp(governor->level) * governor->clock;
}

/* A segment's calibrated time at the clock of the frame, with what it always takes more or less than that. */
static double segment_us(const struct ar_governor *governor, uint32_t segment, uint32_t before,
                         uint32_t rung)
{
    return governor->frame.clock * exp(governor->biases[segment]) *
           ar_cost_us(&governor->cost, segment, before, rung);
}

/* Of the segment under decision and all after it, at one rung. */
static double rest_us(const struct ar_governor *governor, uint32_t segment, uint32_t rung)
{
    const struct ar_governor_frame *frame = &governor->frame;
    uint32_t before = segment > 0 ? frame->rungs[segment - 1] : rung;
    double us = 0.0;

    for (uint32_t i = segment; i < governor->cost.n_segments; i++) {
        us += segment_us(governor, i, before, rung);
        before = rung;
    }
    return exp(frame->levels[segment]) * us;
}

/* The same of one that has run, at its rung. */
static double ran_us(const struct ar_governor *governor, uint32_t segment)
{
    const uint32_t *rungs = governor->frame.rungs;

    return segment_us(governor, segment, segment > 0 ? rungs[segment - 1] : 0, rungs[segment]);
}

static uint32_t narrowest_of(const struct ar_governor *governor)
{
    uint32_t rung = 0;

    while (governor->cost.dominated[rung])
        rung++;
    return rung;
}

/* The widest up to a rung of those that are worth running and fit; the narrowest where none does. */
static uint32_t widest_that_fits(const struct ar_governor *governor, uint32_t segment,
                                 double left_us, uint32_t rung)
{
    const double factor = exp(governor->margins[segment]);
    const uint32_t narrowest = narrowest_of(governor);

    for (; rung > narrowest; rung--)
        if (!governor->cost.dominated[rung] &&
            factor * rest_us(governor, segment, rung) <= left_us)
            return rung;
    return narrowest;
}

/*
 * Of the encoder: down at once; up only after a row of frames that would all have fitted, and no further than all
 * would. The decoder's segments only take what is left.
 */
static uint32_t settle(struct ar_governor *governor, uint32_t segment, uint32_t fits)
{
    if (segment > 0)
        return fits;
    if (fits <= governor->rung || governor->fresh) {
        governor->fits_in_a_row = 0;
        governor->rung = fits;
        return fits;
    }
    if (governor->fits_in_a_row == 0 || fits < governor->fits_rung)
        governor->fits_rung = fits;
    if (++governor->fits_in_a_row < governor->wait)
        return governor->rung;
    governor->fits_in_a_row = 0;
    governor->rung = governor->fits_rung;
    governor->since_up = 0;
    return governor->rung;
}

/*
 * Whether to give the frame up: it will be late whatever is done, and not because frames are late always: the picture
 * must go on, if late, where the budget cannot be held at all.
 */
static bool is_lost(const struct ar_governor *governor)
{
    const uint32_t narrowest = narrowest_of(governor);

    return governor->may_bail && !governor->bailed &&
           ar_governor_slowdown(governor) * ar_cost_frame_us(&governor->cost, narrowest) <=
               (double)governor->params.frame_us;
}

static uint32_t decided(struct ar_governor *governor, uint32_t segment, uint32_t rung,
                        enum ar_governor_cause cause)
{
    struct ar_governor_frame *frame = &governor->frame;

    frame->rungs[segment] = rung;
    frame->causes[segment] = cause;
    frame->n_decided = segment + 1;
    frame->predicted_us[segment] =
        exp(governor->margins[segment]) * rest_us(governor, segment, rung);
    return rung;
}

static uint32_t give_up(struct ar_governor *governor, uint32_t segment)
{
    governor->frame.causes[segment] = AR_GOVERNOR_BAILED;
    governor->bailed = true;
    governor->n_bailed++;
    return AR_GOVERNOR_BAIL;
}

static uint32_t decide_automatically(struct ar_governor *governor, uint32_t segment,
                                     double left_us)
{
    const uint32_t fits =
        widest_that_fits(governor, segment, left_us, governor->cost.n_rungs - 1);
    const uint32_t allowed =
        widest_that_fits(governor, segment, left_us, ar_min_u32(fits, governor->cap));
    uint32_t rung;

    if (fits == narrowest_of(governor) && rest_us(governor, segment, fits) > left_us) {
        if (segment == 0)
            governor->n_infeasible++;
        if (is_lost(governor))
            return give_up(governor, segment);
        settle(governor, segment, fits);
        return decided(governor, segment, fits, AR_GOVERNOR_TIGHT);
    }
    rung = settle(governor, segment, allowed);
    return decided(governor, segment, rung,
                   rung < allowed   ? AR_GOVERNOR_HELD
                   : allowed < fits ? AR_GOVERNOR_CAPPED
                                    : AR_GOVERNOR_FITS);
}

static uint32_t decide(struct ar_governor *governor, uint32_t segment, uint64_t now_us)
{
    const struct ar_cost *cost = &governor->cost;
    const struct ar_governor_frame *frame = &governor->frame;

    governor->frame.decided_us[segment] = now_us;
    if (governor->params.width > 0.0)
        return decided(governor, segment, ar_cost_rung_of(cost, governor->params.width),
                       AR_GOVERNOR_PINNED);
    if (frame->deadline_us == 0)
        return decided(governor, segment, cost->n_rungs - 1, AR_GOVERNOR_PINNED);
    return decide_automatically(governor, segment,
                                (double)elapsed_us(now_us, frame->deadline_us));
}

uint32_t ar_governor_plan(struct ar_governor *governor, uint64_t now_us, uint64_t deadline_us)
{
    governor->frame = (struct ar_governor_frame){ .start_us = now_us,
                                                  .deadline_us = deadline_us,
                                                  .clock = governor->clock };
    governor->frame.levels[0] = governor->level;
    return decide(governor, 0, now_us);
}

/*
 * What the segment that has just run says of those to come: its deviation goes on, but of a large one a part is a pause
 * of its own.
 */
static double carried(double deviation)
{
    if (deviation <= SPIKE)
        return deviation;
    return SPIKE + CARRY_SPIKE * (deviation - SPIKE);
}

uint32_t ar_governor_replan(struct ar_governor *governor, uint32_t segment, uint64_t now_us)
{
    struct ar_governor_frame *frame = &governor->frame;

    assert(segment >= 1 && segment < governor->cost.n_segments);
    assert(frame->n_decided == segment);

    const uint32_t done = segment - 1;
    const double expected_us = exp(frame->levels[done]) * ran_us(governor, done);
    const double spent_us = (double)elapsed_us(frame->decided_us[done], now_us);

    frame->levels[segment] = frame->levels[done];
    if (spent_us > 0.0 && expected_us > 0.0)
        frame->levels[segment] =
            within(frame->levels[done] + carried(log(spent_us / expected_us)), LEVEL_MIN,
                   LEVEL_MAX);
    return decide(governor, segment, now_us);
}

/* What the segments from one on should have taken at level 0, at the rungs that they ran at. */
static double calibrated_rest_us(const struct ar_governor *governor, uint32_t segment)
{
    double us = 0.0;

    for (; segment < governor->cost.n_segments; segment++)
        us += ran_us(governor, segment);
    return us;
}

/* What a segment took. */
static double spent_on_us(const struct ar_governor *governor, uint32_t segment, uint64_t now_us)
{
    const struct ar_governor_frame *frame = &governor->frame;
    const bool is_last = segment + 1 == governor->cost.n_segments;

    return (double)elapsed_us(frame->decided_us[segment],
                              is_last ? now_us : frame->decided_us[segment + 1]);
}

/* The online quantile: up by much and seldom, down by little and often. */
static double learn_margin(double margin, double residual)
{
    if (residual > margin)
        margin +=
            MARGIN_STEP * (1.0 - MISSES) * within((residual - margin) / MARGIN_WIDTH, 0.2, 1.0);
    else
        margin -= MARGIN_STEP * MISSES;
    return within(margin, MARGIN_MIN, MARGIN_MAX);
}

static void learn_margins(struct ar_governor *governor, uint64_t now_us)
{
    const struct ar_governor_frame *frame = &governor->frame;

    for (uint32_t i = 0; i < governor->cost.n_segments; i++) {
        const double expected_us = exp(frame->levels[i]) * calibrated_rest_us(governor, i);
        const double spent_us = (double)elapsed_us(frame->decided_us[i], now_us);

        if (expected_us > 0.0 && spent_us > 0.0)
            governor->margins[i] =
                learn_margin(governor->margins[i], log(spent_us / expected_us));
    }
}

static double median_of_three(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* A machine in a new state, up or down: what the last three frames say, and margins to begin with. */
static bool has_changed(struct ar_governor *governor, double ratio)
{
    double sum = 0.0;

    governor->recent[governor->n_recent++ % AR_GOVERNOR_N_RECENT] = ratio;
    if (governor->n_recent < AR_GOVERNOR_N_RECENT)
        return false;
    for (uint32_t i = 0; i < AR_GOVERNOR_N_RECENT; i++)
        sum += governor->recent[i] - governor->level;
    return fabs(sum / AR_GOVERNOR_N_RECENT) > fmax(CHANGED, CHANGED_IN * governor->margins[0]);
}

static void take_new_state(struct ar_governor *governor)
{
    const uint32_t last = governor->n_recent - 1;

    governor->level =
        within(median_of_three(governor->recent[last % AR_GOVERNOR_N_RECENT],
                               governor->recent[(last - 1) % AR_GOVERNOR_N_RECENT],
                               governor->recent[(last - 2) % AR_GOVERNOR_N_RECENT]),
               LEVEL_MIN, LEVEL_MAX);
    governor->n_recent = 0;
    reset_margins(governor);
}

/* Of the segments that ran, the logarithm of spent over calibrated time. */
static double ratio_of(double spent_us, double calibrated_us)
{
    return within(log(spent_us / calibrated_us), LEVEL_MIN, LEVEL_MAX);
}

/*
 * How slow the frame found the machine, against calibration. A slower machine shows in all segments, a pause in one: the
 * slowest one does not count when it stands out.
 */
static double slowness(const struct ar_governor *governor, double spent_us,
                       double calibrated_us, uint64_t now_us)
{
    double worst = governor->level + PAUSE;
    double pause_us = 0.0;
    double pause_calibrated_us = 0.0;

    for (uint32_t i = 0; i < governor->cost.n_segments; i++) {
        const double took_us = spent_on_us(governor, i, now_us);
        const double expected_us = ran_us(governor, i);

        if (took_us > 0.0 && expected_us > 0.0 && ratio_of(took_us, expected_us) > worst) {
            worst = ratio_of(took_us, expected_us);
            pause_us = took_us;
            pause_calibrated_us = expected_us;
        }
    }
    if (spent_us > pause_us && calibrated_us > pause_calibrated_us)
        return ratio_of(spent_us - pause_us, calibrated_us - pause_calibrated_us);
    return ratio_of(spent_us, calibrated_us);
}

/*
 * What a segment takes against its calibration more or less than the frame as a whole does: calibrated on a busy
 * machine, or bound by something else than the others.
 */
static void learn_biases(struct ar_governor *governor, double ratio, uint64_t now_us)
{
    const uint32_t n = governor->cost.n_segments;
    double steps[AR_COST_MAX_SEGMENTS];
    double mean = 0.0;

    for (uint32_t i = 0; i < n; i++) {
        const double took_us = spent_on_us(governor, i, now_us);
        const double expected_us = ran_us(governor, i);

        steps[i] = 0.0;
        if (took_us > 0.0 && expected_us > 0.0)
            steps[i] =
                BIAS * within(ratio_of(took_us, expected_us) - ratio, -BIAS_STEP, BIAS_STEP);
        mean += steps[i] / n;
    }
    /* What all of them share is the level's. */
    for (uint32_t i = 0; i < n; i++)
        governor->biases[i] =
            within(governor->biases[i] + steps[i] - mean, -BIAS_MAX, BIAS_MAX);
}

/* A rise is believed sooner than a fall; one far off is a spike until a second one follows. */
static void learn_level(struct ar_governor *governor, double ratio)
{
    const double residual = ratio - governor->level;

    if (residual > SPIKE)
        governor->level += governor->n_spikes_in_a_row++ > 0 ? residual : SPIKE_RISE;
    else
        governor->level += (residual > 0.0 ? RISE : FALL) * residual;
    if (residual <= SPIKE)
        governor->n_spikes_in_a_row = 0;
    governor->level = within(governor->level, LEVEL_MIN, LEVEL_MAX);
}

static void count_up(uint32_t *frames)
{
    if (*frames < UINT32_MAX)
        (*frames)++;
}

/*
 * A miss soon after a move up that no spike explains: it was too early, and the next one waits twice as long. Time
 * heals.
 */
static void learn_wait(struct ar_governor *governor, bool missed, double residual)
{
    count_up(&governor->since_up);
    count_up(&governor->since_wait);
    if (missed && residual <= SPIKE && governor->since_up < TWO_SECONDS) {
        governor->wait = governor->wait * 2 < WAIT_MAX ? governor->wait * 2 : WAIT_MAX;
        governor->since_up = TWO_SECONDS;
        governor->since_wait = 0;
    } else if (governor->since_wait >= TEN_SECONDS && governor->wait > WAIT) {
        governor->wait = governor->wait / 2 > WAIT ? governor->wait / 2 : WAIT;
        governor->since_wait = 0;
    }
}

static void panic(struct ar_governor *governor)
{
    governor->misses_in_a_row = 0;
    for (uint32_t i = 0; i < governor->cost.n_segments; i++) {
        governor->margins[i] = within(2.0 * governor->margins[i], MARGIN_MIN, MARGIN_MAX);
    }
    governor->fits_in_a_row = 0;
    if (governor->wait < WAIT_AFTER_PANIC)
        governor->wait = WAIT_AFTER_PANIC;
}

/* ratio: of the whole frame; slow: of the machine, see slowness(). */
static void learn(struct ar_governor *governor, double ratio, double slow, uint64_t now_us)
{
    const struct ar_governor_frame *frame = &governor->frame;
    const bool missed = frame->deadline_us != 0 && now_us > frame->deadline_us;

    learn_wait(governor, missed, ratio - governor->level);
    learn_margins(governor, now_us);
    learn_level(governor, slow);
    learn_biases(governor, ratio, now_us);
    if (has_changed(governor, slow))
        take_new_state(governor);
    governor->misses_in_a_row = missed ? governor->misses_in_a_row + 1 : 0;
    if (governor->misses_in_a_row == PANIC_MISSES)
        panic(governor);
}

void ar_governor_finish(struct ar_governor *governor, uint64_t now_us)
{
    const struct ar_governor_frame *frame = &governor->frame;
    const double calibrated_us = calibrated_rest_us(governor, 0);
    const double spent_us = (double)elapsed_us(frame->start_us, now_us);

    assert(frame->n_decided == governor->cost.n_segments);
    if (frame->causes[0] != AR_GOVERNOR_PINNED)
        governor->fresh = false;
    governor->bailed = false;
    if (governor->n_unlearnt > 0) {
        governor->n_unlearnt--;
        return;
    }
    if (spent_us > 0.0 && calibrated_us > 0.0)
        learn(governor, ratio_of(spent_us, calibrated_us),
              slowness(governor, spent_us, calibrated_us, now_us), now_us);
}
