/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

#include "capture/devices.h"
#include "daemon/ctl/ask.h"
#include "daemon/ctl/calls.h"
#include "display/connectors.h"

#define SYSFS "/sys"

/* One line, or one object of a list: a name as `--display` takes it, and what is known of it. */
struct output {
    char name[80];
    char what[48];
    bool ready; /* something is plugged in */
};

static void add(json_t *list, const struct output *output, bool json)
{
    json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "name", output->name, "what",
                                          output->what, "ready", (int)output->ready));
    if (!json)
        printf("%-24s %s\n", output->name, output->what);
}

static int add_screens(json_t *list, bool json)
{
    struct ar_connector connectors[AR_CONNECTORS_MAX];
    const int n = ar_connectors_list(connectors, AR_CONNECTORS_MAX, SYSFS);

    for (int i = 0; i < n; i++) {
        struct output output = { .ready = connectors[i].connected };

        snprintf(output.name, sizeof(output.name), "kms:%s", connectors[i].name);
        snprintf(output.what, sizeof(output.what), "%s",
                 output.ready ? connectors[i].mode : "nothing plugged in");
        add(list, &output, json);
    }
    return n;
}

static int add_virtual_cameras(json_t *list, bool json)
{
    struct ar_device devices[AR_DEVICES_MAX];
    const int n = ar_devices_list(devices, AR_DEVICES_MAX);

    for (int i = 0; i < n; i++) {
        struct output output = { .ready = true };

        if (!devices[i].output)
            continue;
        snprintf(output.name, sizeof(output.name), "v4l2:%.63s", devices[i].path);
        snprintf(output.what, sizeof(output.what), "%s", devices[i].card);
        add(list, &output, json);
    }
    return n;
}

/* Of this machine, whether a daemon runs or not. */
int ar_ctl_run_outputs(const struct ar_ctl_call *call)
{
    json_t *list = json_array();
    struct ar_reason reason;
    int ret = add_screens(list, call->json);

    if (ret >= 0)
        ret = add_virtual_cameras(list, call->json);
    if (ret >= 0 && call->json)
        ar_ctl_print_json(list);
    else if (ret >= 0 && json_array_size(list) == 0)
        puts("no screens and no virtual cameras");
    json_decref(list);
    if (ret >= 0)
        return EX_OK;
    ar_reason_set_err(&reason, ret, "outputs");
    return ar_ctl_say(EX_OSERR, &reason);
}
