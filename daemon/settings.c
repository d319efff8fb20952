/* SPDX-License-Identifier: MIT */
#include "daemon/settings.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/macros.h"
#include "base/workers.h"

#define SYSTEM_CONFIG AR_SYSCONFDIR "/ar-daemon/ar-daemon.conf"
#define CONFIG_FLAG   "config"

static const char *const log_levels[] = { "error", "warn", "info", "debug", NULL };
static const char *const loop_kinds[] = { "auto", "io_uring", "poll", NULL };

static const char *const precisions[] = { "auto", "f32", "int8", NULL };

static const struct ar_option network_options[] = {
    { .key = "style",
      .type = AR_OPTION_TEXT,
      .offset = offsetof(struct ar_network_params, style),
      .fallback = "starry_night",
      .apply = AR_OPTION_LIVE,
      .help = "style to paint in: a name, or the path of a model file" },
    { .key = "style_path",
      .type = AR_OPTION_TEXT,
      .offset = offsetof(struct ar_network_params, style_path),
      .fallback = "",
      .apply = AR_OPTION_RESTART,
      .help = "folder with styles of your own, looked in first" },
    { .key = "strength",
      .type = AR_OPTION_FRACTION,
      .offset = offsetof(struct ar_network_params, blend.strength),
      .fallback = "1",
      .max = 1,
      .apply = AR_OPTION_LIVE,
      .help = "how much of the painting is seen; the rest is the camera's own picture" },
    { .key = "fade",
      .type = AR_OPTION_DURATION,
      .offset = offsetof(struct ar_network_params, blend.fade_us),
      .fallback = "400ms",
      .max = 2000000,
      .zero_word = "off",
      .apply = AR_OPTION_LIVE,
      .help = "how long one style takes to turn into the next" },
    { .key = "precision",
      .type = AR_OPTION_CHOICE,
      .offset = offsetof(struct ar_network_params, precision),
      .fallback = "auto",
      .choices = precisions,
      .apply = AR_OPTION_RESTART,
      .help = "numbers to paint with; auto takes int8 where the processor has a dot product" },
    { .key = "threads",
      .type = AR_OPTION_COUNT,
      .offset = offsetof(struct ar_network_params, threads),
      .fallback = "auto",
      .min = 1,
      .max = AR_WORKERS_MAX,
      .zero_word = "auto",
      .apply = AR_OPTION_RESTART,
      .help =
          "threads that paint; auto leaves one core to camera and screen when there are more than two" },
    { .key = "pin",
      .type = AR_OPTION_BOOL,
      .offset = offsetof(struct ar_network_params, pin),
      .fallback = "no",
      .apply = AR_OPTION_RESTART,
      .help = "keep each thread that paints on a processor of its own" },
    { 0 },
};

static const struct ar_option daemon_options[] = {
    { .key = "frames",
      .type = AR_OPTION_COUNT,
      .offset = offsetof(struct ar_daemon_params, frames),
      .fallback = "unlimited",
      .min = 1,
      .max = 4294967295.0,
      .zero_word = "unlimited",
      .apply = AR_OPTION_RESTART,
      .help = "stop after so many painted frames" },
    { .key = "log",
      .type = AR_OPTION_CHOICE,
      .offset = offsetof(struct ar_daemon_params, log),
      .fallback = "info",
      .choices = log_levels,
      .apply = AR_OPTION_LIVE,
      .help = "least important kind of line that is logged" },
    { .key = "loop",
      .type = AR_OPTION_CHOICE,
      .offset = offsetof(struct ar_daemon_params, loop),
      .fallback = "auto",
      .choices = loop_kinds,
      .apply = AR_OPTION_RESTART,
      .help = "how to wait for events; auto takes io_uring where the kernel allows it" },
    { .key = "socket",
      .type = AR_OPTION_TEXT,
      .offset = offsetof(struct ar_daemon_params, socket),
      .fallback = "",
      .apply = AR_OPTION_RESTART,
      .help = "control socket; empty for the usual place, none for no control" },
    { .key = "trace",
      .type = AR_OPTION_TEXT,
      .offset = offsetof(struct ar_daemon_params, trace),
      .fallback = "",
      .apply = AR_OPTION_RESTART,
      .help = "file for every frame's decisions and times, as JSON lines; empty for none" },
    { 0 },
};

static const struct ar_option no_options[] = { { 0 } };

void ar_settings_sections(struct ar_settings *settings,
                          struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1])
{
    const struct ar_config_section list[AR_SETTINGS_N_SECTIONS + 1] = {
        { "capture", ar_capture_options, &settings->capture },
        { .name = "capture.controls",
          .options = no_options,
          .entries = &settings->capture.controls,
          .entry_help = "a control of the camera, as --list-devices names it" },
        { "network", network_options, &settings->network },
        { "decoder", ar_decoder_options, &settings->decoder },
        { "budget", ar_budget_options, &settings->budget },
        { "display", ar_display_options, &settings->display },
        { "daemon", daemon_options, &settings->daemon },
    };

    memcpy(sections, list, sizeof(list));
}

const struct ar_settings_flag ar_settings_flags[] = {
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
    { CONFIG_FLAG, "FILE", .help = "configuration file (default " SYSTEM_CONFIG ")" },
    { "check-config", .action = AR_SETTINGS_CHECK_CONFIG,
      .help = "report every problem of the configuration and exit" },
    { "print-config", .action = AR_SETTINGS_PRINT_CONFIG,
      .help = "print a configuration file with every default and exit" },
    { "list-devices", .action = AR_SETTINGS_LIST_DEVICES,
      .help = "list cameras with all they can, and video outputs, and exit" },
    { "version", .action = AR_SETTINGS_VERSION, .help = "print the version and exit" },
    { "help", .action = AR_SETTINGS_HELP, .help = "print this and exit" },
    { .name = NULL },
};

