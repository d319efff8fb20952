/* SPDX-License-Identifier: MIT */
#include "daemon/ctl/screen.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>

#include "base/macros.h"

#define ENTER "\033[?1049h\033[?25l" /* the other screen, no cursor */
#define LEAVE "\033[0m\033[?25h\033[?1049l"

/* What a terminal has that does not say. */
#define USUAL_COLUMNS 80
#define USUAL_ROWS    24

static const char *const colors[] = {
    [AR_CTL_PLAIN] = "0",   [AR_CTL_BOLD] = "0;1", [AR_CTL_DIM] = "0;2", [AR_CTL_GOOD] = "0;32",
    [AR_CTL_WARN] = "0;33", [AR_CTL_BAD] = "0;31", [AR_CTL_BAR] = "0;7",
};

static void put(const char *text, size_t length)
{
    while (length > 0) {
        const ssize_t put_b = write(STDOUT_FILENO, text, length);

        if (put_b < 0 && errno != EINTR)
            return; /* the terminal is gone, and so are we next */
        if (put_b > 0) {
            text += put_b;
            length -= (size_t)put_b;
        }
    }
}

bool ar_ctl_screen_possible(void)
{
    /* No thread changes the environment. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *terminal = getenv("TERM");

    return isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

void ar_ctl_screen_enter(struct ar_ctl_screen *screen)
{
    struct termios raw;

    /* One thread. NOLINTBEGIN(concurrency-mt-unsafe) */
    setlocale(LC_CTYPE, "");
    screen->has_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    screen->has_color = !getenv("NO_COLOR");
    /* NOLINTEND(concurrency-mt-unsafe) */
    screen->has_keys = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &screen->before) == 0;
    if (screen->has_keys) {
        raw = screen->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    }
    put(ENTER, strlen(ENTER));
    screen->entered = true;
}

void ar_ctl_screen_leave(struct ar_ctl_screen *screen)
{
    if (!screen->entered)
        return;
    put(LEAVE, strlen(LEAVE));
    if (screen->has_keys)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &screen->before);
    screen->entered = false;
}

int ar_ctl_screen_begin(struct ar_ctl_screen *screen)
{
    struct winsize size = { 0 };

    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    screen->columns = size.ws_col > 0 ? size.ws_col : USUAL_COLUMNS;
    screen->rows = size.ws_row > 0 ? size.ws_row : USUAL_ROWS;
    screen->row = 0;
    screen->column = 0;
    screen->at_bottom = false;
    screen->color = AR_CTL_PLAIN;
    screen->out = open_memstream(&screen->text, &screen->text_b);
    if (!screen->out)
        return -errno;
    fputs("\033[H\033[0m", screen->out);
    return 0;
}

/* Bytes of the character of UTF-8 that begins here, if it is one that can be printed; otherwise 0. */
static size_t printable(const char *text)
{
    const unsigned char first = (unsigned char)text[0];
    size_t length = 1;

    if (first < 0x80)
        return first >= ' ' && first != 0x7f;
    if (first >= 0xc2 && first < 0xe0)
        length = 2;
    else if (first >= 0xe0 && first < 0xf0)
        length = 3;
    else if (first >= 0xf0 && first < 0xf5)
        length = 4;
    else
        return 0;
    for (size_t i = 1; i < length; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
    /* U+0080 to U+009f control the terminal as well. */
    return first == 0xc2 && (unsigned char)text[1] < 0xa0 ? 0 : length;
}

static void print_text(struct ar_ctl_screen *screen, const char *text)
{
    while (*text && screen->column < screen->columns) {
        const size_t length = printable(text);

        if (length == 1 || (length > 1 && screen->has_utf8))
            fwrite(text, 1, length, screen->out);
        else
            putc('?', screen->out);
        text += length > 0 ? length : 1;
        screen->column++;
    }
}

/* Sent when it changes only: a screen goes over a slow line several times a second. */
static void set_color(struct ar_ctl_screen *screen, enum ar_ctl_color color)
{
    if (!screen->has_color && color != AR_CTL_BAR)
        color = AR_CTL_PLAIN;
    if (color != screen->color)
        fprintf(screen->out, "\033[%sm", colors[color]);
    screen->color = color;
}

/* No line is left but the last one, which is not for this. A single line is for the first. */
static bool is_full(const struct ar_ctl_screen *screen)
{
    if (screen->rows < 2)
        return screen->at_bottom;
    return !screen->at_bottom && screen->row + 1 >= screen->rows;
}

void ar_ctl_screen_print(struct ar_ctl_screen *screen, enum ar_ctl_color color,
                         const char *format, ...)
{
    char text[512];
    va_list args;

    if (is_full(screen))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    set_color(screen, color);
    print_text(screen, text);
    while (color == AR_CTL_BAR && screen->column < screen->columns) {
        putc(' ', screen->out);
        screen->column++;
    }
}

/* Not behind a last column's character: a terminal that wraps late would erase it. */
static void erase_rest(struct ar_ctl_screen *screen)
{
    set_color(screen, AR_CTL_PLAIN);
    if (!is_full(screen) && screen->column < screen->columns)
        fputs("\033[K", screen->out);
}

void ar_ctl_screen_end_line(struct ar_ctl_screen *screen)
{
    erase_rest(screen);
    if (screen->row + 1 >= screen->rows)
        return;
    screen->row++;
    screen->column = 0;
    fputs("\r\n", screen->out);
}

void ar_ctl_screen_to_bottom(struct ar_ctl_screen *screen)
{
    while (screen->row + 1 < screen->rows)
        ar_ctl_screen_end_line(screen);
    screen->at_bottom = true;
}

void ar_ctl_screen_show(struct ar_ctl_screen *screen)
{
    erase_rest(screen);
    if (fclose(screen->out) == 0)
        put(screen->text, screen->text_b);
    free(screen->text);
    screen->text = NULL;
}
