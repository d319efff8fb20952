/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "budget/governor.h"
#include "capture/capture.h"
#include "config/config.h"
#include "decoder/blend.h"
#include "decoder/temporal.h"
#include "display/display.h"

/*
 * Everything a user can set: the modules' params side by side, filled from defaults, the configuration
 * file and the command line, in this order. Plain data of the control thread.
 */

struct ar_network_params {
    char style[AR_OPTION_TEXT_MAX];      /* a name, or a path to a model file */
    char style_path[AR_OPTION_TEXT_MAX]; /* a folder looked in first; may be empty */
    struct ar_decoder_blend_params blend;
    uint32_t precision; /* enum ar_painter_precision */
    uint32_t threads;   /* 0: by the machine */
    bool pin;           /* each to a processor of its own */
};

struct ar_daemon_params {
    uint32_t frames;                 /* 0: until stopped */
    uint32_t log;                    /* enum ar_log_level */
    uint32_t loop;                   /* enum ar_loop_kind */
    char socket[AR_OPTION_TEXT_MAX]; /* empty: the usual place */
    char trace[AR_OPTION_TEXT_MAX];  /* a file; empty: none */
};

struct ar_settings {
    struct ar_capture_params capture;
    struct ar_display_params display;
    struct ar_network_params network;
    struct ar_decoder_params decoder;
    struct ar_budget_params budget;
    struct ar_daemon_params daemon;
};

#define AR_SETTINGS_N_SECTIONS 7

/* Fills the list that config/ works on: one section per module, bound to `settings`. */
void ar_settings_sections(struct ar_settings *settings,
                          struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1]);

enum ar_settings_action {
    AR_SETTINGS_RUN,
    AR_SETTINGS_CHECK_CONFIG,
    AR_SETTINGS_PRINT_CONFIG,
    AR_SETTINGS_LIST_DEVICES,
    AR_SETTINGS_VERSION,
    AR_SETTINGS_HELP,
};

/* What the command line takes, each as --name. */
struct ar_settings_flag {
    const char *name;       /* NULL ends the table */
    const char *value_name; /* NULL: takes no value, asks for `action` */
    const char *key;        /* that it is shorthand for; NULL: none */
    enum ar_settings_action action;
    const char *help;
};

extern const struct ar_settings_flag ar_settings_flags[];

/*
 * Reads the command line into settings: defaults, then the file (--config, or the system's when it
 * exists), then the options in their order. Problems are printed to stderr, one line each.
 * 0 and an action, or an exit code of sysexits: EX_USAGE, EX_CONFIG, EX_NOINPUT.
 */
int ar_settings_from_command_line(struct ar_settings *settings, enum ar_settings_action *action,
                                  int argc, char **argv);

void ar_settings_print_help(FILE *out);
