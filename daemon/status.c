/* SPDX-License-Identifier: MIT */
#include "daemon/status.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "daemon/field.h"

static const char *const state_names[] = {
    [AR_PIPELINE_STARTING] = "starting",
    [AR_PIPELINE_CALIBRATING] = "calibrating",
    [AR_PIPELINE_RUNNING] = "running",
    [AR_PIPELINE_PAUSED] = "paused",
    [AR_PIPELINE_IDLE] = "idle",
    [AR_PIPELINE_ENDED] = "ended",
    [AR_PIPELINE_RESTARTING] = "restarting",
};

static const char *const output_state_names[] = {
    [AR_PIPELINE_OUTPUT_CLOSED] = "closed",
    [AR_PIPELINE_OUTPUT_OPEN] = "open",
    [AR_PIPELINE_OUTPUT_FAILED] = "failed",
};

const char *ar_status_state_name(enum ar_pipeline_state state)
{
    return state_names[state];
}

const char *ar_status_output_state_name(enum ar_pipeline_output_state state)
{
    return output_state_names[state];
}

static double seconds_since(uint64_t start_us, uint64_t now_us)
{
    return start_us == 0 || now_us < start_us ? 0.0 : (double)(now_us - start_us) / 1e6;
}

static double frames_per_second(const struct ar_pipeline_status *status, uint64_t now_us)
{
    double seconds = seconds_since(status->started_us, now_us);

    return seconds > 0.0 ? (double)status->ledger.n_painted / seconds : 0.0;
}

static double mean_width(const struct ar_budget_ledger *ledger)
{
    return ledger->n_painted > 0 ? ledger->width_sum / (double)ledger->n_painted : 0.0;
}

static json_t *stages_json(const struct ar_budget_ledger *ledger)
{
    json_t *stages = json_object();

    for (int i = 0; i < AR_BUDGET_N_STAGES; i++) {
        const struct ar_histogram *histogram = &ledger->stages[i];

        json_object_set_new(stages, ar_budget_stage_name((enum ar_budget_stage)i),
                            json_pack("{s:I, s:I, s:I, s:I, s:I}", "n",
                                      (json_int_t)histogram->n_samples, "sum_us",
                                      (json_int_t)histogram->sum_us, "p50_us",
                                      (json_int_t)ar_histogram_quantile_us(histogram, 0.50),
                                      "p99_us",
                                      (json_int_t)ar_histogram_quantile_us(histogram, 0.99),
                                      "max_us", (json_int_t)histogram->max_us));
    }
    return stages;
}

/* null: unknown */
static json_t *known(bool is_known, double value)
{
    return is_known ? json_real(value) : json_null();
}

static json_t *heat_json(const struct ar_thermal_reading *heat, double cap_width)
{
    return json_pack("{s:o, s:i, s:o}", "celsius", known(!isnan(heat->celsius), heat->celsius),
                     "throttled", (int)heat->flags, "cap_width",
                     known(cap_width > 0.0, cap_width));
}

static json_t *energy_json(const struct ar_pipeline_status *status, uint64_t now_us)
{
    const double frame_j =
        status->n_energy > 0 ? status->energy_j / (double)status->n_energy : 0.0;

    return json_pack("{s:o, s:o}", "frame_j", known(frame_j > 0.0, frame_j), "joules_per_hour",
                     known(frame_j > 0.0,
                           frame_j * frames_per_second(status, now_us) * 3600.0));
}

static json_t *outputs_json(const struct ar_pipeline_status *status)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < status->n_outputs; i++) {
        const struct ar_pipeline_output *output = &status->outputs[i];
        const struct ar_histogram *latency = &output->latency;

        json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "display",
                      output->describe, "state", output_state_names[output->state], "why",
                      output->why, "screen", output->screen_state, "resumed",
                      (json_int_t)output->screen.n_resumed, "stalled",
                      (json_int_t)output->screen.n_stalled, "shown",
                      (json_int_t)output->n_shown, "overtaken", (json_int_t)output->n_overtaken,
                      "p50_us", (json_int_t)ar_histogram_quantile_us(latency, 0.50), "p99_us",
                      (json_int_t)ar_histogram_quantile_us(latency, 0.99), "max_us",
                      (json_int_t)latency->max_us));
    }
    return list;
}