#define N_FLAGS (AR_ARRAY_LEN(ar_settings_flags) - 1)

static void fill_long_options(struct option options[N_FLAGS + 1])
{
    memset(options, 0, (N_FLAGS + 1) * sizeof(*options));
    for (size_t i = 0; i < N_FLAGS; i++) {
        options[i].name = ar_settings_flags[i].name;
        options[i].has_arg = ar_settings_flags[i].value_name ? required_argument : no_argument;
        options[i].val = (int)i;
    }
}

/* One "section.key=value" or shorthand of the command line, applied after the file was read. */
struct assignment {
    const char *key; /* NULL: `text` holds key=value */
    const char *text;
};

struct command_line {
    struct assignment *assignments;
    size_t n_assignments;
    const char *config_path; /* NULL: the system's */
    enum ar_settings_action action;
};

static int usage_error(const char *argument, const char *problem)
{
    fprintf(stderr, "ar-daemon: %s: %s; try 'ar-daemon --help'\n", argument, problem);
    return EX_USAGE;
}

static void take_flag(struct command_line *line, const struct ar_settings_flag *flag,
                      const char *value)
{
    if (!flag->value_name)
        line->action = flag->action;
    else if (strcmp(flag->name, CONFIG_FLAG) == 0)
        line->config_path = value;
    else
        line->assignments[line->n_assignments++] = (struct assignment){ flag->key, value };
}

/* assignments has room for argc entries. */
static int scan(struct command_line *line, int argc, char **argv)
{
    struct option options[N_FLAGS + 1];
    int option;

    fill_long_options(options);
    /* getopt is not thread-safe; no thread runs yet. NOLINTBEGIN(concurrency-mt-unsafe) */
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        /* NOLINTEND(concurrency-mt-unsafe) */
        if (option == '?')
            return usage_error(argv[optind - 1], "not an option");
        if (option == ':')
            return usage_error(argv[optind - 1], "wants a value");
        take_flag(line, &ar_settings_flags[option], optarg);
    }
    if (optind < argc)
        return usage_error(argv[optind], "not an option");
    return 0;
}

static void print_problem(void *user, const char *where, uint32_t line, const char *problem)
{
    (void)user;
    if (line > 0)
        fprintf(stderr, "ar-daemon: %s:%u: %s\n", where, line, problem);
    else
        fprintf(stderr, "ar-daemon: %s: %s\n", where, problem);
}

static int read_file(const struct ar_config_section *sections, const char *path)
{
    int ret;

    if (!path) {
        if (access(SYSTEM_CONFIG, F_OK) != 0)
            return 0;
        path = SYSTEM_CONFIG;
    }
    ret = ar_config_read(sections, path, print_problem, NULL);
    if (ret == 0)
        return 0;
    if (ret == -EINVAL) /* each problem has been told */
        return EX_CONFIG;
    fprintf(stderr, "ar-daemon: %s: cannot be read: %s\n", path, strerrordesc_np(-ret));
    return EX_NOINPUT;
}

static int assign(const struct ar_config_section *sections, const struct assignment *assignment)
{
    struct ar_reason reason;
    char key[AR_OPTION_TEXT_MAX];
    const char *text = assignment->text;

    if (assignment->key) {
        snprintf(key, sizeof(key), "%s", assignment->key);
    } else {
        const char *equals = strchr(text, '=');
        size_t length = equals ? (size_t)(equals - text) : 0;

        if (length == 0 || length >= sizeof(key)) {
            fprintf(stderr, "ar-daemon: --set \"%s\": wants section.key=value\n", text);
            return EX_USAGE;
        }
        memcpy(key, text, length);
        key[length] = '\0';
        text = equals + 1;
    }
    if (ar_config_set(sections, key, text, &reason) == 0)
        return 0;
    fprintf(stderr, "ar-daemon: %s\n", reason.text);
    return EX_USAGE;
}

int ar_settings_from_command_line(struct ar_settings *settings, enum ar_settings_action *action,
                                  int argc, char **argv)
{
    struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1];
    struct command_line line = { .action = AR_SETTINGS_RUN };
    int code;

    line.assignments = calloc((size_t)argc + 1, sizeof(*line.assignments));
    if (!line.assignments)
        return EX_OSERR;
    ar_settings_sections(settings, sections);
    ar_config_defaults(sections);
    code = scan(&line, argc, argv);
    *action = line.action;
    if (code == 0 &&
        (line.action == AR_SETTINGS_RUN || line.action == AR_SETTINGS_CHECK_CONFIG))
        code = read_file(sections, line.config_path);
    for (size_t i = 0; code == 0 && i < line.n_assignments; i++)
        code = assign(sections, &line.assignments[i]);
    free(line.assignments);
    return code;
}

void ar_settings_print_help(FILE *out)
{
    struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_settings settings;

    fputs("Usage: ar-daemon [OPTION ...]\n"
          "Turns a camera's video into a moving painting, every frame inside its time budget.\n"
          "\n",
          out);
    for (const struct ar_settings_flag *flag = ar_settings_flags; flag->name; flag++) {
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
