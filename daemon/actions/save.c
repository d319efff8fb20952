/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "daemon/actions/actions.h"

json_t *ar_action_save(struct ar_run *run, const char *const *args, struct ar_reason *reason)
{
    int n_keys;

    if (run->change.is_under_way) {
        ar_reason_set(reason, -EBUSY, "another change is under way; try again");
        return NULL;
    }
    n_keys = ar_layers_save(&run->layers, &run->settings, reason);
    if (n_keys < 0)
        return NULL;
    return json_pack("{s:s, s:i}", "file", run->layers.saved, "keys", n_keys);
}
