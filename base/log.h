/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

/*
 * One line per event on stderr; under systemd with the journal's priority prefix.
 * Callable from any thread; keeps errno. The frame path logs nothing above DEBUG.
 * Each .c defines TAG, its folder's or module's name.
 */

enum ar_log_level {
    AR_LOG_ERROR, /* something asked for will not happen */
    AR_LOG_WARN,  /* degraded, still running */
    AR_LOG_INFO,  /* a decision: device, mode, instruction set, style, fallback */
    AR_LOG_DEBUG, /* for us */
};

/* Lines above this level are not formatted. INFO at start. Call before threads start, or from the control thread. */
void ar_log_set_level(enum ar_log_level level);

void ar_log(enum ar_log_level level, const char *tag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends ": " and the text of ret, a negative errno. ERROR level. */
void ar_log_err(const char *tag, int ret, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The live progress line of a terminal: overwritten by the next one, cleared before a log
 * line. Does nothing when stderr is not a terminal. Control thread only. NULL removes it.
 */
void ar_log_progress(const char *text);
