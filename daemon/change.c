/* SPDX-License-Identifier: MIT */
#include "daemon/change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/macros.h"
#include "daemon/run.h"

#define TAG "settings"

/* ---- live keys */

struct live {
    const char *keys; /* one key, or with a dot at its end a section */
    bool with_stages; /* a stage that starts anew has it from the settings */
    bool is_wish; /* which a file may have and the device not: no reason to refuse the rest */
    int (*apply)(struct ar_run *run, const struct ar_settings *next,
                 const struct ar_config_key *key, struct ar_reason *reason);
};

static int apply_style(struct ar_run *run, const struct ar_settings *next,
                       const struct ar_config_key *key, struct ar_reason *reason)
{
    return ar_pipeline_set_style(run->pipeline, next->network.style, reason);
}

/* Which was looked into by find_styles(). */
static int apply_style_path(struct ar_run *run, const struct ar_settings *next,
                            const struct ar_config_key *key, struct ar_reason *reason)
{
    return ar_styles_check_folder(next->network.style_path, reason);
}

static int apply_control(struct ar_run *run, const struct ar_settings *next,
                         const struct ar_config_key *key, struct ar_reason *reason)
{
    const struct ar_entry *entry = key->params;

    return ar_pipeline_set_control(run->pipeline, entry->key, entry->text, reason);
}

static int apply_budget(struct ar_run *run, const struct ar_settings *next,
                        const struct ar_config_key *key, struct ar_reason *reason)
{
    ar_pipeline_set_budget(run->pipeline, &next->budget);
    run->heat.limit_celsius = next->budget.temperature;
    return 0;
}

static int apply_decoder(struct ar_run *run, const struct ar_settings *next,
                         const struct ar_config_key *key, struct ar_reason *reason)
{
    ar_pipeline_set_decoder(run->pipeline, &next->decoder);
    return 0;
}

static int apply_blend(struct ar_run *run, const struct ar_settings *next,
                       const struct ar_config_key *key, struct ar_reason *reason)
{
    ar_pipeline_set_blend(run->pipeline, &next->network.blend);
    return 0;
}

static int apply_overlay(struct ar_run *run, const struct ar_settings *next,
                         const struct ar_config_key *key, struct ar_reason *reason)
{
    ar_pipeline_set_overlay(run->pipeline, next->display.overlay);
    return 0;
}

static int apply_log(struct ar_run *run, const struct ar_settings *next,
                     const struct ar_config_key *key, struct ar_reason *reason)
{
    ar_log_set_level((enum ar_log_level)next->daemon.log);
    return 0;
}

static int apply_reload(struct ar_run *run, const struct ar_settings *next,
                        const struct ar_config_key *key, struct ar_reason *reason)
{
    return ar_watch_set(&run->watch, next->daemon.reload == AR_DAEMON_RELOAD_ON_CHANGE,
                        &run->layers, reason);
}

/* What can fail comes first. */
static const struct live lives[] = {
    { "capture.controls.", true, true, apply_control },
    { "network.style_path", true, false, apply_style_path },
    { "network.style", true, false, apply_style },
    { "daemon.reload", false, false, apply_reload },
    { "budget.", false, false, apply_budget },
    { "decoder.", false, false, apply_decoder },
    { "network.strength", false, false, apply_blend },
    { "network.fade", false, false, apply_blend },
    { "display.overlay", false, false, apply_overlay },
    { "daemon.log", false, false, apply_log },
};

/* ---- what changes */

#define FULL_NAME_B 128

static void full_name(const struct ar_config_key *key, char name[FULL_NAME_B])
{
    snprintf(name, FULL_NAME_B, "%s.%s", key->section->name, key->name);
}

/* Key number i of `after`, if it is not as in `now`; *now_key is what it was, its option NULL where it was not there. */
static bool is_changed(const struct ar_config_section *now, const struct ar_config_key *key,
                       struct ar_config_key *now_key)
{
    char name[FULL_NAME_B];

