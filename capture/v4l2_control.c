/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_control.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/videodev2.h>

#include "base/macros.h"

/* No menu is longer: a driver whose numbers do not end is left there. */
#define MENU_MAX 256

/* A device with more is making them up. */
#define WALK_MAX 1024

void ar_v4l2_control_key(const char *words, char key[AR_V4L2_CONTROL_NAME_B])
{
    size_t used = 0;

    for (; *words && used < AR_V4L2_CONTROL_NAME_B - 1; words++) {
        if (isalnum((unsigned char)*words))
            key[used++] = (char)tolower((unsigned char)*words);
        else if (used > 0 && key[used - 1] != '_')
            key[used++] = '_';
    }
    while (used > 0 && key[used - 1] == '_')
        used--;
    key[used] = '\0';
}

/* Kinds whose value is one number. Strings and arrays are for tuners and codecs. */
static bool has_number(const struct v4l2_query_ext_ctrl *query)
{
    static const uint32_t types[] = { V4L2_CTRL_TYPE_INTEGER,     V4L2_CTRL_TYPE_BOOLEAN,
                                      V4L2_CTRL_TYPE_MENU,        V4L2_CTRL_TYPE_BUTTON,
                                      V4L2_CTRL_TYPE_INTEGER64,   V4L2_CTRL_TYPE_BITMASK,
                                      V4L2_CTRL_TYPE_INTEGER_MENU };

    if (query->flags & (V4L2_CTRL_FLAG_DISABLED | V4L2_CTRL_FLAG_HAS_PAYLOAD))
        return false;
    for (size_t i = 0; i < AR_ARRAY_LEN(types); i++)
        if (types[i] == query->type)
            return true;
    return false;
}

int ar_v4l2_control_next(const struct ar_v4l2_io *io, uint32_t id,
                         struct ar_v4l2_control *control)
{
    struct v4l2_query_ext_ctrl query = { .id = id };
    char words[sizeof(query.name) + 1] = "";

    for (uint32_t i = 0; i < WALK_MAX; i++) {
        const uint32_t before = query.id;
        int ret;

        query.id |= V4L2_CTRL_FLAG_NEXT_CTRL;
        ret = ar_v4l2_io_call(io, VIDIOC_QUERY_EXT_CTRL, &query);
        if (ret < 0)
            return ret;
        if (query.id <= before) /* no way forward */
            return -EINVAL;
        if (!has_number(&query))
            continue;
        memcpy(words, query.name, sizeof(query.name));
        *control = (struct ar_v4l2_control){ .id = query.id,
                                             .type = query.type,
                                             .flags = query.flags,
                                             .min = query.minimum,
                                             .max = query.maximum,
                                             .step = query.step,
                                             .fallback = query.default_value };
        ar_v4l2_control_key(words, control->name);
        return 0;
    }
    return -EINVAL;
}

static bool is_menu(const struct ar_v4l2_control *control)
{
    return control->type == V4L2_CTRL_TYPE_MENU || control->type == V4L2_CTRL_TYPE_INTEGER_MENU;
}

/* The words of a menu's item: false for a number that is not one. */
static bool item_words(const struct ar_v4l2_io *io, const struct ar_v4l2_control *control,
                       int64_t index, char words[AR_V4L2_CONTROL_NAME_B])
{
    struct v4l2_querymenu item = { .id = control->id, .index = (uint32_t)index };

    if (index < control->min || index > control->max ||
        ar_v4l2_io_call(io, VIDIOC_QUERYMENU, &item) < 0)
        return false;
    if (control->type == V4L2_CTRL_TYPE_INTEGER_MENU)
        snprintf(words, AR_V4L2_CONTROL_NAME_B, "%" PRId64, (int64_t)item.value);
    else
        snprintf(words, AR_V4L2_CONTROL_NAME_B, "%.*s", (int)sizeof(item.name),
                 (const char *)item.name);
    return true;
}

static int64_t last_item(const struct ar_v4l2_control *control)
{
    return control->max < MENU_MAX ? control->max : MENU_MAX;
}

static void describe_menu(const struct ar_v4l2_io *io, const struct ar_v4l2_control *control,
                          char *text, size_t text_b)
{
    size_t used_b = 0;

    text[0] = '\0';
    for (int64_t i = control->min; i <= last_item(control) && used_b < text_b; i++) {
        char words[AR_V4L2_CONTROL_NAME_B];

        if (item_words(io, control, i, words))
            used_b += (size_t)snprintf(text + used_b, text_b - used_b, "%s%" PRId64 " %s",
                                       used_b ? ", " : "", i, words);
    }
}

