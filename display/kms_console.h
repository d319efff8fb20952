/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

/*
 * Which of Linux's consoles (tty1, tty2, ...) is in front. They share the screens, and a program that holds
 * one keeps the others from showing anything: it must let go when its own is left. One thread.
 */

struct ar_kms_console {
    int fd; /* POLLPRI when another comes to the front, until it is read; -1: there are no consoles */
    char home[16]; /* the one that was in front at open */
};

void ar_kms_console_open(struct ar_kms_console *console);
void ar_kms_console_close(struct ar_kms_console *console);

/* Reads. True while the one that was in front at open is so again, or there are none. */
bool ar_kms_console_is_home(const struct ar_kms_console *console);
