/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "daemon/ctl/calls.h"

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

void ar_ctl_print_progress(const json_t *status)
{
    const json_t *paint = json_object_get(json_object_get(status, "stages"), "paint");
    const char *style = json_string_value(json_object_get(status, "style"));
    const char *state = json_string_value(json_object_get(status, "state"));

    printf("%s: %s, %.0f frames, %.1f fps, width %.2f, %.1f of %.1f ms, %.0f missed, %.0f "
           "dropped\n",
           style ? style : "-", state ? state : "-", number_of(status, "painted"),
           number_of(status, "fps"), number_of(status, "width"),
           number_of(paint, "p50_us") / 1e3, number_of(status, "budget_us") / 1e3,
           number_of(status, "missed"), number_of(status, "dropped"));
}
