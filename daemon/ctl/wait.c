/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <time.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/option.h"
#include "daemon/ctl/ask.h"
#include "daemon/ctl/calls.h"
#include "daemon/ctl/link.h"

/* How often somebody who is not there yet is looked for. */
#define RETRY_US 100000u

#define TIME_IS_OVER (-1) /* no exit code */

struct condition {
    const char *word;
    int n_args;
    bool (*is_met)(const json_t *status, const char *arg); /* NULL: by nobody being there */
};

static bool has_text(const json_t *status, const char *key, const char *value)
{
    const char *text = json_string_value(json_object_get(status, key));

    return text && strcmp(text, value) == 0;
}

static bool is_ready(const json_t *status, const char *arg)
{
    (void)arg;
    return has_text(status, "state", "running") &&
           json_integer_value(json_object_get(status, "shown")) > 0;
}

static bool has_camera(const json_t *status, const char *arg)
{
    return is_ready(status, arg) && has_text(status, "source_state", "flowing");
}

static bool has_style(const json_t *status, const char *arg)
{
    return has_text(status, "style", arg);
}

static const struct condition conditions[] = {
    { "READY", 0, is_ready },
    { "CAMERA", 0, has_camera },
    { "STYLE", 1, has_style },
    { "STOPPED", 0, NULL },
};

static const struct ar_option timeout_option = {
    .key = "--timeout",
    .type = AR_OPTION_DURATION,
    .max = 86400e6,
};

/* What is waited for, and until when. */
struct goal {
    const char *socket_path;
    const struct condition *condition;
    const char *arg;
    uint64_t until_us; /* UINT64_MAX: for ever */
};

static int read_goal(struct goal *goal, const struct ar_ctl_call *call,
                     struct ar_reason *reason)
{
    uint64_t timeout_us = UINT64_MAX;
    int n_used = 1;

    *goal = (struct goal){ .socket_path = call->socket_path };
    for (size_t i = 0; i < AR_ARRAY_LEN(conditions); i++)
        if (strcasecmp(call->args[0], conditions[i].word) == 0)
            goal->condition = &conditions[i];
    if (!goal->condition)
        return ar_reason_set(reason, -EINVAL,
                             "wait: '%s', must be READY, CAMERA, STYLE or STOPPED",
                             call->args[0]);
    if (goal->condition->n_args > 0 && call->n_args > n_used)
        goal->arg = call->args[n_used++];
    if (goal->condition->n_args > 0 && !goal->arg)
        return ar_reason_set(reason, -EINVAL, "wait %s: wants a name", goal->condition->word);
    if (call->n_args > n_used && strcmp(call->args[n_used], timeout_option.key) == 0) {
        if (call->n_args == ++n_used)
            return ar_reason_set(reason, -EINVAL, "wait: --timeout wants a time, such as 30s");
        if (ar_option_parse(&timeout_option, &timeout_us, call->args[n_used++], reason) < 0)
            return -EINVAL;
    }
    if (call->n_args > n_used)
        return ar_reason_set(reason, -EINVAL, "wait: '%s' is too much", call->args[n_used]);
    goal->until_us = ar_clock_after_us(timeout_us);
    return 0;
}

/*
 * Looks, and looks again after each event, until the goal is met (EX_OK), its time is over, or something is
 * wrong. Listening comes first: what happens after a look is an event.
 */
static int watch(struct ar_ctl_link *link, const struct goal *goal, struct ar_reason *reason)
{
    json_t *object = NULL;
    int code = ar_ctl_link_ask(link, "events", NULL, 0, &object, reason);

    while (code == EX_OK) {
        bool met;

        json_decref(object);
        object = NULL;
        code = ar_ctl_link_ask(link, "status", NULL, 0, &object, reason);
        if (code != EX_OK)
            break;
        met = goal->condition->is_met && goal->condition->is_met(object, goal->arg);
        json_decref(object);
        object = NULL;
        if (met)
            return EX_OK;
        code = ar_ctl_link_event(link, goal->until_us, &object, reason);
        if (code == EX_OK && !object)
            return TIME_IS_OVER;
    }
    json_decref(object);
    return code;
}

/* A daemon that is not there, or goes, may come, and one that is busy may have time: they are waited for. */
static int wait_for(const struct goal *goal, struct ar_reason *reason)
{
    const struct timespec retry = ar_clock_timespec(RETRY_US);

    for (;;) {
        struct ar_ctl_link link;
        int code = ar_ctl_link_open(&link, goal->socket_path, reason);

        if (code == EX_OK)
            code = watch(&link, goal, reason);
        ar_ctl_link_close(&link);
        if (code == EX_UNAVAILABLE && !goal->condition->is_met)
            return EX_OK;
        if (code != EX_UNAVAILABLE && code != EX_TEMPFAIL)
            return code;
        if (ar_clock_now_us() >= goal->until_us)
            return TIME_IS_OVER;
        nanosleep(&retry, NULL);
    }
}

int ar_ctl_run_wait(const struct ar_ctl_call *call)
{
    struct ar_reason reason = { "" };
    struct goal goal;
    int code = EX_USAGE;

    if (read_goal(&goal, call, &reason) == 0)
        code = wait_for(&goal, &reason);
    if (code == TIME_IS_OVER) {
        ar_reason_set(&reason, -ETIMEDOUT, "wait %s: not within that time",
                      goal.condition->word);
        code = EX_TEMPFAIL;
    }
    return code == EX_OK ? EX_OK : ar_ctl_say(code, &reason);
}
