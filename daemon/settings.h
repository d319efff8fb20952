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
 * Everything a user can set: the modules' params side by side, and where each value comes from. Plain data of the control
 * thread.
 */

struct ar_network_params {
    char style[AR_OPTION_TEXT_MAX];      /* a name, or a path to a model file */
    char style_path[AR_OPTION_TEXT_MAX]; /* a folder looked in first; may be empty */
    struct ar_decoder_blend_params blend;
    uint32_t precision; /* enum ar_painter_precision */
    uint32_t threads;   /* 0: by the machine */
    bool pin;           /* each to a processor of its own */
};

enum ar_daemon_reload {
    AR_DAEMON_RELOAD_ASKED,
    AR_DAEMON_RELOAD_ON_CHANGE,
};

struct ar_daemon_params {
    uint32_t frames;                 /* 0: until stopped */
    uint32_t log;                    /* enum ar_log_level */
    uint32_t loop;                   /* enum ar_loop_kind */
    char socket[AR_OPTION_TEXT_MAX]; /* empty: the usual place */
    char trace[AR_OPTION_TEXT_MAX];  /* a file; empty: none */
    uint32_t reload;                 /* enum ar_daemon_reload */
};

#define AR_SETTINGS_MAX_KEYS 128 /* with the places of open sections */

struct ar_settings {
    struct ar_capture_params capture;
    struct ar_display_params display;
    struct ar_network_params network;
    struct ar_decoder_params decoder;
    struct ar_budget_params budget;
    struct ar_daemon_params daemon;
    struct ar_config_origin origins[AR_SETTINGS_MAX_KEYS]; /* of all sections' keys, in a row */
};

#define AR_SETTINGS_N_SECTIONS 7

/* Fills the list that config/ works on: one section per module, bound to `settings`. */
void ar_settings_sections(struct ar_settings *settings,
                          struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1]);

/* What can be told of values beyond their types, without opening a device. The key that it is about, NULL ends. */
struct ar_settings_check {
    const char *key;
    bool opens_files; /* takes its time: some tens of milliseconds */
    /* -EINVAL with the reason; also -ENOTSUP for what this build lacks, -ENOENT, ... */
    int (*check)(const struct ar_settings *settings, struct ar_reason *reason);
};

extern const struct ar_settings_check ar_settings_checks[];
