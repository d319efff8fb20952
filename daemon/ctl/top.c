/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/macros.h"
#include "budget/ledger.h"
#include "daemon/ctl/ask.h"
#include "daemon/ctl/calls.h"
#include "daemon/ctl/history.h"
#include "daemon/ctl/link.h"
#include "daemon/ctl/panel.h"
#include "daemon/ctl/screen.h"

#define PERIOD_US   200000u
#define BUDGET_STEP 1000 /* us */

struct top {
    const char *socket_path;
    struct ar_loop *loop;
    struct ar_loop_source *signals;
    struct ar_loop_source *timer;
    struct ar_loop_source *keys; /* NULL: stdin is no terminal */
    struct ar_ctl_link link;
    struct ar_ctl_screen screen;
    struct ar_ctl_history history;
    json_t *status; /* the newest; NULL: nobody answers */
    json_int_t
        budget_us; /* as it is, or as we have asked for: it holds from the next frame on */
    struct ar_reason
        reason; /* why a key did nothing, or why nobody answers; empty: all is well */
    bool done;
};

static void draw(struct top *top)
{
    if (ar_ctl_screen_begin(&top->screen) < 0)
        return;
    ar_ctl_panel_draw(&top->screen, top->status, &top->history, top->reason.text);
    ar_ctl_screen_show(&top->screen);
}

/* EX_OK, or why not. A daemon that went may come back: the next look connects anew. */
static int ask(struct top *top, const char *command, char *arg, json_t **result)
{
    char *args[] = { arg };
    int code = EX_OK;

    if (top->link.fd < 0)
        code = ar_ctl_link_open(&top->link, top->socket_path, &top->reason);
    if (code == EX_OK)
        code = ar_ctl_link_ask(&top->link, command, args, arg ? 1 : 0, result, &top->reason);
    if (code != EX_OK && code != AR_CTL_REFUSED && code != EX_NOPERM)
        ar_ctl_link_close(&top->link);
    return code;
}

static json_int_t budget_of(const json_t *status)
{
    return json_integer_value(json_object_get(status, "budget_us"));
}

static int look(struct top *top)
{
    json_t *status = NULL;
    const int code = ask(top, "status", NULL, &status);

    if (code == EX_OK && !top->status)
        top->reason.text[0] = '\0';
    if (budget_of(status) != budget_of(top->status))
        top->budget_us = budget_of(status);
    json_decref(top->status);
    top->status = status;
    if (status)
        ar_ctl_history_add(&top->history, status, ar_clock_now_us());
    return code;
}

static void on_time(void *user, uint64_t n_expired)
{
    (void)n_expired;
    look(user);
    draw(user);
}

/* arg NULL: none. */
static int do_command(struct top *top, const char *command, char *arg)
{
    json_t *result = NULL;
    int code;

    top->reason.text[0] = '\0';
    code = ask(top, command, arg, &result);
    json_decref(result);
    draw(top);
    return code;
}

static void press_quit(struct top *top)
{
    top->done = true;
}

static void press_next(struct top *top)
{
    char word[] = "next";

    do_command(top, "style", word);
}

static void press_prev(struct top *top)
{
    char word[] = "prev";

    do_command(top, "style", word);
}

static void press_pause(struct top *top)
{
    const char *state = json_string_value(json_object_get(top->status, "state"));

    do_command(top, state && strcmp(state, "paused") == 0 ? "resume" : "pause", NULL);
}

static void change_budget(struct top *top, json_int_t step_us)
{
    char text[32];

    if (!top->status)
        return;
    snprintf(text, sizeof(text), "%lldus", top->budget_us + step_us);
    if (do_command(top, "budget", text) == EX_OK)
        top->budget_us += step_us;
}

static void press_plus(struct top *top)
{
    change_budget(top, BUDGET_STEP);
}

static void press_minus(struct top *top)
{
    change_budget(top, -BUDGET_STEP);
}

static const struct {
    char key;
    void (*press)(struct top *top);
} keys[] = {
    { 'q', press_quit }, { 'p', press_pause }, { 'n', press_next },  { 'b', press_prev },
    { '+', press_plus }, { '=', press_plus },  { '-', press_minus },
};

static void on_keys(void *user, uint32_t events)
{
    struct top *top = user;
    char pressed[16];
    const ssize_t n = read(STDIN_FILENO, pressed, sizeof(pressed));

    (void)events;
    if (n <= 0 && errno != EINTR)
        top->done = true; /* the terminal has gone */
    for (ssize_t i = 0; i < n; i++)
        for (size_t k = 0; k < AR_ARRAY_LEN(keys); k++)
            if (keys[k].key == pressed[i])
                keys[k].press(top);
}

/* The terminal is given back while we are stopped. */
static void pause_ourselves(struct top *top)
{
    ar_ctl_screen_leave(&top->screen);
    kill(getpid(), SIGSTOP);
    ar_ctl_screen_enter(&top->screen);
}

static void on_signal(void *user, int signal_number)
{
    struct top *top = user;

    if (signal_number == SIGTSTP)
        pause_ourselves(top);
    else if (signal_number != SIGWINCH)
        top->done = true;
    if (!top->done)
        draw(top);
}

static int open_top(struct top *top)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH, 0 };
    int ret = ar_loop_create(&top->loop, AR_LOOP_POLL);

    if (ret == 0)
        ret = ar_loop_add_signals(top->loop, signals, on_signal, top, &top->signals);
    if (ret == 0)
        ret = ar_loop_add_timer(top->loop, on_time, top, &top->timer);
    if (ret == 0)
        ret = ar_loop_set_timer(top->timer, ar_clock_now_us() + PERIOD_US, PERIOD_US);
    if (ret < 0)
        return ret;
    ar_ctl_screen_enter(&top->screen);
    if (top->screen.has_keys)
        ret = ar_loop_add_fd(top->loop, STDIN_FILENO, POLLIN, on_keys, top, &top->keys);
    return ret;
}

static void close_top(struct top *top)
{
    ar_ctl_screen_leave(&top->screen);
    ar_ctl_link_close(&top->link);
    json_decref(top->status);
    ar_loop_destroy(top->loop);
}

/* The first look is made before the screen is taken: where nobody answers, that is said and nothing else. */
static int run_screen(struct top *top)
{
    const int code = look(top);
    int ret;

    if (code != EX_OK)
        return code;
    ret = open_top(top);
    if (ret == 0)
        draw(top);
    while (ret >= 0 && !top->done)
        ret = ar_loop_run_once(top->loop, AR_LOOP_FOREVER);
    close_top(top);
    if (ret < 0)
        ar_reason_set_err(&top->reason, ret, "top");
    return ret < 0 ? EX_OSERR : EX_OK;
}

int ar_ctl_run_top(const struct ar_ctl_call *call)
{
    struct top top = { .socket_path = call->socket_path, .link.fd = -1 };
    int code;

    if (call->json) {
        ar_reason_set(
            &top.reason, -EINVAL,
            "top: --json: a screen is for people; right would be 'status --watch --json'");
        return ar_ctl_say(EX_USAGE, &top.reason);
    }
    if (!ar_ctl_screen_possible())
        return ar_ctl_watch(call->socket_path, ar_ctl_print_progress);
    code = run_screen(&top);
    return code == EX_OK ? EX_OK : ar_ctl_say(code, &top.reason);
}
