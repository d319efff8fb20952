/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/shortage.h"
#include "capture/inventory.h"
#include "daemon/command_line.h"
#include "daemon/layers.h"
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

static void print_problem(void *user, const char *where, uint32_t line, const char *problem)
{
    (void)user;
    if (where && line > 0)
        fprintf(stderr, "ar-daemon: %s:%u: %s\n", where, line, problem);
    else if (where)
        fprintf(stderr, "ar-daemon: %s: %s\n", where, problem);
    else
        fprintf(stderr, "ar-daemon: %s\n", problem);
}

static int check_config(const struct ar_command_line *line)
{
    struct ar_settings settings;
    struct ar_layers layers;
    int code;

    ar_layers_init(&layers, line);
    code = ar_layers_read(&layers, &settings, true, print_problem, NULL);
    if (code == EX_OK)
        puts("configuration: no problems");
    return code;
}

static int run(const struct ar_command_line *line)
{
    struct ar_settings settings;
    struct ar_layers layers;
    int code;

    ar_layers_init(&layers, line);
    code = ar_layers_read(&layers, &settings, false, print_problem, NULL);
    return code == EX_OK ? ar_run(&settings, &layers) : code;
}

static int act(const struct ar_command_line *line)
{
    switch (line->action) {
    case AR_COMMAND_LINE_RUN:
        return run(line);
    case AR_COMMAND_LINE_CHECK_CONFIG:
        return check_config(line);
    case AR_COMMAND_LINE_PRINT_CONFIG:
        return print_config();
    case AR_COMMAND_LINE_LIST_DEVICES:
        return list_devices();
    case AR_COMMAND_LINE_VERSION:
        puts("ar-daemon " AR_VERSION);
        return EX_OK;
    case AR_COMMAND_LINE_HELP:
        ar_command_line_print_help(stdout);
        return EX_OK;
    }
    return EX_SOFTWARE;
}

int main(int argc, char **argv)
{
    struct ar_command_line line;
    int code;

    json_set_alloc_funcs(ar_shortage_malloc, free);
    code = ar_command_line_read(&line, argc, argv);
    if (code == EX_OK)
        code = act(&line);
    ar_command_line_finish(&line);
    return code;
}
