/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <termios.h>

/*
 * A terminal as a screen: lines are written into a picture of it, which goes out in one piece. Plain ANSI sequences, as
 * every terminal of the last thirty years knows them. One thread.
 */

enum ar_ctl_color {
    AR_CTL_PLAIN,
    AR_CTL_BOLD,
    AR_CTL_DIM,
    AR_CTL_GOOD,
    AR_CTL_WARN,
    AR_CTL_BAD,
    AR_CTL_BAR, /* a line across the whole screen, reversed */
    AR_CTL_N_COLORS,
};

struct ar_ctl_screen {
    bool entered;
    bool has_keys;  /* stdin is a terminal too */
    bool has_utf8;  /* the locale's characters */
    bool has_color; /* NO_COLOR is not set */
    struct termios before;
    uint32_t columns;
    uint32_t rows;
    /* The picture that is being written. */
    FILE *out;
    char *text;
    size_t text_b;
    uint32_t row;
    uint32_t column;
    bool at_bottom; /* of the last line, which is kept free of all others */
    enum ar_ctl_color color;
};

/* False where stdout is no terminal that can do this. */
bool ar_ctl_screen_possible(void);

/* Takes the terminal over. `before` is kept from the first time. */
void ar_ctl_screen_enter(struct ar_ctl_screen *screen);
/* As it was before. Accepts one that was not entered. */
void ar_ctl_screen_leave(struct ar_ctl_screen *screen);

/* The next lines are those of a new picture, of the size that the terminal has now. Negative errno without memory. */
int ar_ctl_screen_begin(struct ar_ctl_screen *screen);
/*
 * Text at the line's end; what does not fit is cut off. Bytes that are no printable character of UTF-8 become '?'.
 */
void ar_ctl_screen_print(struct ar_ctl_screen *screen, enum ar_ctl_color color,
                         const char *format, ...) __attribute__((format(printf, 3, 4)));
void ar_ctl_screen_end_line(struct ar_ctl_screen *screen);
/* Down to the last line, which is for keys and messages. */
void ar_ctl_screen_to_bottom(struct ar_ctl_screen *screen);
/* Sends the picture. */
void ar_ctl_screen_show(struct ar_ctl_screen *screen);
