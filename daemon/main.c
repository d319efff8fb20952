/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "capture/inventory.h"
#include "daemon/run.h"
#include "daemon/settings.h"

static int list_devices(void)
{
    const int ret = ar_inventory_print(stdout);

    if (ret == 0)
        return EX_OK;
    fprintf(stderr, "ar-daemon: cannot list devices: %s\n", strerrordesc_np(-ret));
    return EX_OSERR;
}

static int print_config(void)
{
    struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_settings settings;

    ar_settings_sections(&settings, sections);
    ar_config_defaults(sections);
    ar_config_print_file(sections, stdout);
    return EX_OK;
}

int main(int argc, char **argv)
{
    struct ar_settings settings;
    enum ar_settings_action action;
    int code = ar_settings_from_command_line(&settings, &action, argc, argv);

    if (code != EX_OK)
        return code;
    switch (action) {
    case AR_SETTINGS_RUN:
        return ar_run(&settings);
    case AR_SETTINGS_CHECK_CONFIG:
        puts("configuration: no problems");
        return EX_OK;
    case AR_SETTINGS_PRINT_CONFIG:
        return print_config();
    case AR_SETTINGS_LIST_DEVICES:
        return list_devices();
    case AR_SETTINGS_VERSION:
        puts("ar-daemon " AR_VERSION);
        return EX_OK;
    case AR_SETTINGS_HELP:
        ar_settings_print_help(stdout);
        return EX_OK;
    }
    return EX_SOFTWARE;
}
