/* SPDX-License-Identifier: MIT */
#include "tests/bench/engine.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "nn/cpu.h"

/*
 * Flags stand in the order of their tiers. So the tiers of this machine are those of the first flags, of one
 * more, and so on; of those with one name, the last has all that may be used with it.
 */
static int choose_tier(struct bench_engine *engine, const char *tier, uint32_t flags,
                       struct ar_reason *reason)
{
    char tiers[128] = "";
    const char *last = "";
    bool found = false;

    for (uint32_t n_flags = 0; n_flags <= 31; n_flags++) {
        const uint32_t allowed = flags & ((1u << n_flags) - 1);
        const size_t used = strlen(tiers);
        struct ar_kernels kernels;

        ar_kernels_init(&kernels, allowed);
        if (strcmp(kernels.tier, last) != 0)
            snprintf(tiers + used, sizeof(tiers) - used, " %s", kernels.tier);
        last = kernels.tier;
        if (strcmp(kernels.tier, tier) != 0)
            continue;
        engine->kernels = kernels;
        found = true;
    }
    return found ? 0
                 : ar_reason_set(reason, -EINVAL, "--tier: '%s', this machine has%s", tier,
                                 tiers);
}

static int choose_kernels(struct bench_engine *engine, const struct bench_options *options,
                          struct ar_reason *reason)
{
    uint32_t flags;
    const int ret = ar_cpu_flags(&flags, reason);

    if (ret < 0)
        return ret;
    if (options->tier)
        return choose_tier(engine, options->tier, flags, reason);
    ar_kernels_init(&engine->kernels, flags);
    return 0;
}

static void add_rung(struct bench_engine *engine, uint32_t rung)
{
    for (uint32_t i = 0; i < engine->n_rungs; i++)
        if (engine->rungs[i] == rung)
            return;
    engine->rungs[engine->n_rungs++] = rung;
}

static uint32_t nearest_rung(const struct ar_model *model, double width)
{
    uint32_t nearest = 0;

    for (uint32_t i = 1; i < model->n_rungs; i++)
        if (fabs(model->widths[i] - width) < fabs(model->widths[nearest] - width))
            nearest = i;
    return nearest;
}

static int choose_rungs(struct bench_engine *engine, const struct bench_options *options,
                        struct ar_reason *reason)
{
    static const double quarters[] = { 0.25, 0.5, 0.75, 1.0 };
    const struct ar_model *const model = engine->model;

    for (uint32_t i = 0; options->n_widths == 0 && i < AR_ARRAY_LEN(quarters); i++)
        add_rung(engine, nearest_rung(model, quarters[i]));
    for (uint32_t i = 0; i < options->n_widths; i++) {
        const uint32_t rung = nearest_rung(model, options->widths[i]);

        if (fabs(model->widths[rung] - options->widths[i]) > 1e-6)
            return ar_reason_set(reason, -EINVAL,
                                 "--widths: %g, style '%s' was not trained at that: the "
                                 "nearest is %g",
                                 options->widths[i], model->info.style, model->widths[rung]);
        add_rung(engine, rung);
    }
    return 0;
}

static int start_workers(struct bench_engine *engine, const struct bench_options *options,
                         struct ar_reason *reason)
{
    for (uint32_t i = 0; i < options->n_threads; i++) {
        struct ar_workers **const workers = &engine->workers[options->threads[i]];
        const int ret = *workers ? 0 : ar_workers_create(workers, options->threads[i]);

        if (ret < 0)
            return ar_reason_set_err(reason, ret, "%u threads", options->threads[i]);
    }
    return 0;
}

static int pin(struct ar_reason *reason)
{
    const int cpu = sched_getcpu();
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    return sched_setaffinity(0, sizeof(set), &set) == 0
               ? 0
               : ar_reason_set_err(reason, -errno, "--pin: processor %d", cpu);
}

int bench_engine_open(struct bench_engine *engine, const struct bench_options *options,
                      struct ar_reason *reason)
{
    int ret;

    *engine = (struct bench_engine){ 0 };
    ret = choose_kernels(engine, options, reason);
    if (ret == 0)
        ret = ar_model_open(&engine->model, options->style, reason);
    if (ret == 0)
        ret = choose_rungs(engine, options, reason);
    if (ret == 0)
        ret = start_workers(engine, options, reason);
    if (ret == 0 && options->pin)
        ret = pin(reason);
    return ret;
}

void bench_engine_close(struct bench_engine *engine)
{
    for (uint32_t i = 0; i < AR_ARRAY_LEN(engine->workers); i++)
        if (engine->workers[i])
            ar_workers_destroy(engine->workers[i]);
    ar_model_close(engine->model);
}

void bench_engine_print(const struct bench_engine *engine)
{
    printf("style %s, %s kernels\n", engine->model->info.style, engine->kernels.tier);
}
