/* SPDX-License-Identifier: MIT */
#include "daemon/metrics.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "daemon/actions/actions.h"

json_t *ar_action_metrics(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    struct ar_pipeline_status status;
    char *text = NULL;
    size_t text_b = 0;
    FILE *out = open_memstream(&text, &text_b);
    json_t *result = NULL;

    (void)args;
    ar_pipeline_status(run->pipeline, &status);
    if (out)
        ar_metrics_print(&status, &run->heat.reading, ar_clock_now_us(), out);
    if (out && fclose(out) == 0)
        result = json_pack("{s:s}", "text", text);
    if (!result)
        ar_reason_set_err(reason, -ENOMEM, "metrics");
    free(text);
    return result;
}