    full_name(key, name);
    now_key->option = NULL;
    return !ar_config_find(now, name, now_key) ||
           !ar_option_equal(key->option, key->params, now_key->params);
}

/* Whether `name` is the key, or in the section that ends in a dot. */
static bool is_among(const char *name, const char *keys)
{
    const size_t keys_b = strlen(keys);

    return keys[keys_b - 1] == '.' ? strncmp(name, keys, keys_b) == 0 : strcmp(name, keys) == 0;
}

static uint32_t stage_of(const char *name)
{
    static const struct {
        const char *section;
        uint32_t stage;
    } stages[] = {
        { "capture.", AR_PIPELINE_CAPTURE },
        { "display.", AR_PIPELINE_SHOW },
        { "network.", AR_PIPELINE_COMPUTE },
    };

    for (size_t i = 0; i < AR_ARRAY_LEN(stages); i++)
        if (is_among(name, stages[i].section))
            return stages[i].stage;
    return 0;
}

static json_t *describe(const struct ar_config_key *key)
{
    char name[FULL_NAME_B];
    char value[AR_OPTION_TEXT_MAX];

    full_name(key, name);
    ar_option_format(key->option, key->params, value, sizeof(value));
    return json_pack("{s:s, s:s, s:s}", "key", name, "value", value, "apply",
                     ar_option_apply_name(key->option->apply));
}

