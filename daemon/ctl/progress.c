/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "daemon/ctl/calls.h"
#include "daemon/field.h"

void ar_ctl_print_progress(const json_t *status)
{
    const json_t *paint = json_object_get(json_object_get(status, "stages"), "paint");

    printf("%s: %s, %.0f frames, %.1f fps, width %.2f, %.1f of %.1f ms, %.0f missed, %.0f "
           "dropped\n",
           ar_field_text(status, "style"), ar_field_text(status, "state"),
           ar_field_number(status, "painted"), ar_field_number(status, "fps"),
           ar_field_number(status, "width"), ar_field_number(paint, "p50_us") / 1e3,
           ar_field_number(status, "budget_us") / 1e3, ar_field_number(status, "missed"),
           ar_field_number(status, "dropped"));
}
