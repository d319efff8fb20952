/* SPDX-License-Identifier: MIT */
/*
 * ar-ctl: talks to a running ar-daemon over its control socket. doc/PROTOCOL.md has the exit codes.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/option.h"
#include "daemon/commands.h"
#include "daemon/ctl/ask.h"
#include "daemon/ctl/calls.h"

static void print_help(FILE *out)
{
    fputs("Usage: ar-ctl [--socket PATH] COMMAND [ARGUMENT ...]\n"
          "Controls a running ar-daemon.\n"
          "\n",
          out);
    for (const struct ar_command *command = ar_commands; command->name; command++) {
        char text[48];

        snprintf(text, sizeof(text), "%s %s", command->name, command->usage);
        fprintf(out, "  %-26s %s\n", text, command->help);
    }
    fputs("  --version                  print the version\n"
          "  --help                     print this\n",
          out);
}

static int usage_error(const char *what, const char *wants)
{
    fprintf(stderr, "ar-ctl: %s: %s; try 'ar-ctl --help'\n", what, wants);
    return EX_USAGE;
}

/* KEY=VALUE, as --set and the file have it, in place of KEY VALUE. */
static bool split_assignment(const struct ar_command *command, char *argument, char *args[2])
{
    char *equals = strchr(argument, '=');

    if (strcmp(command->name, "set") != 0 || !equals)
        return false;
    *equals = '\0';
    args[0] = argument;
    args[1] = equals + 1;
    return true;
}

int main(int argc, char **argv)
{
    char path[AR_OPTION_TEXT_MAX];
    struct ar_ctl_call call = { .socket_path = ar_ctl_default_socket(path, sizeof(path)) };
    int first = 1;
    char *pair[2];

    for (; first < argc && strncmp(argv[first], "--", 2) == 0; first++) {
        if (strcmp(argv[first], "--help") == 0) {
            print_help(stdout);
            return EX_OK;
        }
        if (strcmp(argv[first], "--version") == 0) {
            puts("ar-ctl " AR_VERSION);
            return EX_OK;
        }
        if (strcmp(argv[first], "--socket") != 0 || first + 1 == argc)
            return usage_error(argv[first], "not an option, or its value is missing");
        call.socket_path = argv[++first];
    }
    call.command = first < argc ? ar_commands_find(argv[first]) : NULL;
    if (!call.command)
        return usage_error(first < argc ? argv[first] : "command", "wants one of the commands");
    do
        first++;
    while (first < argc && ar_ctl_call_take_option(&call, argv[first]));
    call.args = argv + first;
    call.n_args = argc - first;
    if (call.n_args == 1 && split_assignment(call.command, argv[first], pair)) {
        call.args = pair;
        call.n_args = 2;
    }
    if (call.n_args < (int)call.command->min_args || call.n_args > (int)call.command->max_args)
        return usage_error(call.command->name,
                           call.command->max_args > 0 ? call.command->usage : "no arguments");
    return ar_ctl_call_run(&call);
}
