/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "daemon/ctl/calls.h"
#include "daemon/field.h"

void ar_ctl_print_style(const json_t *result)
{
    const char *now = json_string_value(json_object_get(result, "style"));
    const json_t *styles = json_object_get(result, "styles");
    const json_t *broken = json_object_get(result, "broken");
    const json_t *style;
    const json_t *name;
    size_t i;

    if (!styles) {
        printf("style %s\n", now ? now : "");
        return;
    }
    json_array_foreach(styles, i, name)
    {
        const char *text = json_string_value(name);

        printf("%s %s\n", now && text && strcmp(now, text) == 0 ? "*" : " ", text ? text : "");
    }
    json_array_foreach(broken, i, style)
    {
        fprintf(stderr, "ar-ctl: left out: %s\n", ar_field_string(style, "problem"));
    }
}