void ar_v4l2_control_describe(const struct ar_v4l2_io *io,
                              const struct ar_v4l2_control *control, char *text, size_t text_b)
{
    char step[32] = "";

    if (control->step > 1)
        snprintf(step, sizeof(step), " step %" PRIu64, control->step);
    if (is_menu(control))
        describe_menu(io, control, text, text_b);
    else if (control->type == V4L2_CTRL_TYPE_BOOLEAN)
        snprintf(text, text_b, "yes|no");
    else if (control->type == V4L2_CTRL_TYPE_BUTTON)
        snprintf(text, text_b, "push");
    else if (control->type == V4L2_CTRL_TYPE_BITMASK)
        snprintf(text, text_b, "bits of 0x%" PRIx64, (uint64_t)control->max);
    else
        snprintf(text, text_b, "%" PRId64 "..%" PRId64 "%s", control->min, control->max, step);
}

static bool parse_switch(const char *text, int64_t *value)
{
    static const struct {
        const char *word;
        int64_t value;
    } words[] = { { "yes", 1 },  { "no", 0 },    { "on", 1 }, { "off", 0 },
                  { "true", 1 }, { "false", 0 }, { "1", 1 },  { "0", 0 } };

    for (size_t i = 0; i < AR_ARRAY_LEN(words); i++)
        if (strcmp(text, words[i].word) == 0) {
            *value = words[i].value;
            return true;
        }
    return false;
}

/* Decimal, or hexadecimal after 0x. */
static bool parse_number(const char *text, int64_t *value)
{
    const char *digits = text + (*text == '-');
    const int base = strncmp(digits, "0x", 2) == 0 ? 16 : 10;
    char *end;

    if (!isdigit((unsigned char)*digits))
        return false;
    errno = 0;
    *value = strtoll(text, &end, base);
    return *end == '\0' && errno == 0;
}

/* An item's number, or its words in the spelling of keys. */
static bool parse_item(const struct ar_v4l2_io *io, const struct ar_v4l2_control *control,
                       const char *text, int64_t *value)
{
    char words[AR_V4L2_CONTROL_NAME_B];
    char wanted[AR_V4L2_CONTROL_NAME_B];
    char key[AR_V4L2_CONTROL_NAME_B];

    if (parse_number(text, value))
        return item_words(io, control, *value, words);
    ar_v4l2_control_key(text, wanted);
    for (int64_t i = control->min; i <= last_item(control); i++) {
        if (!item_words(io, control, i, words))
            continue;
        ar_v4l2_control_key(words, key);
        if (strcmp(key, wanted) == 0) {
            *value = i;
            return true;
        }
    }
    return false;
}

static bool parse_value(const struct ar_v4l2_io *io, const struct ar_v4l2_control *control,
                        const char *text, int64_t *value)
{
    if (is_menu(control))
        return parse_item(io, control, text, value);
    if (control->type == V4L2_CTRL_TYPE_BOOLEAN)
        return parse_switch(text, value);
    if (control->type == V4L2_CTRL_TYPE_BUTTON) {
        *value = 0;
        return strcmp(text, "push") == 0;
    }
    if (!parse_number(text, value))
        return false;
    if (control->type == V4L2_CTRL_TYPE_BITMASK)
        return ((uint64_t)*value & ~(uint64_t)control->max) == 0;
    return *value >= control->min && *value <= control->max;
}

int ar_v4l2_control_parse(const struct ar_v4l2_io *io, const struct ar_v4l2_control *control,
                          const char *text, int64_t *value, struct ar_reason *reason)
{
    char right[200];

    if (parse_value(io, control, text, value))
        return 0;
    ar_v4l2_control_describe(io, control, right, sizeof(right));
    return ar_reason_set(reason, -EINVAL, "%s: \"%.40s\" will not do: %s", control->name, text,
                         right);
}

static int call_with(const struct ar_v4l2_io *io, unsigned long request,
                     const struct ar_v4l2_control *control, int64_t *value)
{
    const bool wide = control->type == V4L2_CTRL_TYPE_INTEGER64;
    struct v4l2_ext_control one = { .id = control->id };
    struct v4l2_ext_controls all = { .which = V4L2_CTRL_WHICH_CUR_VAL,
                                     .count = 1,
                                     .controls = &one };
    int ret;

    if (wide)
        one.value64 = *value;
    else
        one.value = (int32_t)*value;
    ret = ar_v4l2_io_call(io, request, &all);
    *value = wide ? one.value64 : one.value;
    return ret;
}

int ar_v4l2_control_get(const struct ar_v4l2_io *io, const struct ar_v4l2_control *control,
                        int64_t *value)
{
    *value = 0;
    return call_with(io, VIDIOC_G_EXT_CTRLS, control, value);
}

int ar_v4l2_control_set(const struct ar_v4l2_io *io, const struct ar_v4l2_control *control,
                        int64_t value)
{
    return call_with(io, VIDIOC_S_EXT_CTRLS, control, &value);
}
