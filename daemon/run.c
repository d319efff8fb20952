/* SPDX-License-Identifier: MIT */
#include "daemon/run.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "daemon/control.h"
#include "daemon/heat.h"
#include "daemon/pipeline.h"
#include "daemon/status.h"
#include "daemon/styles.h"
#include "daemon/trace_file.h"
#include "daemon/wire.h"

#define TAG "daemon"

#define PROGRESS_PERIOD_US 250000u
/* A stop is promised within 200 ms; a stage that hangs in a driver does not change that. */
#define STOP_GRACE_US 180000u

/*
 * Blocks from this size on go back to the system when they are freed: what the scene was drawn in, a style
 * that was switched from. Left to itself glibc raises the limit with each one, and keeps their memory.
 */
#define LARGE_BLOCK_B (1 << 20)

struct run {
    struct ar_settings settings;
    struct ar_styles styles;
    struct ar_loop *loop;
    struct ar_control *control;
    struct ar_pipeline *pipeline;
    struct ar_heat heat;
    struct ar_trace_file trace;
    struct ar_loop_source *signals;
    struct ar_loop_source *progress;
    struct ar_loop_source *grace;
    char socket[AR_OPTION_TEXT_MAX];
    bool stopping;
    bool abandoned; /* a stage did not end in its grace */
};

static void request_stop(struct run *run)
{
    if (run->stopping)
        return;
    run->stopping = true;
    ar_pipeline_stop(run->pipeline);
    ar_loop_set_timer(run->grace, ar_clock_now_us() + STOP_GRACE_US, 0);
}

static void on_signal(void *user, int signal_number)
{
    ar_log(AR_LOG_DEBUG, TAG, "signal %d", signal_number);
    request_stop(user);
}

static void on_grace_over(void *user, uint64_t n_expired)
{
    struct run *run = user;

    (void)n_expired;
    run->abandoned = true;
}

static void on_progress(void *user, uint64_t n_expired)
{
    struct run *run = user;
    struct ar_pipeline_status status;
    char text[200];

    (void)n_expired;
    ar_pipeline_status(run->pipeline, &status);
    ar_status_progress(&status, ar_clock_now_us(), text, sizeof(text));
    ar_log_progress(text);
}

static json_t *do_status(struct run *run, const char *const *args, struct ar_reason *reason)
{
    struct ar_pipeline_status status;

    (void)args;
    (void)reason;
    ar_pipeline_status(run->pipeline, &status);
    return ar_status_json(&status, &run->heat.reading, ar_clock_now_us());
}

static json_t *list_styles(const struct run *run, const char *now)
{
    json_t *names = json_array();

    for (uint32_t i = 0; i < run->styles.n_styles; i++)
        json_array_append_new(names, json_string(run->styles.list[i].name));
    return json_pack("{s:s, s:o}", "style", now, "styles", names);
}

static json_t *do_style(struct run *run, const char *const *args, struct ar_reason *reason)
{
    struct ar_pipeline_status status;
    const char *name = args[0];
    int step = 0;

    ar_pipeline_status(run->pipeline, &status);
    if (!name)
        return list_styles(run, status.style);
    if (strcmp(name, "next") == 0)
        step = 1;
    else if (strcmp(name, "prev") == 0)
        step = -1;
    if (step != 0) {
        const struct ar_style *style = ar_styles_step(&run->styles, status.style, step);

        if (style)
            name = style->name;
    }
    if (ar_pipeline_set_style(run->pipeline, name, reason) < 0)
        return NULL;
    return json_pack("{s:s}", "style", name);
}

/* A live key's new value, and the settings with it. */
struct change {
    const char *key;
    const char *text;
    const struct ar_settings *settings;
};

/* What a live key needs beyond being stored. Keys of one section share an entry. */
struct live_change {
    const char *prefix;
    int (*apply)(struct run *run, const struct change *change, struct ar_reason *reason);
};

#define CONTROLS "capture.controls."

static int apply_control(struct run *run, const struct change *change, struct ar_reason *reason)
{
    return ar_pipeline_set_control(run->pipeline, change->key + strlen(CONTROLS), change->text,
                                   reason);
}

static int apply_style(struct run *run, const struct change *change, struct ar_reason *reason)
{
    return ar_pipeline_set_style(run->pipeline, change->settings->network.style, reason);
}

