/* SPDX-License-Identifier: MIT */
#include "capture/devices.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/ctl/ask.h"
#include "daemon/ctl/calls.h"

/* What `--source v4l2:` or `--display v4l2:` takes for it, the most lasting first. */
static const char *lasting_name(const struct ar_device *device)
{
    if (device->by_id[0] != '\0')
        return device->by_id;
    return device->by_path[0] != '\0' ? device->by_path : device->path;
}

static const char *kind_of(const struct ar_device *device)
{
    if (device->sensor && !device->capture)
        return "sensor";
    return device->capture ? "camera" : "output";
}

static json_t *device_json(const struct ar_device *device)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "path", device->path, "kind", kind_of(device),
                     "card", device->card, "name", lasting_name(device));
}

static void print_device(const struct ar_device *device)
{
    printf("%-13s %-7s %-33s %s\n", device->path, kind_of(device),
           device->card[0] != '\0' ? device->card : "(not permitted)", lasting_name(device));
}

/* Of this machine, whether a daemon runs or not. */
int ar_ctl_run_devices(const struct ar_ctl_call *call)
{
    struct ar_device devices[AR_DEVICES_MAX];
    const int n = ar_devices_list(devices, AR_DEVICES_MAX);
    struct ar_reason reason;
    json_t *list;

    if (n < 0) {
        ar_reason_set_err(&reason, n, "devices");
        return ar_ctl_say(EX_OSERR, &reason);
    }
    list = json_array();
    for (int i = 0; i < n; i++) {
        json_array_append_new(list, device_json(&devices[i]));
        if (!call->json)
            print_device(&devices[i]);
    }
    if (call->json)
        ar_ctl_print_json(list);
    else if (n == 0)
        puts("no cameras and no video outputs");
    json_decref(list);
    return EX_OK;
}
