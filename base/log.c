/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>

#include "base/macros.h"
#include "base/priv.h"

#define LINE_MAX_B 1024

/* To the first column, then erase to the end of the line (ECMA-48 EL). */
#define ERASE   "\r\033[K"
#define ERASE_B (sizeof(ERASE) - 1)

static const struct {
    const char *journal; /* sd-daemon(3) priority */
    const char *mark;
} levels[] = {
    [AR_LOG_ERROR] = { "<3>", "error: " },
    [AR_LOG_WARN] = { "<4>", "warning: " },
    [AR_LOG_INFO] = { "<6>", "" },
    [AR_LOG_DEBUG] = { "<7>", "debug: " },
};

/* Every line starts with ERASE, which is left out unless a progress line is to be cleared. */
struct line {
    char text[LINE_MAX_B];
    size_t used_b;
};

/* The one place where the process's stderr is known. */
static struct {
    atomic_int level;
    pthread_once_t once;
    pthread_mutex_t lock;
    bool journal;
    bool terminal;
    bool progress_shown; /* under lock */
} sink = {
    .level = AR_LOG_INFO,
    .once = PTHREAD_ONCE_INIT,
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

static void look_at_stderr(void)
{
    sink.terminal = isatty(STDERR_FILENO);
    sink.journal =
        !sink.terminal && (secure_getenv("JOURNAL_STREAM") || secure_getenv("INVOCATION_ID"));
}

static void write_all(const char *text, size_t text_b)
{
    ssize_t written_b;

    /* A log line that cannot be written has nowhere to be reported. */
    do {
        written_b = write(STDERR_FILENO, text, text_b);
    } while (written_b < 0 && errno == EINTR);
}

__attribute__((format(printf, 2, 0))) static void line_vadd(struct line *line,
                                                            const char *format, va_list args)
{
    /* One byte stays free for the newline that takes the place of the terminator. */
    const size_t left_b = sizeof(line->text) - line->used_b;
    const int wanted_b = vsnprintf(line->text + line->used_b, left_b, format, args);

    if (wanted_b > 0)
        line->used_b += (size_t)wanted_b < left_b ? (size_t)wanted_b : left_b - 1;
}

__attribute__((format(printf, 2, 3))) static void line_add(struct line *line,
                                                           const char *format, ...)
{
    va_list args;

    va_start(args, format);
    line_vadd(line, format, args);
    va_end(args);
}

/* Messages quote file names and settings: one event must stay one line, and no terminal's control. */
static void line_clean(struct line *line, size_t from_b)
{
    for (size_t i = from_b; i < line->used_b; i++) {
        const unsigned char byte = (unsigned char)line->text[i];

        if (byte < 0x20 || byte == 0x7f)
            line->text[i] = '?';
    }
}

static void line_write(const struct line *line)
{
    pthread_mutex_lock(&sink.lock);

    const size_t skip_b = sink.progress_shown ? 0 : ERASE_B;

    sink.progress_shown = false;
    write_all(line->text + skip_b, line->used_b - skip_b);
    pthread_mutex_unlock(&sink.lock);
}

__attribute__((format(printf, 4, 0))) static void say(enum ar_log_level level, const char *tag,
                                                      int ret, const char *format, va_list args)
{
    const int saved_errno = errno;
    struct line line = { .text = ERASE, .used_b = ERASE_B };

    pthread_once(&sink.once, look_at_stderr);
    if (sink.journal)
        line_add(&line, "%s%s: ", levels[level].journal, tag);
    else
        line_add(&line, "%s: %s%s: ", program_invocation_short_name, levels[level].mark, tag);

    const size_t message_b = line.used_b;

    errno = saved_errno; /* for a caller's %m */
    line_vadd(&line, format, args);
    if (ret)
        line_add(&line, ": %s", ar_error_text(ret));
    line_clean(&line, message_b);
    line.text[line.used_b++] = '\n';
    line_write(&line);
    errno = saved_errno;
}

void ar_log_set_level(enum ar_log_level level)
{
    atomic_store_explicit(&sink.level, (int)level, memory_order_relaxed);
}

static bool is_heard(enum ar_log_level level)
{
    return (int)level <= atomic_load_explicit(&sink.level, memory_order_relaxed);
}

void ar_log(enum ar_log_level level, const char *tag, const char *format, ...)
{
    if (!is_heard(level))
        return;

    va_list args;

    va_start(args, format);
    say(level, tag, 0, format, args);
    va_end(args);
}

void ar_log_err(const char *tag, int ret, const char *format, ...)
{
    if (!is_heard(AR_LOG_ERROR))
        return;

    va_list args;

    va_start(args, format);
    say(AR_LOG_ERROR, tag, ret, format, args);
    va_end(args);
}

/* Bytes of text that fit the terminal without wrapping, whole UTF-8 characters only. */
static size_t fitting_b(const char *text)
{
    struct winsize window = { 0 };
    size_t columns = 80;
    size_t size_b = 0;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1)
        columns = window.ws_col;
    for (; size_b < LINE_MAX_B - 2 * ERASE_B && text[size_b]; size_b++) {
        const bool continues = ((unsigned char)text[size_b] & 0xc0) == 0x80;

        /* The last column stays empty: some terminals wrap as soon as it is written. */
        if (!continues && --columns == 0)
            break;
    }
    return size_b;
}

void ar_log_progress(const char *text)
{
    const int saved_errno = errno;

    pthread_once(&sink.once, look_at_stderr);
    pthread_mutex_lock(&sink.lock);
    if (sink.terminal && (text || sink.progress_shown)) {
        struct line line = { .text = ERASE, .used_b = ERASE_B };

        if (text)
            line_add(&line, "%.*s", (int)fitting_b(text), text);
        line_clean(&line, ERASE_B);
        write_all(line.text, line.used_b);
        sink.progress_shown = text != NULL;
    }
    pthread_mutex_unlock(&sink.lock);
    errno = saved_errno;
}
