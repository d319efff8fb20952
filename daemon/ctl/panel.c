/* SPDX-License-Identifier: MIT */
#include "daemon/ctl/panel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "daemon/field.h"

/* Columns beside a stage's bar: its name before, its times behind. */
#define NAME_COLUMNS  11
#define TIMES_COLUMNS 25
/* A bar reaches beyond the budget by this much. */
#define SCALE 1.25

/* Eighths of a character, and eight heights of one; each in UTF-8 and in ASCII. */
static const char *const eighths[2][9] = {
    { " ", " ", " ", " ", "#", "#", "#", "#", "#" },
    { " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" },
};
static const char *const heights[2][8] = {
    { "_", ".", "-", "~", "=", "+", "*", "#" },
    { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" },
};
static const char *const budget_marks[2] = { "|", "│" };
static const char *const p99_marks[2] = { ":", "┊" };

static void draw_title(struct ar_ctl_screen *screen, const json_t *status,
                       const struct ar_ctl_history *history)
{
    const unsigned long long up_s = (unsigned long long)ar_field_number(status, "uptime_s");

    ar_ctl_screen_print(screen, AR_CTL_BAR,
                        " %s  %s  %.1f of %.4g fps  up %llu:%02llu:%02llu  ar-daemon %s",
                        ar_field_text(status, "style"), ar_field_text(status, "state"),
                        history->fps, ar_field_number(status, "rate_millihz") / 1e3,
                        up_s / 3600, up_s / 60 % 60, up_s % 60,
                        ar_field_text(status, "version"));
    ar_ctl_screen_end_line(screen);
}

static void draw_label(struct ar_ctl_screen *screen, const char *label)
{
    ar_ctl_screen_print(screen, AR_CTL_DIM, " %-*s", NAME_COLUMNS - 1, label);
}

/* A bar's cell: how far the stage reaches into it, and what is marked there. */
static void draw_cell(struct ar_ctl_screen *screen, double reach, bool is_budget, bool is_p99,
                      enum ar_ctl_color color)
{
    const int eighth = ar_clamp_i32((int32_t)lround(reach * 8.0), 0, 8);

    if (eighth > 0)
        ar_ctl_screen_print(screen, color, "%s", eighths[screen->has_utf8][eighth]);
    else if (is_budget)
        ar_ctl_screen_print(screen, AR_CTL_BOLD, "%s", budget_marks[screen->has_utf8]);
    else if (is_p99)
        ar_ctl_screen_print(screen, AR_CTL_DIM, "%s", p99_marks[screen->has_utf8]);
    else
        ar_ctl_screen_print(screen, AR_CTL_PLAIN, " ");
}

static enum ar_ctl_color color_of(double time_us, double budget_us)
{
    if (time_us > budget_us)
        return AR_CTL_BAD;
    return time_us > 0.9 * budget_us ? AR_CTL_WARN : AR_CTL_GOOD;
}

static void draw_bar(struct ar_ctl_screen *screen, double time_us, double p99_us,
                     double budget_us)
{
    const int32_t n_cells =
        ar_clamp_i32((int32_t)screen->columns - NAME_COLUMNS - TIMES_COLUMNS, 8,
                     AR_CTL_HISTORY);
    const double cells_per_us = n_cells / (SCALE * budget_us);
    const int32_t budget_cell = (int32_t)(budget_us * cells_per_us);
    const int32_t p99_cell = (int32_t)fmin(p99_us * cells_per_us, n_cells);

    for (int32_t i = 0; i < n_cells; i++)
        draw_cell(screen, time_us * cells_per_us - i, i == budget_cell, i == p99_cell,
                  color_of(time_us, budget_us));
}

static void draw_stage(struct ar_ctl_screen *screen, const char *name, double time_us,
                       const json_t *stage, double budget_us)
{
    draw_label(screen, name);
    draw_bar(screen, time_us, ar_field_number(stage, "p99_us"), budget_us);
    ar_ctl_screen_print(screen, AR_CTL_PLAIN, "%8.2f%8.2f%8.2f", time_us / 1e3,
                        ar_field_number(stage, "p50_us") / 1e3,
                        ar_field_number(stage, "p99_us") / 1e3);
    ar_ctl_screen_end_line(screen);
}

static void draw_stages(struct ar_ctl_screen *screen, const json_t *status,
                        const struct ar_ctl_history *history)
{
    const json_t *stages = json_object_get(status, "stages");
    const double budget_us = fmax(ar_field_number(status, "budget_us"), 1.0);
    const int32_t bar_columns = ar_clamp_i32((int32_t)screen->columns - TIMES_COLUMNS,
                                             NAME_COLUMNS + 8, AR_CTL_HISTORY);
    char text[64];

    snprintf(text, sizeof(text), " budget    %.1f ms", budget_us / 1e3);
    ar_ctl_screen_print(screen, AR_CTL_BOLD, "%-*s", (int)bar_columns, text);
    ar_ctl_screen_print(screen, AR_CTL_DIM, "%8s%8s%8s", "now ms", "p50", "p99");
    ar_ctl_screen_end_line(screen);
    for (int i = 0; i < AR_BUDGET_N_STAGES; i++) {
        const char *name = ar_budget_stage_name((enum ar_budget_stage)i);

        draw_stage(screen, name, history->stage_us[i], json_object_get(stages, name),
                   budget_us);
    }
}

/* Widths lie between 0 and 1. */
static const char *height_of(const struct ar_ctl_screen *screen, double width)
{
    return heights[screen->has_utf8][ar_clamp_i32((int32_t)ceil(width * 8.0) - 1, 0, 7)];
}

static void draw_width(struct ar_ctl_screen *screen, const json_t *status,
                       const struct ar_ctl_history *history)
{
    const int32_t n_cells =
        ar_clamp_i32((int32_t)screen->columns - NAME_COLUMNS - TIMES_COLUMNS, 8,
                     AR_CTL_HISTORY);

    draw_label(screen, "width");
    for (int32_t i = n_cells - 1; i >= 0; i--) {
        const struct ar_ctl_sample *sample = ar_ctl_history_at(history, (uint32_t)i);

        if (sample)
            ar_ctl_screen_print(screen, sample->missed ? AR_CTL_BAD : AR_CTL_GOOD, "%s",
                                height_of(screen, (double)sample->width));
        else
            ar_ctl_screen_print(screen, AR_CTL_PLAIN, " ");
    }
    ar_ctl_screen_print(screen, AR_CTL_PLAIN, "%7.2f mean %.2f%s",
                        ar_field_number(status, "width"), ar_field_number(status, "mean_width"),
                        ar_field_number(status, "pinned_width") > 0.0 ? " pinned" : "");
    ar_ctl_screen_end_line(screen);
}

static void draw_counters(struct ar_ctl_screen *screen, const json_t *status)
{
    const double painted = ar_field_number(status, "painted");
    const double missed = ar_field_number(status, "missed");

    draw_label(screen, "misses");
    ar_ctl_screen_print(screen, missed > 0.0 ? AR_CTL_WARN : AR_CTL_PLAIN,
                        "%.0f of %.0f (%.2f %%)", missed, painted,
                        painted > 0.0 ? 100.0 * missed / painted : 0.0);
    ar_ctl_screen_print(screen, AR_CTL_PLAIN, ", longest run %lld, %lld given up",
                        ar_field_count(status, "longest_run"),
                        ar_field_count(status, "degraded"));
    ar_ctl_screen_end_line(screen);
    draw_label(screen, "drops");
    ar_ctl_screen_print(screen, AR_CTL_PLAIN, "%lld overtaken, %lld lost, %lld corrupt",
                        ar_field_count(status, "dropped"), ar_field_count(status, "lost"),
                        ar_field_count(status, "corrupt"));
    ar_ctl_screen_end_line(screen);
}

static void draw_heat(struct ar_ctl_screen *screen, const json_t *heat, const json_t *energy)
{
    const json_t *celsius = json_object_get(heat, "celsius");
    const double cap_width = ar_field_number(heat, "cap_width");
    const double frame_j = ar_field_number(energy, "frame_j");

    if (!json_is_number(celsius) && cap_width <= 0.0 && frame_j <= 0.0)
        return;
    draw_label(screen, "heat");
    if (json_is_number(celsius))
        ar_ctl_screen_print(screen, AR_CTL_PLAIN, "%.0f degrees  ", json_number_value(celsius));
    if (cap_width > 0.0)
        ar_ctl_screen_print(screen, AR_CTL_WARN, "width %.2f at most  ", cap_width);
    if (frame_j > 0.0)
        ar_ctl_screen_print(screen, AR_CTL_PLAIN, "%.3f J a frame", frame_j);
    ar_ctl_screen_end_line(screen);
}

static void draw_displays(struct ar_ctl_screen *screen, const json_t *displays)
{
    const json_t *display;
    size_t i;

    json_array_foreach(displays, i, display)
    {
        draw_label(screen, "display");
        ar_ctl_screen_print(screen, AR_CTL_PLAIN, "%s", ar_field_text(display, "display"));
        if (strcmp(ar_field_text(display, "state"), "failed") == 0)
            ar_ctl_screen_print(screen, AR_CTL_BAD, ", failed: %s",
                                ar_field_text(display, "why"));
        ar_ctl_screen_end_line(screen);
    }
}

static void draw_recording(struct ar_ctl_screen *screen, const json_t *recording)
{
    if (!json_is_object(recording))
        return;
    draw_label(screen, "recording");
    ar_ctl_screen_print(screen, AR_CTL_PLAIN, "%s: %s, %.1f s, %lld dropped",
                        ar_field_text(recording, "file"), ar_field_text(recording, "state"),
                        ar_field_number(recording, "seconds"),
                        ar_field_count(recording, "dropped"));
    ar_ctl_screen_end_line(screen);
}

static void draw_ends(struct ar_ctl_screen *screen, const json_t *status)
{
    const char *state = ar_field_text(status, "source_state");
    const bool flows = strcmp(state, "flowing") == 0 || strcmp(state, "-") == 0;

    draw_label(screen, "source");
    ar_ctl_screen_print(screen, AR_CTL_PLAIN, "%s", ar_field_text(status, "source"));
    if (!flows)
        ar_ctl_screen_print(screen, AR_CTL_BAD, ", now %s", state);
    ar_ctl_screen_end_line(screen);
    draw_displays(screen, json_object_get(status, "displays"));
    draw_label(screen, "engine");
    ar_ctl_screen_print(screen, AR_CTL_PLAIN, "%s, %s, %lld threads, %s",
                        ar_field_text(status, "tier"), ar_field_text(status, "precision"),
                        ar_field_count(status, "threads"), ar_field_text(status, "loop"));
    ar_ctl_screen_end_line(screen);
}

static void draw_bottom(struct ar_ctl_screen *screen, const char *message)
{
    ar_ctl_screen_to_bottom(screen);
    if (message[0] != '\0')
        ar_ctl_screen_print(screen, AR_CTL_BAD, " %s", message);
    else if (screen->has_keys)
        ar_ctl_screen_print(screen, AR_CTL_DIM,
                            " q quit   n b next style, and back   p pause   + - budget");
}

void ar_ctl_panel_draw(struct ar_ctl_screen *screen, const json_t *status,
                       const struct ar_ctl_history *history, const char *message)
{
    if (status) {
        draw_title(screen, status, history);
        draw_stages(screen, status, history);
        draw_width(screen, status, history);
        draw_counters(screen, status);
        draw_heat(screen, json_object_get(status, "heat"), json_object_get(status, "energy"));
        draw_ends(screen, status);
        draw_recording(screen, json_object_get(status, "recording"));
    }
    draw_bottom(screen, message);
}
