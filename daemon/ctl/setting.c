/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "daemon/ctl/calls.h"
#include "daemon/explain.h"

void ar_ctl_print_setting(const json_t *result)
{
    printf("%s = %s\n", json_string_value(json_object_get(result, "key")),
           json_string_value(json_object_get(result, "value")));
}

/* A setting, or what `explain` found. */
void ar_ctl_print_budget(const json_t *result)
{
    if (json_object_get(result, "layers"))
        ar_explain_print(result, stdout);
    else
        ar_ctl_print_setting(result);
}
