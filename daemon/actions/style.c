/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "daemon/actions/actions.h"

/* Those that are no styles are told with what is wrong with them. */
static json_t *list_styles(const struct ar_styles *styles, const char *now)
{
    json_t *names = json_array();
    json_t *broken = json_array();

    for (uint32_t i = 0; i < styles->n_styles; i++) {
        const struct ar_style *style = &styles->list[i];

        if (style->problem.text[0] == '\0')
            json_array_append_new(names, json_string(style->name));
        else
            json_array_append_new(broken, json_pack("{s:s, s:s}", "style", style->name,
                                                    "problem", style->problem.text));
    }
    return json_pack("{s:s, s:o, s:o}", "style", now, "styles", names, "broken", broken);
}

/* The folders are looked at anew each time: a style that was put there just now is a style. */
json_t *ar_action_style(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    struct ar_pipeline_status status;
    const char *name = args[0];
    int step = 0;

    ar_pipeline_status(run->pipeline, &status);
    ar_styles_refresh(&run->styles);
    if (!name)
        return list_styles(&run->styles, status.style);
    if (strcmp(name, "next") == 0)
        step = 1;
    else if (strcmp(name, "prev") == 0)
        step = -1;
    if (step != 0) {
        const struct ar_style *style = ar_styles_step(&run->styles, status.style, step);

        if (style)
            name = style->name;
    }
    if (ar_change_set(run, "network.style", name, reason) < 0)
        return NULL;
    return json_pack("{s:s}", "style", name);
}
