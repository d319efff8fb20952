/* SPDX-License-Identifier: MIT */
#include "daemon/run.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/shortage.h"
#include "daemon/actions/actions.h"
#include "daemon/status.h"
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

void ar_run_stop(struct ar_run *run)
{
    if (run->stopping)
        return;
    run->stopping = true;
    ar_events_tell(&run->events, json_pack("{s:s}", "event", "stopping"));
    ar_pipeline_stop(run->pipeline);
    ar_recorder_stop_all(&run->recorder);
    ar_loop_set_timer(run->grace, ar_clock_now_us() + STOP_GRACE_US, 0);
}

static bool has_terminal(void)
{
    const int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void reload(struct ar_run *run)
{
    struct ar_reason reason;

    json_decref(ar_change_reload(run, &reason)); /* which has logged what there is to say */
}

/* A hang-up reloads, as with any daemon; but where the terminal is gone that it was started from, it is the end. */
static void on_signal(void *user, int signal_number)
{
    struct ar_run *run = user;

    ar_log(AR_LOG_DEBUG, TAG, "signal %d", signal_number);
    if (signal_number == SIGHUP && (!run->has_terminal || has_terminal()))
        reload(run);
    else
        ar_run_stop(run);
}

static void on_file_changed(void *user)
{
    reload(user);
}

static void on_grace_over(void *user, uint64_t n_expired)
{
    struct ar_run *run = user;

    (void)n_expired;
    run->abandoned = true;
}

static void on_progress(void *user, uint64_t n_expired)
{
    struct ar_run *run = user;
    struct ar_pipeline_status status;
    char text[200];

    (void)n_expired;
    ar_pipeline_status(run->pipeline, &status);
    ar_status_progress(&status, ar_clock_now_us(), text, sizeof(text));
    ar_log_progress(text);
}

static json_t *on_command(void *user, const struct ar_command *command, const char *const *args,
                          struct ar_reason *reason)
{
    return ar_actions_find(command->name)(user, args, reason);
}

/* sysexits' names for what went wrong in each part. */
static int exit_code(const struct ar_pipeline_end *end)
{
    if (end->result == -ENOMEM || end->result == -EAGAIN) /* memory, or a thread */
        return EX_OSERR;
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

static int open_control(struct ar_run *run)
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
    if (ret == -ENOMEM)
        return EX_OSERR;
    return ret == -EADDRINUSE ? EX_UNAVAILABLE : EX_CANTCREAT;
}

static int open_loop(struct ar_run *run)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP, 0 };
    int ret = ar_loop_create(&run->loop, (enum ar_loop_kind)run->settings.daemon.loop);

    if (ret == 0)
        ret = ar_loop_add_signals(run->loop, signals, on_signal, run, &run->signals);
    if (ret == 0)
        ret = ar_loop_add_timer(run->loop, on_grace_over, run, &run->grace);
    if (ret == 0)
        ret = ar_loop_add_timer(run->loop, on_progress, run, &run->progress);
    if (ret < 0)
        ar_log_err(TAG, ret, "event loop");
    return ret < 0 ? EX_OSERR : EX_OK;
}