json_t *ar_status_json(const struct ar_pipeline_status *status,
                       const struct ar_thermal_reading *heat, uint64_t now_us)
{
    const struct ar_budget_ledger *ledger = &status->ledger;
    const struct ar_pipeline_output *leader = &status->outputs[status->leader];

    json_t *object =
        json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:I, s:I,"
                  " s:f, s:f, s:f, s:f, s:f, s:I, s:f,"
                  " s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
                  "version", AR_VERSION, "pid", (int)getpid(), "state",
                  state_names[status->state], "source", status->source, "source_state",
                  status->source_state, "display", leader->describe, "style", status->style,
                  "tier", status->tier, "precision", status->precision ? status->precision : "",
                  "loop", status->loop, "threads", (int)status->n_threads, "width_px",
                  (int)status->width_px, "height_px", (int)status->height_px, "rate_millihz",
                  (json_int_t)status->rate_millihz, "measured_millihz",
                  (json_int_t)status->measured_millihz, /* */
                  "uptime_s", seconds_since(status->started_us, now_us), "fps",
                  frames_per_second(status, now_us), "width", status->width, "mean_width",
                  mean_width(ledger), "pinned_width", status->pinned_width, "budget_us",
                  (json_int_t)status->budget_us, "slowdown", status->slowdown, /* */
                  "captured", (json_int_t)status->n_captured, "dropped",
                  (json_int_t)status->n_dropped, "lost", (json_int_t)status->n_lost, "corrupt",
                  (json_int_t)status->n_corrupt, "guessed", (json_int_t)status->n_guessed,
                  "resumed", (json_int_t)status->n_resumed, "painted",
                  (json_int_t)ledger->n_painted, "shown", (json_int_t)leader->n_shown, "missed",
                  (json_int_t)ledger->n_missed, "longest_run", (json_int_t)ledger->longest_run,
                  "switches", (json_int_t)ledger->n_switches, "stages", stages_json(ledger));

    json_object_set_new(object, "displays", outputs_json(status));
    json_object_set_new(object, "source_words", json_string(status->source_words));
    json_object_set_new(object, "notices", json_integer((json_int_t)status->n_notices));
    json_object_set_new(object, "degraded", json_integer((json_int_t)ledger->n_degraded));
    json_object_set_new(object, "calibrations",
                        json_integer((json_int_t)status->n_calibrations));
    json_object_set_new(object, "heat", heat_json(heat, status->cap_width));
    json_object_set_new(object, "energy", energy_json(status, now_us));
    json_object_set_new(object, "refresh_millihz",
                        known(status->refresh_millihz > 0, (double)status->refresh_millihz));
    json_object_set_new(object, "phase_us",
                        known(status->phase_us >= 0, (double)status->phase_us));
    return object;
}

static void print_stages(const json_t *stages, FILE *out)
{
    fprintf(out, "  %-9s %9s %9s %9s\n", "stage", "p50 ms", "p99 ms", "max ms");
    for (int i = 0; i < AR_BUDGET_N_STAGES; i++) {
        const char *name = ar_budget_stage_name((enum ar_budget_stage)i);
        const json_t *stage = json_object_get(stages, name);

        if (stage)
            fprintf(out, "  %-9s %9.2f %9.2f %9.2f\n", name,
                    ar_field_number(stage, "p50_us") / 1e3,
                    ar_field_number(stage, "p99_us") / 1e3,
                    ar_field_number(stage, "max_us") / 1e3);
    }
}

static void print_heat(const json_t *heat, FILE *out)
{
    const json_t *celsius = json_object_get(heat, "celsius");
    const double cap_width = ar_field_number(heat, "cap_width");

    if (json_is_number(celsius))
        fprintf(out, "  heat      %.0f degrees\n", json_number_value(celsius));
    if (cap_width > 0.0)
        fprintf(out, "  capped    width %.2f at most, by heat or energy\n", cap_width);
}