static int apply_budget(struct run *run, const struct change *change, struct ar_reason *reason)
{
    (void)reason;
    ar_pipeline_set_budget(run->pipeline, &change->settings->budget);
    run->heat.limit_celsius = change->settings->budget.temperature;
    return 0;
}

static int apply_decoder(struct run *run, const struct change *change, struct ar_reason *reason)
{
    (void)reason;
    ar_pipeline_set_decoder(run->pipeline, &change->settings->decoder);
    return 0;
}

static int apply_log(struct run *run, const struct change *change, struct ar_reason *reason)
{
    (void)run;
    (void)reason;
    ar_log_set_level((enum ar_log_level)change->settings->daemon.log);
    return 0;
}

static const struct live_change live_changes[] = {
    { CONTROLS, apply_control }, { "network.style", apply_style },
    { "budget.", apply_budget }, { "decoder.", apply_decoder },
    { "daemon.log", apply_log },
};

static const struct live_change *live_change_of(const char *key)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(live_changes); i++)
        if (strncmp(key, live_changes[i].prefix, strlen(live_changes[i].prefix)) == 0)
            return &live_changes[i];
    return NULL;
}

/* Tried on a copy: what is refused changes nothing. */
static json_t *do_set(struct run *run, const char *const *args, struct ar_reason *reason)
{
    struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_settings changed = run->settings;
    const struct change change = { .key = args[0], .text = args[1], .settings = &changed };
    const struct live_change *live = live_change_of(args[0]);
    const struct ar_option *option;
    char text[AR_OPTION_TEXT_MAX];
    void *params;

    ar_settings_sections(&changed, sections);
    if (ar_config_set(sections, args[0], args[1], reason) < 0)
        return NULL;
    option = ar_config_find(sections, args[0], &params);
    if (option->apply != AR_OPTION_LIVE || !live) {
        ar_reason_set(reason, -EBUSY,
                      "%s: cannot change while running; start ar-daemon with it", args[0]);
        return NULL;
    }
    if (live->apply(run, &change, reason) < 0)
        return NULL;
    run->settings = changed;
    ar_option_format(option, params, text, sizeof(text));
    return json_pack("{s:s, s:s}", "key", args[0], "value", text);
}

/* A budget is one of the options, with a command of its own. */
static json_t *do_budget(struct run *run, const char *const *args, struct ar_reason *reason)
{
    const char *const assignment[] = { "budget.frame", args[0] };
    char text[AR_OPTION_TEXT_MAX];

    if (args[0] && strcmp(args[0], "explain") == 0)
        return ar_pipeline_explain(run->pipeline, reason);
    if (args[0])
        return do_set(run, assignment, reason);
    ar_option_format(ar_option_find(ar_budget_options, "frame"), &run->settings.budget, text,
                     sizeof(text));
    return json_pack("{s:s, s:s}", "key", "budget.frame", "value", text);
}

/* "--watts IDLE,BUSY": what a meter showed. */
static int take_watts(struct run *run, const char *text, struct ar_reason *reason)
{
    static const char *const keys[] = { "budget.watts_idle", "budget.watts_busy" };
    const char *comma = text ? strchr(text, ',') : NULL;
    char values[2][32];

    if (!comma || comma == text || (size_t)(comma - text) >= sizeof(values[0]))
        return ar_reason_set(reason, -EINVAL,
                             "calibrate --watts: '%s', must be IDLE,BUSY, as 2.5,6",
                             text ? text : "");
    snprintf(values[0], sizeof(values[0]), "%.*s", (int)(comma - text), text);
    snprintf(values[1], sizeof(values[1]), "%s", comma + 1);
    for (size_t i = 0; i < AR_ARRAY_LEN(keys); i++) {
        const char *const assignment[] = { keys[i], values[i] };
        json_t *done = do_set(run, assignment, reason);

        if (!done)
            return -EINVAL;
        json_decref(done);
    }
    return 0;
}

static json_t *do_calibrate(struct run *run, const char *const *args, struct ar_reason *reason)
{
    if (args[0] && strcmp(args[0], "--watts") != 0) {
        ar_reason_set(reason, -EINVAL, "calibrate: '%s', must be --watts IDLE,BUSY or nothing",
                      args[0]);
        return NULL;
    }
    if (args[0] && take_watts(run, args[1], reason) < 0)
        return NULL;
    ar_pipeline_calibrate(run->pipeline);
    return json_object();
}

