/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Why something failed, in words for the user: the object first (file, device, key), then
 * the value found, then what would be right. Filled by the function that knows, carried up
 * by the negative errno, said once by whoever answers to the user (log, --check-config,
 * control reply).
 */
struct ar_reason {
    char text[320];
};

/* Writes the text and gives ret back, so that `return ar_reason_set(...)` reads well. NULL is allowed. */
int ar_reason_set(struct ar_reason *reason, int ret, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, and appends ": " with the text of the error ret (a negative errno). */
int ar_reason_set_err(struct ar_reason *reason, int ret, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