/* A service waits for a screen, and paints for nobody where there can be none; a person gets a clip to look at. */
static bool run_by_hand(void)
{
    /* No thread changes the environment. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    return !getenv("INVOCATION_ID");
}

/* An exit code: EX_OK, or why there is no pipeline. */
static int open_pipeline(struct ar_run *run)
{
    struct ar_pipeline_end end = { 0 };
    struct ar_pipeline_params params = { .settings = &run->settings,
                                         .styles = &run->styles,
                                         .control_loop = run->loop,
                                         .notify = &run->notify,
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

static void say_engine(struct ar_run *run)
{
    const int refusal = ar_loop_refusal(run->loop);
    struct ar_pipeline_status status;

    ar_pipeline_status(run->pipeline, &status);
    ar_log(AR_LOG_INFO, TAG, "kernels: %s; painting threads: %u; events: %s", status.tier,
           status.n_threads, ar_loop_name(run->loop));
    if (refusal < 0)
        ar_log(AR_LOG_INFO, TAG, "io_uring is refused (%s): %s does as well",
               strerrordesc_np(-refusal), ar_loop_name(run->loop));
}

/* What is being written of the last pictures is waited for. */
static bool is_over(struct ar_run *run, struct ar_pipeline_end *end)
{
    if (!ar_pipeline_ended(run->pipeline, end))
        return false;
    ar_recorder_stop_all(&run->recorder);
    return !ar_recorder_is_busy(&run->recorder);
}

/* The window's keys step through the styles. */
static void serve_keys(struct ar_run *run, int steps)
{
    struct ar_reason reason;

    if (steps != 0 && ar_change_style(run, steps, &reason) < 0)
        ar_log(AR_LOG_ERROR, TAG, "%s", reason.text);
}

static void serve(struct ar_run *run, struct ar_pipeline_end *end)
{
    say_engine(run);
    if (isatty(STDERR_FILENO))
        ar_loop_set_timer(run->progress, ar_clock_now_us() + PROGRESS_PERIOD_US,
                          PROGRESS_PERIOD_US);
    while (!run->abandoned && !is_over(run, end)) {
        int ret = ar_loop_run_once(run->loop, AR_LOOP_FOREVER);

        if (ret < 0 && ret != -ETIMEDOUT)
            ar_run_stop(run);
        serve_keys(run, ar_pipeline_serve(run->pipeline));
        ar_change_serve(run);
        ar_recorder_serve(&run->recorder);
    }
    ar_log_progress(NULL);
}

static void print_summary(struct ar_run *run)
{
    struct ar_pipeline_status status;
    json_t *object;

    ar_pipeline_status(run->pipeline, &status);
    if (status.ledger.n_painted == 0)
        return;
    ar_shortage_take();
    object = ar_status_json(&status, &run->heat.reading, ar_clock_now_us());
    if (ar_shortage_take())
        ar_log_err(TAG, -ENOMEM, "summary");
    else
        ar_status_print(object, stderr);
    json_decref(object);
}

static void close_run(struct ar_run *run)
{
    ar_control_destroy(run->control);
    ar_change_finish(&run->change);
    ar_watch_stop(&run->watch);
    ar_events_stop(&run->events);
    ar_bulletin_stop(&run->bulletin);
    ar_heat_stop(&run->heat);
    ar_recorder_finish(&run->recorder);
    ar_pipeline_destroy(run->pipeline);
    ar_notify_finish(&run->notify);
    ar_loop_remove(&run->progress);
    ar_loop_remove(&run->grace);
    ar_loop_remove(&run->signals);
    ar_loop_destroy(run->loop);
    free(run);
}

/* What looks at the pipeline from outside. */
static int open_watchers(struct ar_run *run)
{
    const char *trace = run->settings.daemon.trace;
    struct ar_reason reason;
    int ret =
        ar_heat_start(&run->heat, run->loop, run->pipeline, run->settings.budget.temperature);

    ar_recorder_init(&run->recorder, run->pipeline, run->loop,
                     (enum ar_loop_kind)run->settings.daemon.loop, &run->events);
    if (ret == 0)
        ret = ar_bulletin_start(&run->bulletin, run->loop, &run->notify, run->pipeline);
    if (ret < 0) {
        ar_log_err(TAG, ret, "timers");
        return EX_OSERR;
    }
    ret = ar_events_start(&run->events, run->loop, run->control, run->pipeline);
    if (ret < 0) {
        ar_log_err(TAG, ret, "events");
        return EX_OSERR;
    }
    ar_watch_init(&run->watch, run->loop, on_file_changed, run);
    if (ar_watch_set(&run->watch, run->settings.daemon.reload == AR_DAEMON_RELOAD_ON_CHANGE,
                     &run->layers, &reason) < 0)
        ar_log(AR_LOG_WARN, TAG, "%s", reason.text);
    if (trace[0] == '\0')
        return EX_OK;
    ret = ar_trace_file_open(&run->trace, run->loop, run->pipeline, trace, &reason);
    if (ret == 0)
        return EX_OK;
    ar_log(AR_LOG_ERROR, TAG, "%s", reason.text);
    return ret == -ENOMEM ? EX_OSERR : EX_CANTCREAT;
}

static int run_pipeline(struct ar_run *run)
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

int ar_run(const struct ar_settings *settings, const struct ar_layers *layers)
{
    struct ar_run *run = calloc(1, sizeof(*run));
    int code;

    if (!run) {
        ar_log_err(TAG, -ENOMEM, "start");
        return EX_OSERR;
    }
    /* A reader that went away and a file that grew too large are errors of a write, not our end. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    /* No thread runs yet. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_B);
    ar_notify_init(&run->notify);
    run->settings = *settings;
    run->layers = *layers;
    run->has_terminal = has_terminal();
    ar_log_set_level((enum ar_log_level)settings->daemon.log);
    ar_styles_find(&run->styles, settings->network.style_path);
    if (run->styles.problem.text[0] != '\0')
        ar_log(AR_LOG_WARN, TAG, "%s", run->styles.problem.text);
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
