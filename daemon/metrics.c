/* SPDX-License-Identifier: MIT */
#include "daemon/metrics.h"

#include <math.h>
#include <string.h>

#include "base/macros.h"

#define PREFIX "ar_daemon_"

/* Upper edges of a histogram's buckets: powers of two microseconds, where the ledger's own buckets end. */
#define FIRST_EDGE_US 256u
#define LAST_EDGE_US  (1u << 20)

static void begin(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# TYPE " PREFIX "%s %s\n# HELP " PREFIX "%s %s\n", name, type, name, help);
}

/* Unknown values are left out: no number is better than a made-up one. */
static void print_gauge(FILE *out, const char *name, const char *help, double value)
{
    if (!isfinite(value))
        return;
    begin(out, name, "gauge", help);
    fprintf(out, PREFIX "%s %.9g\n", name, value);
}

struct counter {
    const char *name;
    const char *help;
    uint64_t value;
};

static void print_counters(const struct ar_pipeline_status *status, FILE *out)
{
    const struct ar_budget_ledger *const ledger = &status->ledger;
    const struct counter counters[] = {
        { "frames_captured", "Frames that came from the source.", status->n_captured },
        { "frames_painted", "Frames that were painted.", ledger->n_painted },
        { "frames_overtaken", "Frames that a newer one overtook.", status->n_dropped },
        { "frames_lost", "Frames that the source lost.", status->n_lost },
        { "frames_corrupt", "Frames that could not be read.", status->n_corrupt },
        { "frames_given_up", "Frames that could not be in time.", ledger->n_degraded },
        { "deadlines_missed", "Frames painted after their deadline.", ledger->n_missed },
        { "width_switches", "Changes of the network's width.", ledger->n_switches },
        { "source_resumes", "Times that the source came back.", status->n_resumed },
        { "calibrations", "Times that the network was measured.", status->n_calibrations },
    };

    for (size_t i = 0; i < AR_ARRAY_LEN(counters); i++) {
        begin(out, counters[i].name, "counter", counters[i].help);
        fprintf(out, PREFIX "%s_total %llu\n", counters[i].name,
                (unsigned long long)counters[i].value);
    }
}

static void print_energy(const struct ar_pipeline_status *status, FILE *out)
{
    if (status->n_energy == 0)
        return;
    begin(out, "energy_joules", "counter",
          "Energy of frames painted while the watts were known.");
    fprintf(out, PREFIX "energy_joules_total %.6f\n", status->energy_j);
}

/* In a label backslash, quote and newline are written with a backslash; other control characters not at all. */
static void print_label(FILE *out, const char *name, const char *value)
{
    fprintf(out, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '\\' || *value == '"')
            putc('\\', out);
        if ((unsigned char)*value >= ' ')
            putc(*value, out);
    }
    putc('"', out);
}

static void print_identity(const struct ar_pipeline_status *status, FILE *out)
{
    const struct {
        const char *name;
        const char *value;
    } labels[] = {
        { "version", AR_VERSION },
        { "style", status->style },
        { "source", status->source },
        { "tier", status->tier ? status->tier : "" },
        { "precision", status->precision ? status->precision : "" },
    };

    begin(out, "running", "gauge", "Always 1; what runs is in the labels.");
    fputs(PREFIX "running{", out);
    for (size_t i = 0; i < AR_ARRAY_LEN(labels); i++) {
        fputs(i > 0 ? "," : "", out);
        print_label(out, labels[i].name, labels[i].value);
    }
    fputs("} 1\n", out);
}

static void print_stage(const struct ar_histogram *histogram, const char *stage, FILE *out)
{
    for (uint64_t edge_us = FIRST_EDGE_US; edge_us <= LAST_EDGE_US; edge_us *= 2)
        fprintf(out, PREFIX "stage_seconds_bucket{stage=\"%s\",le=\"%.6f\"} %llu\n", stage,
                (double)edge_us / 1e6,
                (unsigned long long)ar_histogram_count_below(histogram, edge_us));
    fprintf(out, PREFIX "stage_seconds_bucket{stage=\"%s\",le=\"+Inf\"} %llu\n", stage,
            (unsigned long long)histogram->n_samples);
    fprintf(out, PREFIX "stage_seconds_sum{stage=\"%s\"} %.6f\n", stage,
            (double)histogram->sum_us / 1e6);
    fprintf(out, PREFIX "stage_seconds_count{stage=\"%s\"} %llu\n", stage,
            (unsigned long long)histogram->n_samples);
}

/* One sample a display. */
static void print_displays(const struct ar_pipeline_status *status, FILE *out)
{
    begin(out, "frames_shown", "counter", "Frames that a display has shown.");
    for (uint32_t i = 0; i < status->n_outputs; i++) {
        fprintf(out, PREFIX "frames_shown_total{number=\"%u\",", i);
        print_label(out, "display", status->outputs[i].describe);
        fprintf(out, "} %llu\n", (unsigned long long)status->outputs[i].n_shown);
    }
    begin(out, "display_open", "gauge", "1 while a display works.");
    for (uint32_t i = 0; i < status->n_outputs; i++) {
        fprintf(out, PREFIX "display_open{number=\"%u\",", i);
        print_label(out, "display", status->outputs[i].describe);
        fprintf(out, "} %d\n", status->outputs[i].state == AR_PIPELINE_OUTPUT_OPEN);
    }
}

static void print_stages(const struct ar_budget_ledger *ledger, FILE *out)
{
    begin(out, "stage_seconds", "histogram", "Time that frames spent, stage by stage.");
    for (int i = 0; i < AR_BUDGET_N_STAGES; i++)
        print_stage(&ledger->stages[i], ar_budget_stage_name((enum ar_budget_stage)i), out);
}

void ar_metrics_print(const struct ar_pipeline_status *status,
                      const struct ar_thermal_reading *heat, uint64_t now_us, FILE *out)
{
    const double age_s =
        status->started_us > 0 ? (double)(now_us - status->started_us) / 1e6 : (double)NAN;

    print_identity(status, out);
    print_gauge(out, "painting_seconds", "Time since the first frame was painted.", age_s);
    print_gauge(out, "source_flowing", "1 while the source gives pictures.",
                strcmp(status->source_state, "flowing") == 0);
    print_gauge(out, "budget_seconds", "Time that a frame may take.",
                (double)status->budget_us / 1e6);
    print_gauge(out, "width", "Width of the network for the last frame.", status->width);
    print_gauge(out, "slowdown", "Time that frames take over what was calibrated.",
                status->slowdown);
    print_gauge(out, "temperature_celsius", "The processor's temperature.", heat->celsius);
    print_counters(status, out);
    print_energy(status, out);
    print_displays(status, out);
    print_stages(&status->ledger, out);
    fputs("# EOF\n", out);
}
