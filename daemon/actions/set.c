/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/macros.h"
#include "daemon/actions/actions.h"

/* A live key's new value, and the settings with it. */
struct change {
    const char *key;
    const char *text;
    const struct ar_settings *settings;
};

/* What a live key needs beyond being stored. Keys of one section share an entry. */
struct live_change {
    const char *prefix;
    int (*apply)(struct ar_run *run, const struct change *change, struct ar_reason *reason);
};

#define CONTROLS "capture.controls."

static int apply_control(struct ar_run *run, const struct change *change,
                         struct ar_reason *reason)
{
    return ar_pipeline_set_control(run->pipeline, change->key + strlen(CONTROLS), change->text,
                                   reason);
}

static int apply_style(struct ar_run *run, const struct change *change,
                       struct ar_reason *reason)
{
    return ar_pipeline_set_style(run->pipeline, change->settings->network.style, reason);
}

static int apply_budget(struct ar_run *run, const struct change *change,
                        struct ar_reason *reason)
{
    (void)reason;
    ar_pipeline_set_budget(run->pipeline, &change->settings->budget);
    run->heat.limit_celsius = change->settings->budget.temperature;
    return 0;
}

static int apply_decoder(struct ar_run *run, const struct change *change,
                         struct ar_reason *reason)
{
    (void)reason;
    ar_pipeline_set_decoder(run->pipeline, &change->settings->decoder);
    return 0;
}

static int apply_blend(struct ar_run *run, const struct change *change,
                       struct ar_reason *reason)
{
    (void)reason;
    ar_pipeline_set_blend(run->pipeline, &change->settings->network.blend);
    return 0;
}

static int apply_overlay(struct ar_run *run, const struct change *change,
                         struct ar_reason *reason)
{
    (void)reason;
    ar_pipeline_set_overlay(run->pipeline, change->settings->display.overlay);
    return 0;
}

static int apply_log(struct ar_run *run, const struct change *change, struct ar_reason *reason)
{
    (void)run;
    (void)reason;
    ar_log_set_level((enum ar_log_level)change->settings->daemon.log);
    return 0;
}

static const struct live_change live_changes[] = {
    { CONTROLS, apply_control },          { "network.style", apply_style },
    { "budget.", apply_budget },          { "decoder.", apply_decoder },
    { "network.strength", apply_blend },  { "network.fade", apply_blend },
    { "display.overlay", apply_overlay }, { "daemon.log", apply_log },
};

static const struct live_change *live_change_of(const char *key)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(live_changes); i++)
        if (strncmp(key, live_changes[i].prefix, strlen(live_changes[i].prefix)) == 0)
            return &live_changes[i];
    return NULL;
}

/* Tried on a copy: what is refused changes nothing. */
json_t *ar_action_set(struct ar_run *run, const char *const *args, struct ar_reason *reason)
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
    ar_events_tell(&run->events,
                   json_pack("{s:s, s:s, s:s}", "event", "set", "key", args[0], "value", text));
    return json_pack("{s:s, s:s}", "key", args[0], "value", text);
}