static json_t *do_trace(struct run *run, const char *const *args, struct ar_reason *reason)
{
    char *end = NULL;
    unsigned long long from = 1;

    if (args[0])
        from = strtoull(args[0], &end, 10);
    if (args[0] && (end == args[0] || *end != '\0')) {
        ar_reason_set(reason, -EINVAL, "trace: '%s', must be the number of a frame", args[0]);
        return NULL;
    }
    return ar_pipeline_trace(run->pipeline, from);
}

static json_t *do_stop(struct run *run, const char *const *args, struct ar_reason *reason)
{
    (void)args;
    (void)reason;
    request_stop(run);
    return json_object();
}

static json_t *on_command(void *user, const struct ar_command *command, const char *const *args,
                          uint32_t n_args, struct ar_reason *reason)
{
    static json_t *(*const actions[])(struct run *, const char *const *, struct ar_reason *) = {
        [AR_COMMAND_STATUS] = do_status, [AR_COMMAND_STYLE] = do_style,
        [AR_COMMAND_BUDGET] = do_budget, [AR_COMMAND_CALIBRATE] = do_calibrate,
        [AR_COMMAND_TRACE] = do_trace,   [AR_COMMAND_SET] = do_set,
        [AR_COMMAND_STOP] = do_stop,
    };

    (void)n_args;
    return actions[command->id](user, args, reason);
}

/* sysexits' names for what went wrong in each part. */
static int exit_code(const struct ar_pipeline_end *end)
{
    switch (end->part) {
    case AR_PIPELINE_NOTHING:
        return EX_OK;
    case AR_PIPELINE_STYLE:
        return end->result == -EINVAL || end->result == -ENOTSUP ? EX_DATAERR : EX_NOINPUT;
    case AR_PIPELINE_SYSTEM:
        return EX_OSERR;
    case AR_PIPELINE_SOURCE:
    case AR_PIPELINE_DISPLAY:
        break;
    }
    switch (end->result) {
    case -ENODEV:
    case -EBUSY:
    case -ENOTSUP:
        return EX_UNAVAILABLE;
    case -EACCES:
    case -EPERM:
        return EX_NOPERM;
    case -EINVAL:
    case -EIO:
        return end->part == AR_PIPELINE_SOURCE ? EX_DATAERR : EX_IOERR;
    default:
        return end->part == AR_PIPELINE_SOURCE ? EX_NOINPUT : EX_CANTCREAT;
    }
}

static int open_control(struct run *run)
{
    struct ar_reason reason;
    int ret = 0;

    snprintf(run->socket, sizeof(run->socket), "%s", run->settings.daemon.socket);
    if (run->socket[0] == '\0')
        ret = ar_wire_default_path(run->socket, sizeof(run->socket));
    if (strcmp(run->socket, "none") == 0)
        return EX_OK;
    if (ret < 0) {
        ar_log(AR_LOG_WARN, TAG,
               "no place for a control socket ($XDG_RUNTIME_DIR is not set): "
               "ar-ctl cannot reach this daemon");
        return EX_OK;
    }
    ret = ar_control_create(&run->control, run->loop, run->socket, on_command, run, &reason);
    if (ret == 0)
        return EX_OK;
    ar_log(AR_LOG_ERROR, TAG, "%s", reason.text);
    return ret == -EADDRINUSE ? EX_UNAVAILABLE : EX_CANTCREAT;
}

static int open_loop(struct run *run)
{
    static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP, 0 };
    int ret = ar_loop_create(&run->loop, (enum ar_loop_kind)run->settings.daemon.loop);

    if (ret == 0)
        ret = ar_loop_add_signals(run->loop, stop_signals, on_signal, run, &run->signals);
    if (ret == 0)
        ret = ar_loop_add_timer(run->loop, on_grace_over, run, &run->grace);
    if (ret == 0)
        ret = ar_loop_add_timer(run->loop, on_progress, run, &run->progress);
    if (ret < 0)
        ar_log_err(TAG, ret, "event loop");
    return ret < 0 ? EX_OSERR : EX_OK;
}