/* Lists what is new, and leaves alone what only a start can change. Which stages must start anew. */
static uint32_t collect(struct ar_settings *current, struct ar_settings *next, json_t *changes)
{
    struct ar_config_section now[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_config_section after[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_config_key key;
    struct ar_config_key before;
    uint32_t stages = 0;

    ar_settings_sections(current, now);
    ar_settings_sections(next, after);
    for (uint32_t i = 0; ar_config_at(after, i, &key); i++) {
        char name[FULL_NAME_B];

        if (!is_changed(now, &key, &before))
            continue;
        full_name(&key, name);
        json_array_append_new(changes, describe(&key));
        if (key.option->apply == AR_OPTION_STAGE)
            stages |= stage_of(name);
        if (key.option->apply == AR_OPTION_RESTART) {
            ar_option_copy(key.option, key.params, before.params);
            *key.origin = *before.origin;
        }
    }
    return stages;
}

static int apply_row(struct ar_run *run, const struct live *live, struct ar_settings *next,
                     struct ar_reason *reason)
{
    struct ar_config_section now[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_config_section after[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_config_key key;
    struct ar_config_key before;
    int ret = 0;

    ar_settings_sections(&run->settings, now);
    ar_settings_sections(next, after);
    for (uint32_t i = 0; ret == 0 && ar_config_at(after, i, &key); i++) {
        char name[FULL_NAME_B];

        full_name(&key, name);
        if (!is_among(name, live->keys) || !is_changed(now, &key, &before))
            continue;
        ret = live->apply(run, next, &key, reason);
        if (ret < 0 && live->is_wish && key.origin->layer != AR_CONFIG_SET) {
            ar_log(AR_LOG_WARN, TAG, "%s", reason->text);
            ret = 0;
        }
    }
    return ret;
}

static int apply_live(struct ar_run *run, struct ar_settings *next, bool with_stages,
                      struct ar_reason *reason)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < AR_ARRAY_LEN(lives); i++)
        if (!with_stages || !lives[i].with_stages)
            ret = apply_row(run, &lives[i], next, reason);
    return ret;
}

/* Where one is asked for by another name, or in another folder. */
static void find_styles(struct ar_run *run, const struct ar_settings *before,
                        const struct ar_settings *after)
{
    if (strcmp(before->network.style, after->network.style) != 0 ||
        strcmp(before->network.style_path, after->network.style_path) != 0)
        ar_styles_find(&run->styles, after->network.style_path);
}

/* To the clients that listen: what holds now. */
static void tell(struct ar_run *run, const json_t *changes)
{
    const json_t *change;
    size_t i;

    json_array_foreach(changes, i, change)
    {
        const char *how = json_string_value(json_object_get(change, "apply"));

        if (strcmp(how, ar_option_apply_name(AR_OPTION_RESTART)) != 0)
            ar_events_tell(&run->events, json_pack("{s:s, s:O, s:O}", "event", "set", "key",
                                                   json_object_get(change, "key"), "value",
                                                   json_object_get(change, "value")));
    }
}

/* All or nothing. */
static int apply(struct ar_run *run, struct ar_settings *next, const struct ar_layers *layers,
                 json_t *changes, struct ar_reason *reason)
{
    const uint32_t stages = collect(&run->settings, next, changes);
    int ret = 0;

    if (run->change.is_under_way)
        return ar_reason_set(reason, -EBUSY, "another change is under way; try again");
    if (stages != 0 && ar_recorder_is_busy(&run->recorder))
        return ar_reason_set(
            reason, -EBUSY,
            "what is recorded cannot change its shape; `ar-ctl record stop` first");
    find_styles(run, &run->settings, next);
    if (stages != 0)
        ret = ar_pipeline_restart(run->pipeline, stages, next, reason);
    if (ret == 0)
        ret = apply_live(run, next, stages != 0, reason);
    if (ret < 0) {
        find_styles(run, next, &run->settings);
        return ret;
    }
    if (stages == 0)
        tell(run, changes);
    else
        run->change.changes = json_incref(changes);
    run->change.is_under_way = stages != 0;
    run->change.before = run->settings;
    run->change.layers_before = run->layers;
    run->settings = *next;
    run->layers = *layers;
    return 0;
}

/* ---- from outside */

int ar_change_set(struct ar_run *run, const char *key, const char *text,
                  struct ar_reason *reason)
{
    struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_settings next = run->settings;
    struct ar_config_key found;
    json_t *changes;
    int ret;

    ar_settings_sections(&next, sections);
    ret = ar_config_set(sections, key, text, AR_CONFIG_SET, reason);
    if (ret < 0)
        return ret;
    if (ar_config_find(sections, key, &found) && found.option->apply == AR_OPTION_RESTART)
        return ar_reason_set(reason, -EBUSY,
                             "%s: cannot change while running; start ar-daemon with it", key);
    changes = json_array();
    ret = apply(run, &next, &run->layers, changes, reason);
    /* The style that it is already: its file may be another one by now. */
    if (ret == 0 && json_array_size(changes) == 0 && strcmp(key, "network.style") == 0)
        ret = ar_pipeline_set_style(run->pipeline, text, reason);
    json_decref(changes);
    return ret;
}

int ar_change_style(struct ar_run *run, int step, struct ar_reason *reason)
{
    const char *now = run->settings.network.style;
    const struct ar_style *style;

    ar_styles_refresh(&run->styles);
    style = ar_styles_step(&run->styles, now, step);
    return ar_change_set(run, "network.style", style ? style->name : now, reason);
}

json_t *ar_change_restart_json(const struct ar_run *run)
{
    if (!run->change.is_under_way)
        return NULL;
    return json_integer((json_int_t)run->change.n_restarts + 1);
}

/* What a reload finds wrong. */
struct problems {
    struct ar_reason first;
    uint32_t n;
};

static void keep_problem(void *user, const char *where, uint32_t line, const char *problem)
{
    struct problems *problems = user;
    struct ar_reason text;

    if (where && line > 0)
        ar_reason_set(&text, 0, "%s:%u: %s", where, line, problem);
    else
        ar_reason_set(&text, 0, "%s%s%s", where ? where : "", where ? ": " : "", problem);
    ar_log(AR_LOG_ERROR, TAG, "reload: %s", text.text);
    if (problems->n++ == 0)
        problems->first = text;
}

/* To the log, and to the clients that listen: what a reload is about. What holds by now is told by tell(). */
static void announce(struct ar_run *run, json_t *changes)
{
    const json_t *change;
    size_t i;

    if (json_array_size(changes) == 0)
        ar_log(AR_LOG_INFO, TAG, "reload: nothing has changed");
    json_array_foreach(changes, i, change)
    {
        const char *apply_name = json_string_value(json_object_get(change, "apply"));
        const bool waits = strcmp(apply_name, ar_option_apply_name(AR_OPTION_RESTART)) == 0;

        ar_log(waits ? AR_LOG_WARN : AR_LOG_INFO, TAG, "reload: %s = %s%s",
               json_string_value(json_object_get(change, "key")),
               json_string_value(json_object_get(change, "value")),
               waits ? ": will hold when ar-daemon is started again" : "");
    }
    ar_events_tell(&run->events, json_pack("{s:s, s:O, s:o*}", "event", "reload", "changes",
                                           changes, "restart", ar_change_restart_json(run)));
}

static void tell_refused(struct ar_run *run, const struct ar_reason *reason)
{
    ar_events_tell(&run->events,
                   json_pack("{s:s, s:s}", "event", "refused", "problem", reason->text));
}

static json_t *reload_into(struct ar_run *run, struct ar_layers *layers,
                           struct ar_settings *next, struct ar_reason *reason)
{
    struct problems problems = { .n = 0 };
    json_t *changes;

    ar_layers_init(layers, run->layers.line);
    if (ar_layers_read(layers, next, true, keep_problem, &problems) != EX_OK) {
        if (problems.n > 1)
            ar_reason_set(reason, -EINVAL, "%.220s; and %u more problems, see the log",
                          problems.first.text, problems.n - 1);
        else
            *reason = problems.first;
        return NULL;
    }
    changes = json_array();
    if (apply(run, next, layers, changes, reason) < 0) {
        ar_log(AR_LOG_ERROR, TAG, "reload: %s", reason->text);
        json_decref(changes);
        return NULL;
    }
    announce(run, changes);
    ar_watch_renew(&run->watch, &run->layers);
    return json_pack("{s:o, s:o*}", "changes", changes, "restart", ar_change_restart_json(run));
}

json_t *ar_change_reload(struct ar_run *run, struct ar_reason *reason)
{
    struct ar_layers *layers = malloc(sizeof(*layers));
    struct ar_settings *next = malloc(sizeof(*next));
    json_t *result = NULL;

    if (layers && next)
        result = reload_into(run, layers, next, reason);
    else
        ar_reason_set_err(reason, -ENOMEM, "reload");
    if (!result)
        tell_refused(run, reason);
    free(next);
    free(layers);
    return result;
}

static void go_back(struct ar_run *run)
{
    struct ar_change *change = &run->change;
    struct ar_reason reason;

    ar_log(AR_LOG_ERROR, TAG, "%s; the settings before are back", change->problem.text);
    tell_refused(run, &change->problem);
    if (apply_live(run, &change->before, true, &reason) < 0)
        ar_log(AR_LOG_ERROR, TAG, "%s", reason.text);
    find_styles(run, &run->settings, &change->before);
    run->settings = change->before;
    run->layers = change->layers_before;
}

void ar_change_serve(struct ar_run *run)
{
    struct ar_change *change = &run->change;
    int result;

    if (!change->is_under_way ||
        !ar_pipeline_restarted(run->pipeline, &result, &change->problem))
        return;
    change->is_under_way = false;
    change->n_restarts++;
    if (result < 0) {
        go_back(run);
    } else {
        change->problem.text[0] = '\0';
        tell(run, change->changes);
    }
    ar_change_finish(change);
}

void ar_change_finish(struct ar_change *change)
{
    json_decref(change->changes);
    change->changes = NULL;
}