static void print_energy(const json_t *energy, FILE *out)
{
    if (json_is_number(json_object_get(energy, "frame_j")))
        fprintf(out, "  energy    %.3f J a frame, %.1f kJ an hour\n",
                ar_field_number(energy, "frame_j"),
                ar_field_number(energy, "joules_per_hour") / 1e3);
}

static void print_recording(const json_t *recording, FILE *out)
{
    if (!json_is_object(recording))
        return;
    fprintf(out, "  recording %s: %s, %.1f s, %lld pictures, %lld dropped, %.1f MB\n",
            ar_field_text(recording, "file"), ar_field_text(recording, "state"),
            ar_field_number(recording, "seconds"), ar_field_count(recording, "pictures"),
            ar_field_count(recording, "dropped"),
            (double)ar_field_count(recording, "bytes") / 1e6);
}

/* A source that flows is not worth a word. */
static void print_source(const json_t *status, FILE *out)
{
    const char *state = ar_field_text(status, "source_state");
    const bool flows = strcmp(state, "flowing") == 0 || strcmp(state, "-") == 0;
    const double measured_hz = ar_field_number(status, "measured_millihz") / 1e3;
    const long long n_resumed = ar_field_count(status, "resumed");
    const long long n_guessed = ar_field_count(status, "guessed");

    fprintf(out, "  source    %s", ar_field_text(status, "source"));
    if (measured_hz > 0.0)
        fprintf(out, ", measured %.1f", measured_hz);
    if (!flows)
        fprintf(out, ", now %s", state);
    if (n_resumed > 0)
        fprintf(out, ", came back %lld times", n_resumed);
    if (n_guessed > 0)
        fprintf(out, ", %lld time stamps guessed", n_guessed);
    fputc('\n', out);
}

/* A screen that is up is not worth a word: its description says when it is not. */
static void print_returns(const json_t *display, FILE *out)
{
    const long long n_resumed = ar_field_count(display, "resumed");
    const long long n_stalled = ar_field_count(display, "stalled");

    if (n_resumed > 0)
        fprintf(out, ", came back %lld times", n_resumed);
    if (n_stalled > 0)
        fprintf(out, ", stalled %lld times", n_stalled);
}

/* The one display; of several each with what became of its pictures. */
static void print_displays(const json_t *status, FILE *out)
{
    const json_t *displays = json_object_get(status, "displays");
    const json_t *display;
    size_t i;

    if (json_array_size(displays) < 2) {
        fprintf(out, "  display   %s", ar_field_text(status, "display"));
        print_returns(json_array_get(displays, 0), out);
        fputc('\n', out);
        return;
    }
    json_array_foreach(displays, i, display)
    {
        fprintf(out, "  display   %s: %lld shown, %lld overtaken, latency %.1f / %.1f ms",
                ar_field_text(display, "display"), ar_field_count(display, "shown"),
                ar_field_count(display, "overtaken"), ar_field_number(display, "p50_us") / 1e3,
                ar_field_number(display, "p99_us") / 1e3);
        print_returns(display, out);
        if (strcmp(ar_field_text(display, "state"), "failed") == 0)
            fprintf(out, ", failed: %s", ar_field_text(display, "why"));
        fputc('\n', out);
    }
}

