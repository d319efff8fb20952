/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "daemon/actions/actions.h"

/* Those that are no styles, and a folder that cannot be read, are told with what is wrong with them. */
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
    if (styles->problem.text[0] != '\0')
        json_array_append_new(broken, json_pack("{s:s, s:s}", "style", "", "problem",
                                                styles->problem.text));
    return json_pack("{s:s, s:o, s:o}", "style", now, "styles", names, "broken", broken);
}

/* The folders are looked at anew each time: a style that was put there just now is a style. */
static json_t *look(struct ar_run *run)
{
    struct ar_pipeline_status status;

    ar_pipeline_status(run->pipeline, &status);
    ar_styles_refresh(&run->styles);
    return list_styles(&run->styles, status.style);
}

json_t *ar_action_style(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    const char *name = args[0];
    int ret;

    if (!name)
        return look(run);
    if (strcmp(name, "next") == 0)
        ret = ar_change_style(run, 1, reason);
    else if (strcmp(name, "prev") == 0)
        ret = ar_change_style(run, -1, reason);
    else
        ret = ar_change_set(run, "network.style", name, reason);
    return ret < 0 ? NULL : json_pack("{s:s}", "style", run->settings.network.style);
}
