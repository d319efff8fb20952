/* SPDX-License-Identifier: MIT */
/*
 * ar-ctl: talks to a running ar-daemon over its control socket. doc/PROTOCOL.md has the exit codes.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/option.h"
#include "config/suggest.h"
#include "daemon/commands.h"
#include "daemon/ctl/ask.h"
#include "daemon/ctl/calls.h"

#define USAGE_COLUMNS 26

/* What does not fit beside its help stands above it. */
static void print_line(FILE *out, const char *name, const char *usage, const char *help)
{
    char text[80];
    const int length = snprintf(text, sizeof(text), "%s %s", name, usage);

    if (length > USAGE_COLUMNS)
        fprintf(out, "  %s\n  %-*s %s\n", text, USAGE_COLUMNS, "", help);
    else
        fprintf(out, "  %-*s %s\n", USAGE_COLUMNS, text, help);
}

static void print_help(FILE *out)
{
    fputs("Usage: ar-ctl [--socket PATH] COMMAND [ARGUMENT ...]\n"
          "Controls a running ar-daemon.\n"
          "\n",
          out);
    for (const struct ar_command *command = ar_commands; command->name; command++)
        print_line(out, command->name, command->usage, command->help);
    print_line(out, "--version", "", "print the version");
    print_line(out, "--help", "", "print this");
}

static int usage_error(const char *what, const char *problem)
{
    fprintf(stderr, "ar-ctl: %s: %s; try 'ar-ctl --help'\n", what, problem);
    return EX_USAGE;
}

static int unknown_command(const char *word)
{
    const char *near_name = NULL;
    uint32_t least = AR_CONFIG_NOT_NEAR;
    char problem[80] = "no such command";

    for (const struct ar_command *command = ar_commands; command->name; command++)
        if (ar_config_is_nearer(word, command->name, &least))
            near_name = command->name;
    if (near_name)
        snprintf(problem, sizeof(problem), "no such command, did you mean %s?", near_name);
    return usage_error(word, problem);
}

static int wrong_arguments(const struct ar_command *command)
{
    char problem[120] = "takes no arguments";

    if (command->usage[0] != '\0')
        snprintf(problem, sizeof(problem), "takes %s", command->usage);
    return usage_error(command->name, problem);
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

    for (; first < argc && argv[first][0] == '-'; first++) {
        if (strcmp(argv[first], "--help") == 0) {
            print_help(stdout);
            return EX_OK;
        }
        if (strcmp(argv[first], "--version") == 0) {
            puts("ar-ctl " AR_VERSION);
            return EX_OK;
        }
        if (strcmp(argv[first], "--socket") != 0)
            return usage_error(argv[first], "not an option");
        if (first + 1 == argc)
            return usage_error(argv[first], "wants a path");
        call.socket_path = argv[++first];
    }
    if (first == argc) {
        print_help(stderr);
        return EX_USAGE;
    }
    call.command = ar_commands_find(argv[first]);
    if (!call.command)
        return unknown_command(argv[first]);
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
        return wrong_arguments(call.command);
    return ar_ctl_call_run(&call);
}
