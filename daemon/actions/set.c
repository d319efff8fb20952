/* SPDX-License-Identifier: MIT */
#include "daemon/actions/actions.h"

/* With "restart", the number that a restart has when it has ended, where stages are started anew. */
json_t *ar_action_set(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_config_key key;
    char text[AR_OPTION_TEXT_MAX] = "";

    if (ar_change_set(run, args[0], args[1], reason) < 0)
        return NULL;
    ar_settings_sections(&run->settings, sections);
    if (ar_config_find(sections, args[0], &key))
        ar_option_format(key.option, key.params, text, sizeof(text));
    return json_pack("{s:s, s:s, s:o*}", "key", args[0], "value", text, "restart",
                     ar_change_restart_json(run));
}
