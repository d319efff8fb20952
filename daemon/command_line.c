/* SPDX-License-Identifier: MIT */
#include "daemon/command_line.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/macros.h"
#include "config/suggest.h"
#include "daemon/layers.h"
#include "daemon/settings.h"

#define CONFIG_FLAG "config"

const struct ar_command_line_flag ar_command_line_flags[] = {
    { "source", "WHAT", "capture.source",
      .help = "v4l2[:DEV], file:CLIP, pattern[:WxH@FPS] or auto" },
    { "display", "WHERE", "display.output",
      .help = "kms[:CONNECTOR], sdl, v4l2:DEV, file:OUT, null or auto" },
    { "style", "NAME|FILE", "network.style", .help = "style to paint in" },
    { "budget", "TIME", "budget.frame", .help = "time that a frame may take, such as 25ms" },
    { "width", "W", "budget.width", .help = "auto, or 0.25..1 to pin the width multiplier" },
    { "threads", "N", "network.threads", .help = "threads that paint" },
    { "trace", "FILE", "daemon.trace", .help = "write every frame's decisions and times" },
    { "frames", "N", "daemon.frames", .help = "stop after so many frames" },
    { "set", "KEY=VALUE", .help = "any key below" },
    { CONFIG_FLAG, "FILE", .help = "configuration file (default " AR_SYSTEM_CONFIG ")" },
    { "check-config", .action = AR_COMMAND_LINE_CHECK_CONFIG,
      .help = "report every problem of the configuration and exit" },
    { "print-config", .action = AR_COMMAND_LINE_PRINT_CONFIG,
      .help = "print a configuration file with every default and exit" },
    { "list-devices", .action = AR_COMMAND_LINE_LIST_DEVICES,
      .help = "list cameras with all they can, and video outputs, and exit" },
    { "version", .action = AR_COMMAND_LINE_VERSION, .help = "print the version and exit" },
    { "help", .action = AR_COMMAND_LINE_HELP, .help = "print this and exit" },
    { .name = NULL },
};

#define N_FLAGS (AR_ARRAY_LEN(ar_command_line_flags) - 1)

static void fill_long_options(struct option options[N_FLAGS + 1])
{
    memset(options, 0, (N_FLAGS + 1) * sizeof(*options));
    for (size_t i = 0; i < N_FLAGS; i++) {
        options[i].name = ar_command_line_flags[i].name;
        options[i].has_arg =
            ar_command_line_flags[i].value_name ? required_argument : no_argument;
        options[i].val = (int)i;
    }
}

static int usage_error(const char *argument, const char *problem)
{
    fprintf(stderr, "ar-daemon: %s: %s; try 'ar-daemon --help'\n", argument, problem);
    return EX_USAGE;
}

static int unknown_flag(const char *argument)
{
    const char *near_name = NULL;
    uint32_t least = AR_CONFIG_NOT_NEAR;
    char problem[80] = "not an option";

    for (size_t i = 0; i < N_FLAGS && strncmp(argument, "--", 2) == 0; i++)
        if (ar_config_is_nearer(argument + 2, ar_command_line_flags[i].name, &least))
            near_name = ar_command_line_flags[i].name;
    if (near_name)
        snprintf(problem, sizeof(problem), "not an option, did you mean --%s?", near_name);
    return usage_error(argument, problem);
}

static void take_flag(struct ar_command_line *line, const struct ar_command_line_flag *flag,
                      const char *value)
{
    if (!flag->value_name)
        line->action = flag->action;
    else if (strcmp(flag->name, CONFIG_FLAG) == 0)
        line->config_path = value;
    else
        line->assignments[line->n_assignments++] = (struct ar_assignment){ flag->key, value };
}

/* assignments has room for argc entries. */
static int scan(struct ar_command_line *line, int argc, char **argv)
{
    struct option options[N_FLAGS + 1];
    int option;

    fill_long_options(options);
    /* getopt is not thread-safe; no thread runs yet. NOLINTBEGIN(concurrency-mt-unsafe) */
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        /* NOLINTEND(concurrency-mt-unsafe) */
        if (option == '?')
            return unknown_flag(argv[optind - 1]);
        if (option == ':')
            return usage_error(argv[optind - 1], "wants a value");
        take_flag(line, &ar_command_line_flags[option], optarg);
    }
    if (optind < argc)
        return usage_error(argv[optind], "not an option");
    return 0;
}

int ar_command_line_read(struct ar_command_line *line, int argc, char **argv)
{
    *line = (struct ar_command_line){ .action = AR_COMMAND_LINE_RUN };
    line->assignments = calloc((size_t)argc + 1, sizeof(*line->assignments));
    if (!line->assignments) {
        fprintf(stderr, "ar-daemon: command line: %s\n", strerrordesc_np(ENOMEM));
        return EX_OSERR;
    }
    return scan(line, argc, argv);
}

void ar_command_line_finish(struct ar_command_line *line)
{
    free(line->assignments);
    line->assignments = NULL;
}

static int assign(const struct ar_config_section *sections,
                  const struct ar_assignment *assignment, struct ar_reason *reason)
{
    char key[AR_OPTION_TEXT_MAX];
    const char *equals;
    size_t length;

    if (assignment->key)
        return ar_config_set(sections, assignment->key, assignment->text,
                             AR_CONFIG_COMMAND_LINE, reason);
    equals = strchr(assignment->text, '=');
    length = equals ? (size_t)(equals - assignment->text) : 0;
    if (length == 0 || length >= sizeof(key))
        return ar_reason_set(reason, -EINVAL, "--set \"%.100s\": wants section.key=value",
                             assignment->text);
    memcpy(key, assignment->text, length);
    key[length] = '\0';
    return ar_config_set(sections, key, equals + 1, AR_CONFIG_COMMAND_LINE, reason);
}

int ar_command_line_apply(const struct ar_command_line *line,
                          const struct ar_config_section *sections, struct ar_reason *reason)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < line->n_assignments; i++)
        ret = assign(sections, &line->assignments[i], reason);
    return ret;
}

void ar_command_line_print_help(FILE *out)
{
    struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_settings settings;

    fputs("Usage: ar-daemon [OPTION ...]\n"
          "Turns a camera's video into a moving painting, every frame inside its time budget.\n"
          "\n",
          out);
    for (const struct ar_command_line_flag *flag = ar_command_line_flags; flag->name; flag++) {
        char name[40];

        snprintf(name, sizeof(name), "--%s %s", flag->name,
                 flag->value_name ? flag->value_name : "");
        fprintf(out, "  %-20s %s\n", name, flag->help);
    }
    fputs("\n"
          "Keys, what they take, and their defaults:\n",
          out);
    ar_settings_sections(&settings, sections);
    ar_config_defaults(sections);
    ar_config_print_help(sections, out);
}
