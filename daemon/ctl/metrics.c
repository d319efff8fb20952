/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "daemon/ctl/calls.h"

void ar_ctl_print_metrics(const json_t *result)
{
    const char *text = json_string_value(json_object_get(result, "text"));

    fputs(text ? text : "", stdout);
}
