/* SPDX-License-Identifier: MIT */
#include "daemon/field.h"

const char *ar_field_string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

const char *ar_field_text(const json_t *object, const char *key)
{
    const char *text = ar_field_string(object, key);

    return text[0] != '\0' ? text : "-";
}

double ar_field_number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

long long ar_field_count(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}