/* A service paints for nobody where there is no screen; a person gets a clip to look at. */
static bool run_by_hand(void)
{
    /* No thread changes the environment. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    return !getenv("INVOCATION_ID");
}

/* An exit code: EX_OK, or why there is no pipeline. */
static int open_pipeline(struct run *run)
{
    struct ar_pipeline_end end = { 0 };
    struct ar_pipeline_params params = { .settings = &run->settings,
                                         .styles = &run->styles,
                                         .control_loop = run->loop,
                                         .demo = run_by_hand() };
    int ret = ar_pipeline_create(&run->pipeline, &params, &end);

    if (ret == 0)
        ret = ar_pipeline_start(run->pipeline, &end);
    if (ret == 0)
        return EX_OK;
    ar_log(AR_LOG_ERROR, TAG, "%s", end.reason.text);
    if (ret == -EINVAL && end.part != AR_PIPELINE_STYLE)
        return EX_USAGE; /* nothing was opened yet: it is how the option is written */
    return exit_code(&end);
}

static void say_engine(struct run *run)
{
    struct ar_pipeline_status status;

    ar_pipeline_status(run->pipeline, &status);
    ar_log(AR_LOG_INFO, TAG, "kernels: %s; painting threads: %u; events: %s", status.tier,
           status.n_threads, ar_loop_name(run->loop));
}

static void serve(struct run *run, struct ar_pipeline_end *end)
{
    say_engine(run);
    if (isatty(STDERR_FILENO))
        ar_loop_set_timer(run->progress, ar_clock_now_us() + PROGRESS_PERIOD_US,
                          PROGRESS_PERIOD_US);
    while (!run->abandoned && !ar_pipeline_ended(run->pipeline, end)) {
        int ret = ar_loop_run_once(run->loop, AR_LOOP_FOREVER);

        if (ret < 0 && ret != -ETIMEDOUT)
            request_stop(run);
        ar_pipeline_serve(run->pipeline);
    }
    ar_log_progress(NULL);
}

static void print_summary(struct run *run)
{
    struct ar_pipeline_status status;
    json_t *object;

    ar_pipeline_status(run->pipeline, &status);
    if (status.ledger.n_painted == 0)
        return;
    object = ar_status_json(&status, &run->heat.reading, ar_clock_now_us());
    ar_status_print(object, stderr);
    json_decref(object);
}

static void close_run(struct run *run)
{
    ar_control_destroy(run->control);
    ar_heat_stop(&run->heat);
    ar_pipeline_destroy(run->pipeline);
    ar_loop_remove(&run->progress);
    ar_loop_remove(&run->grace);
    ar_loop_remove(&run->signals);
    ar_loop_destroy(run->loop);
    free(run);
}

/* What looks at the pipeline from outside. */
static int open_watchers(struct run *run)
{
    const char *trace = run->settings.daemon.trace;
    struct ar_reason reason;
    int ret =
        ar_heat_start(&run->heat, run->loop, run->pipeline, run->settings.budget.temperature);

    if (ret < 0) {
        ar_log_err(TAG, ret, "heat");
        return EX_OSERR;
    }
    if (trace[0] == '\0')
        return EX_OK;
    ret = ar_trace_file_open(&run->trace, run->loop, run->pipeline, trace, &reason);
    if (ret < 0)
        ar_log(AR_LOG_ERROR, TAG, "%s", reason.text);
    return ret < 0 ? EX_CANTCREAT : EX_OK;
}

static int run_pipeline(struct run *run)
{
    struct ar_pipeline_end end = { 0 };
    int code = open_pipeline(run);

    if (code != EX_OK)
        return code;
    code = open_watchers(run);
    if (code != EX_OK)
        ar_pipeline_stop(run->pipeline);
    serve(run, &end);
    ar_trace_file_close(&run->trace);
    print_summary(run);
    if (end.part != AR_PIPELINE_NOTHING)
        ar_log(AR_LOG_ERROR, TAG, "%s", end.reason.text);
    return code != EX_OK ? code : exit_code(&end);
}

int ar_run(const struct ar_settings *settings)
{
    struct run *run = calloc(1, sizeof(*run));
    int code;

    if (!run)
        return EX_OSERR;
    signal(SIGPIPE,
           SIG_IGN); /* a reader that went away is an error of its write, not our end */
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_B);
    run->settings = *settings;
    ar_log_set_level((enum ar_log_level)settings->daemon.log);
    ar_styles_find(&run->styles, settings->network.style_path);
    code = open_loop(run);
    if (code == EX_OK)
        code = open_control(run);
    if (code == EX_OK)
        code = run_pipeline(run);
    if (run->abandoned) {
        /* A thread hangs in a driver: joining it would hang us as well. */
        ar_log(AR_LOG_WARN, TAG, "a stage did not stop within %u ms: leaving it behind",
               STOP_GRACE_US / 1000);
        ar_control_destroy(run->control);
        _exit(code);
    }
    close_run(run);
    return code;
}
