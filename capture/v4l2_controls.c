/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_controls.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <linux/videodev2.h>

#include "base/log.h"
#include "capture/v4l2_control.h"

#define TAG "capture"

/* Words this long in common make two names near; shorter ones ("2", "hz") are in too many. */
#define NEAR_WORD_B 4

#define NEAR_MAX 6

/* The first word of `words`: how long it is, and where the next begins. */
static const char *next_word(const char *words, size_t *length_b)
{
    *length_b = strcspn(words, "_");
    return words + *length_b + strspn(words + *length_b, "_");
}

static bool has_word(const char *words, const char *word, size_t word_b)
{
    while (*words) {
        size_t length_b;
        const char *next = next_word(words, &length_b);

        if (length_b == word_b && memcmp(words, word, word_b) == 0)
            return true;
        words = next;
    }
    return false;
}

/* True when each word of `words` is in `others`. */
static bool has_all_words(const char *others, const char *words)
{
    while (*words) {
        size_t length_b;
        const char *next = next_word(words, &length_b);

        if (!has_word(others, words, length_b))
            return false;
        words = next;
    }
    return true;
}

static bool is_same_name(const char *a, const char *b)
{
    return strlen(a) == strlen(b) && has_all_words(a, b) && has_all_words(b, a);
}

/* True when they share a word, or the beginning of one. */
static bool is_near(const char *name, const char *wanted)
{
    while (*wanted) {
        size_t length_b;
        const char *next = next_word(wanted, &length_b);
        char start[NEAR_WORD_B + 1];

        snprintf(start, sizeof(start), "%.*s", (int)length_b, wanted);
        if (strlen(start) == NEAR_WORD_B && strstr(name, start))
            return true;
        wanted = next;
    }
    return false;
}

/* What to suggest: near names; where there are none, what there is. */
static void list_names(const struct ar_v4l2_io *io, const char *wanted, char *text,
                       size_t text_b)
{
    struct ar_v4l2_control control = { .id = 0 };
    uint32_t n = 0;
    size_t used_b = 0;

    text[0] = '\0';
    while (ar_v4l2_control_next(io, control.id, &control) == 0) {
        if (wanted && !is_near(control.name, wanted))
            continue;
        if (++n > NEAR_MAX)
            break;
        used_b += (size_t)snprintf(text + used_b, text_b - used_b, "%s%s", n > 1 ? ", " : "",
                                   control.name);
        if (used_b >= text_b)
            return;
    }
    if (n > NEAR_MAX)
        snprintf(text + used_b, text_b - used_b, " ...");
}

static int refuse_name(const struct ar_v4l2_io *io, const char *name, struct ar_reason *reason)
{
    char key[AR_V4L2_CONTROL_NAME_B];
    char names[200];

    ar_v4l2_control_key(name, key);
    list_names(io, key, names, sizeof(names));
    if (names[0] != '\0')
        return ar_reason_set(reason, -ENOENT, "%.48s: no such control; near are %s", name,
                             names);
    list_names(io, NULL, names, sizeof(names));
    if (names[0] != '\0')
        return ar_reason_set(reason, -ENOENT, "%.48s: no such control; there are %s", name,
                             names);
    return ar_reason_set(reason, -ENOENT, "%.48s: the camera has no controls", name);
}

/* An exact name wins over one with the words in another order. */
static bool find(const struct ar_v4l2_io *io, const char *name, struct ar_v4l2_control *found)
{
    struct ar_v4l2_control control = { .id = 0 };
    char key[AR_V4L2_CONTROL_NAME_B];
    bool any = false;

    ar_v4l2_control_key(name, key);
    while (ar_v4l2_control_next(io, control.id, &control) == 0) {
        const bool exact = strcmp(control.name, key) == 0;

        if (exact || (!any && is_same_name(control.name, key))) {
            *found = control;
            any = true;
        }
        if (exact)
            break;
    }
    return any;
}

static int refuse_setting(const struct ar_v4l2_control *control, int ret,
                          struct ar_reason *reason)
{
    if (control->flags & V4L2_CTRL_FLAG_INACTIVE)
        return ar_reason_set(reason, -EACCES,
                             "%s: has no effect now; switch off what is automatic first",
                             control->name);
    return ar_reason_set_err(reason, ret, "%s: the camera refuses it", control->name);
}

static int set_control(const struct ar_v4l2_io *io, const struct ar_v4l2_control *control,
                       const char *text, struct ar_reason *reason)
{
    int64_t value;
    int ret;

    if (control->flags & V4L2_CTRL_FLAG_READ_ONLY)
        return ar_reason_set(reason, -EACCES, "%s: can only be read", control->name);
    if (control->flags & V4L2_CTRL_FLAG_GRABBED)
        return ar_reason_set(reason, -EACCES, "%s: cannot change while pictures flow",
                             control->name);
    ret = ar_v4l2_control_parse(io, control, text, &value, reason);
    if (ret < 0)
        return ret;
    ret = ar_v4l2_control_set(io, control, value);
    return ret < 0 ? refuse_setting(control, ret, reason) : 0;
}

int ar_v4l2_controls_set(const struct ar_v4l2_io *io, const char *name, const char *text,
                         struct ar_reason *reason)
{
    struct ar_v4l2_control control;

    if (!find(io, name, &control))
        return refuse_name(io, name, reason);
    return set_control(io, &control, text, reason);
}

static bool is_switch(const struct ar_v4l2_io *io, const char *name)
{
    struct ar_v4l2_control control;

    return find(io, name, &control) &&
           (control.type == V4L2_CTRL_TYPE_MENU || control.type == V4L2_CTRL_TYPE_BOOLEAN);
}

/* A name that the camera does not know may be meant for another one; a wrong value is a mistake. */
static void apply_one(const struct ar_v4l2_io *io, const struct ar_entry *entry,
                      const char *what)
{
    struct ar_reason reason;
    const int ret = ar_v4l2_controls_set(io, entry->key, entry->text, &reason);

    if (ret < 0)
        ar_log(ret == -ENOENT ? AR_LOG_WARN : AR_LOG_ERROR, TAG, "%s: capture.controls.%s",
               what, reason.text);
}

void ar_v4l2_controls_apply(const struct ar_v4l2_io *io, const struct ar_entries *entries,
                            const char *what)
{
    for (uint32_t pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < entries->n; i++)
            if (is_switch(io, entries->list[i].key) == (pass == 0))
                apply_one(io, &entries->list[i], what);
}