void ar_status_print(const json_t *status, FILE *out)
{
    double pinned = ar_field_number(status, "pinned_width");
    double painted = ar_field_number(status, "painted");
    double missed = ar_field_number(status, "missed");

    fprintf(out, "ar-daemon %s: %s, %.1f s\n", ar_field_text(status, "version"),
            ar_field_text(status, "state"), ar_field_number(status, "uptime_s"));
    fprintf(out, "  style     %s\n", ar_field_text(status, "style"));
    print_source(status, out);
    print_displays(status, out);
    fprintf(out, "  engine    %s, %s, %lld threads, %s\n", ar_field_text(status, "tier"),
            ar_field_text(status, "precision"), ar_field_count(status, "threads"),
            ar_field_text(status, "loop"));
    fprintf(out, "  budget    %.1f ms, width %.2f%s, mean %.2f, %lld switches\n",
            ar_field_number(status, "budget_us") / 1e3, ar_field_number(status, "width"),
            pinned > 0.0 ? " (pinned)" : "", ar_field_number(status, "mean_width"),
            ar_field_count(status, "switches"));
    fprintf(out, "  frames    %lld painted, %.1f a second, %lld shown\n",
            ar_field_count(status, "painted"), ar_field_number(status, "fps"),
            ar_field_count(status, "shown"));
    fprintf(out, "  drops     %lld overtaken, %lld lost by the source, %lld corrupt\n",
            ar_field_count(status, "dropped"), ar_field_count(status, "lost"),
            ar_field_count(status, "corrupt"));
    fprintf(out,
            "  misses    %lld of the deadline (%.2f %%), longest run %lld, %lld given up\n",
            ar_field_count(status, "missed"), painted > 0.0 ? 100.0 * missed / painted : 0.0,
            ar_field_count(status, "longest_run"), ar_field_count(status, "degraded"));
    print_heat(json_object_get(status, "heat"), out);
    print_energy(json_object_get(status, "energy"), out);
    if (json_is_number(json_object_get(status, "phase_us")))
        fprintf(
            out,
            "  phase     frames arrive %.1f ms after a refresh of the screen, which has %.2f "
            "a second\n",
            ar_field_number(status, "phase_us") / 1e3,
            ar_field_number(status, "refresh_millihz") / 1e3);
    print_recording(json_object_get(status, "recording"), out);
    print_stages(json_object_get(status, "stages"), out);
}

/* What it does instead of painting. It rests because nobody sees the pictures: why not? */
static const char *state_words(const struct ar_pipeline_status *status)
{
    const char *words = status->outputs[status->leader].screen_words;

    return status->state == AR_PIPELINE_IDLE && words ? words : state_names[status->state];
}

void ar_status_service(const struct ar_pipeline_status *status, double fps, char *text,
                       size_t text_b)
{
    const struct ar_histogram *latency = &status->ledger.stages[AR_BUDGET_LATENCY];

    if (status->state != AR_PIPELINE_RUNNING)
        snprintf(text, text_b, "%s", state_words(status));
    else if (status->source_words[0] != '\0')
        snprintf(text, text_b, "%s", status->source_words);
    else
        snprintf(text, text_b, "%s: %.1f fps, width %.2f, latency %.0f ms, %s", status->style,
                 fps, status->width, (double)ar_histogram_quantile_us(latency, 0.5) / 1e3,
                 status->outputs[status->leader].describe);
}

void ar_status_progress(const struct ar_pipeline_status *status, uint64_t now_us, char *text,
                        size_t text_b)
{
    const struct ar_budget_ledger *ledger = &status->ledger;
    const struct ar_pipeline_output *leader = &status->outputs[status->leader];
    char of[16] = "";

    if (status->frames_wanted > 0)
        snprintf(of, sizeof(of), "/%u", status->frames_wanted);
    if (status->state != AR_PIPELINE_RUNNING)
        snprintf(text, text_b, "%s ...", state_words(status));
    else if (status->source_words[0] != '\0')
        snprintf(text, text_b, "%s ...", status->source_words);
    else if (leader->screen_words && leader->screen_words[0] != '\0')
        snprintf(text, text_b, "painting on, %s ...", leader->screen_words);
    else
        snprintf(
            text, text_b,
            "%s: %llu%s frames, %.1f fps, width %.2f, %.1f of %.1f ms, %llu missed, %llu dropped",
            status->style, (unsigned long long)ledger->n_painted, of,
            frames_per_second(status, now_us), status->width,
            (double)ar_histogram_quantile_us(&ledger->stages[AR_BUDGET_PAINT], 0.5) / 1e3,
            (double)status->budget_us / 1e3, (unsigned long long)ledger->n_missed,
            (unsigned long long)status->n_dropped);
}
