/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "daemon/actions/actions.h"

static json_t *list_styles(const struct ar_run *run, const char *now)
{
    json_t *names = json_array();

    for (uint32_t i = 0; i < run->styles.n_styles; i++)
        json_array_append_new(names, json_string(run->styles.list[i].name));
    return json_pack("{s:s, s:o}", "style", now, "styles", names);
}

json_t *ar_action_style(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    struct ar_pipeline_status status;
    const char *name = args[0];
    int step = 0;

    ar_pipeline_status(run->pipeline, &status);
    if (!name)
        return list_styles(run, status.style);
    if (strcmp(name, "next") == 0)
        step = 1;
    else if (strcmp(name, "prev") == 0)
        step = -1;
    if (step != 0) {
        const struct ar_style *style = ar_styles_step(&run->styles, status.style, step);

        if (style)
            name = style->name;
    }
    if (ar_pipeline_set_style(run->pipeline, name, reason) < 0)
        return NULL;
    return json_pack("{s:s}", "style", name);
}
