/* SPDX-License-Identifier: MIT */
#include "tests/bench/race.h"

#include <math.h>
#include <string.h>

enum {
    RECOVERY_WINDOW = 15, /* frames in which a miss is still a change's */
    BACK_WINDOW = 300,
};

/* ---- the oracle */

/* Work that is done when the deadline comes. */
static double work_until(const struct world *world, double start_us, double deadline_us)
{
    double low = 0.0;
    double high = deadline_us - start_us; /* nothing is faster than the machine at its best */

    if (high <= 0.0)
        return 0.0;
    for (uint32_t i = 0; i < 40; i++) {
        const double middle = 0.5 * (low + high);

        if (world_run(world, start_us, middle) <= deadline_us)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct search {
    const struct ar_cost *cost;
    const double *work; /* of the frame, by segment */
    double best_macs;
};

/* Tries every rung of a segment, then of the next; times rise with the rung. */
static void search(struct search *best, uint32_t segment, uint32_t before, double left_us,
                   double macs)
{
    const struct ar_cost *cost = best->cost;

    for (uint32_t rung = 0; rung < cost->n_rungs; rung++) {
        const double us = ar_cost_us(cost, segment, before, rung) * best->work[segment];
        const double sum = macs + ar_cost_macs(cost, segment, before, rung);

        if (us > left_us)
            return;
        if (segment + 1 < cost->n_segments)
            search(best, segment + 1, rung, left_us - us, sum);
        else if (sum > best->best_macs)
            best->best_macs = sum;
    }
}

double race_oracle(const struct world *world, const struct ar_cost *cost, double *macs)
{
    double sum = 0.0;

    for (uint32_t f = 0; f < world->n_frames; f++) {
        const double arrival_us = world->arrival_us[f];
        /* A budget longer than the time between frames does not make two fit into one. */
        const double room_us = fmin(world->budget_us[f], world_period_us(world, f));
        struct search best = { cost, &world->work[f * world->n_segments], 0.0 };

        search(&best, 0, 0, work_until(world, arrival_us, arrival_us + room_us), 0.0);
        macs[f] = best.best_macs;
        sum += best.best_macs;
    }
    return sum;
}

/* ---- the race */

struct race {
    const struct policy *policy;
    const struct world *world;
    const struct ar_cost *cost;
    const double *oracle_macs;
    struct race_result *result;
    struct policy_state state;
    uint32_t rungs[AR_COST_MAX_SEGMENTS]; /* of the frame painted last */
    uint32_t run;
    uint32_t change;       /* the newest change that a frame has met */
    uint32_t since_slower; /* frames since */
    uint32_t since_faster;
    bool is_back;
};

static bool is_slower(const struct world *world, uint32_t change)
{
    return world->changes[change].slowdown >= 1.2 * world->changes[change - 1].slowdown;
}

static bool is_faster(const struct world *world, uint32_t change)
{
    return 1.2 * world->changes[change].slowdown <= world->changes[change - 1].slowdown;
}

static void meet_changes(struct race *race, double now_us)
{
    const struct world *world = race->world;

    race->since_slower++;
    race->since_faster++;
    while (race->change + 1 < world->n_changes &&
           world->changes[race->change + 1].at_us <= now_us) {
        race->change++;
        if (is_slower(world, race->change)) {
            race->since_slower = 1;
            race->is_back = true; /* too late */
        }
        if (is_faster(world, race->change)) {
            race->since_faster = 1;
            race->is_back = false;
        }
    }
}

static void count_missed(struct race *race)
{
    struct race_result *result = race->result;

    result->n_missed++;
    race->run++;
    if (race->run > result->longest_run)
        result->longest_run = race->run;
    if (race->since_slower <= RECOVERY_WINDOW && race->since_slower > result->recovery)
        result->recovery = race->since_slower;
}

static void watch_return(struct race *race, uint32_t frame, double macs)
{
    if (race->is_back || !race->oracle_macs)
        return;
    if (race->since_faster > BACK_WINDOW || macs >= 0.95 * race->oracle_macs[frame]) {
        race->is_back = true;
        if (race->since_faster > race->result->back)
            race->result->back = race->since_faster;
    }
}

/* Something stood still between two moments. */
static bool stalled_between(const struct world *world, double from_us, double to_us)
{
    for (uint32_t i = 0; i < world->n_stalls && world->stalls[i].at_us < to_us; i++)
        if (world->stalls[i].at_us >= from_us)
            return true;
    return false;
}

static void account(struct race *race, uint32_t frame, const uint32_t *rungs, double decided_us,
                    double end_us, double deadline_us)
{
    const uint32_t n_segments = race->cost->n_segments;
    struct race_result *result = race->result;
    double macs = 0.0;

    for (uint32_t s = 0; s < n_segments; s++)
        macs += ar_cost_macs(race->cost, s, s > 0 ? rungs[s - 1] : 0, rungs[s]);
    meet_changes(race, end_us);
    if (end_us > deadline_us) {
        count_missed(race);
        result->n_late_blow += stalled_between(race->world, decided_us, end_us);
    } else {
        race->run = 0;
        result->macs += macs;
        watch_return(race, frame, macs);
    }
    if (memcmp(race->rungs, rungs, n_segments * sizeof(*rungs)) != 0)
        result->n_switches++;
    memcpy(race->rungs, rungs, n_segments * sizeof(*rungs));
}

/* Returns when it is over. */
static double paint(struct race *race, uint32_t frame, double start_us)
{
    const struct policy *policy = race->policy;
    const struct world *world = race->world;
    const struct ar_cost *cost = race->cost;
    const double deadline_us = world->arrival_us[frame] + world->budget_us[frame];
    uint32_t rungs[AR_COST_MAX_SEGMENTS];
    double now_us = start_us;
    double decided_us = start_us;
    uint32_t rung =
        policy->plan(&race->state, now_us, deadline_us, world_clock(world, start_us));

    for (uint32_t s = 0; s < cost->n_segments; s++) {
        if (s > 0 && policy->replan) {
            rung = policy->replan(&race->state, s, now_us);
            decided_us = now_us;
        }
        if (rung == AR_GOVERNOR_BAIL) {
            race->result->n_degraded++;
            return now_us;
        }
        rungs[s] = rung;
        now_us = world_run(world, now_us,
                           ar_cost_us(cost, s, s > 0 ? rungs[s - 1] : 0, rung) *
                               world->work[frame * world->n_segments + s]);
    }
    policy->finish(&race->state, now_us);
    account(race, frame, rungs, decided_us, now_us, deadline_us);
    return now_us;
}

void race_run(const struct policy *policy, const struct world *world,
              const struct ar_cost *cost, const double *oracle_macs, struct race_result *result)
{
    struct race race = { .policy = policy,
                         .world = world,
                         .cost = cost,
                         .oracle_macs = oracle_macs,
                         .result = result,
                         .since_slower = RECOVERY_WINDOW + 1,
                         .is_back = true };
    double free_us = 0.0;

    *result = (struct race_result){ .n_frames = world->n_frames };
    policy_start(policy, &race.state, cost, world->budget_us[0]);
    for (uint32_t f = 0; f < world->n_frames; f++) {
        if (f + 1 < world->n_frames && world->arrival_us[f + 1] <= free_us) {
            result->n_dropped++;
            continue;
        }
        free_us = paint(&race, f, fmax(world->arrival_us[f], free_us));
    }
}
