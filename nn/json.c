/* SPDX-License-Identifier: MIT */
#include "nn/json.h"

#include <errno.h>
#include <stdio.h>

#include "base/shortage.h"

/* Copies what fits; bytes outside printable ASCII become '?'. */
struct ar_json_text ar_json_quote(const char *text)
{
    struct ar_json_text copy = { "" };

    for (size_t i = 0; i + 1 < sizeof(copy.text) && text[i] != '\0'; i++)
        copy.text[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    return copy;
}

struct ar_json_text ar_json_describe(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    struct ar_json_text copy = { "nothing" };

    if (!value)
        return copy;
    switch (json_typeof(value)) {
    case JSON_STRING:
        return ar_json_quote(json_string_value(value));
    case JSON_INTEGER:
        snprintf(copy.text, sizeof(copy.text), "%" JSON_INTEGER_FORMAT,
                 json_integer_value(value));
        return copy;
    case JSON_REAL:
        snprintf(copy.text, sizeof(copy.text), "%g", json_real_value(value));
        return copy;
    default:
        return ar_json_quote(names[json_typeof(value)]);
    }
}

int ar_json_load(json_t **out, const char *where, const char *text, size_t size_b,
                 struct ar_reason *reason)
{
    json_error_t error;

    ar_shortage_take();
    *out = json_loadb(text, size_b, JSON_REJECT_DUPLICATES, &error);
    if (ar_shortage_take()) { /* Jansson calls that a mistake in the text, or cuts a text short */
        json_decref(*out);
        *out = NULL;
        return ar_reason_set_err(reason, -ENOMEM, "%s", where);
    }
    if (*out)
        return 0;
    return ar_reason_set(reason, -EINVAL, "%s: not JSON at byte %d: %s", where, error.position,
                         ar_json_quote(error.text).text);
}
