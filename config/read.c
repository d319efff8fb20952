/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/priv.h"
#include "config/suggest.h"

/*
 * inih splits "key = value", but tells its handler no line number, and its caller only the first line that it
 * could not split. So next_line() feeds it: counts, trims, refuses what inih would garble, and reads the
 * section headers itself.
 */

enum { FILE_MAX_B = 64 * 1024 };

struct reader {
    const struct ar_config_section *sections;
    const char *path;
    ar_config_problem_fn *problem;
    void *user;
    const char *next; /* what is left of the file */
    const char *end;
    const struct ar_config_section *section; /* of the lines now read, or NULL */
    bool lost;             /* in a section that is not known, as was told at its header */
    bool split_due;        /* inih was given a line and has not called on_key() for it */
    uint32_t line;         /* the one that inih has */
    uint32_t *first_lines; /* on which each option was set, or 0, in the order of the tables */
    uint32_t n_problems;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_comment(char c)
{
    return c == '#' || c == ';';
}

__attribute__((format(printf, 2, 3))) static void tell(struct reader *reader,
                                                       const char *format, ...)
{
    struct ar_reason problem;
    va_list args;

    va_start(args, format);
    vsnprintf(problem.text, sizeof(problem.text), format, args);
    va_end(args);
    reader->n_problems++;
    reader->problem(reader->user, reader->path, reader->line, problem.text);
}

static void tell_unknown_section(struct reader *reader, const char *name)
{
    const char *near_name = NULL;
    uint32_t least = AR_CONFIG_NOT_NEAR;

    for (const struct ar_config_section *known = reader->sections; known->name; known++) {
        const uint32_t slips = ar_config_slips(name, known->name);

        if (slips < least) {
            least = slips;
            near_name = known->name;
        }
    }
    if (near_name)
        tell(reader, "[%s]: no such section, did you mean [%s]?", name, near_name);
    else
        tell(reader, "[%s]: no such section", name);
}

/* line: a trimmed "[...", which is taken apart. */
static void enter_section(struct reader *reader, char *line)
{
    const char *const name = line + 1;
    char *const close = strchr(line, ']');

    reader->section = NULL;
    reader->lost = true;
    if (!close) {
        tell(reader, "%s: the closing \"]\" is missing", line);
        return;
    }
    *close = '\0';

    const char *const rest = close + 1 + strspn(close + 1, " \t");
    if (*rest != '\0' && !is_comment(*rest))
        tell(reader, "[%s]: \"%s\" must go on a line of its own", name, rest);
    reader->section = ar_config_find_section(reader->sections, name);
    reader->lost = !reader->section;
    if (reader->lost)
        tell_unknown_section(reader, name);
}

/* False, and told, when inih could not take the line: its buffer has room for room_b bytes. */
static bool is_fit(struct reader *reader, const char *text, size_t text_b, size_t room_b)
{
    if (text_b >= room_b) {
        tell(reader, "\"%.20s...\": %zu bytes, a line may have %zu", text, text_b, room_b - 1);
        return false;
    }
    for (size_t i = 0; i < text_b; i++) {
        const unsigned char c = (unsigned char)text[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            tell(reader, "control character 0x%02x, is this a text file?", c);
            return false;
        }
    }
    return true;
}

/* Cuts the next line off, without the blanks around it: to inih an indented line continues a value. */
static const char *take_line(struct reader *reader, size_t *text_b)
{
    const char *text = reader->next;
    const char *const newline = memchr(text, '\n', (size_t)(reader->end - text));
    const char *stop = newline ? newline : reader->end;

    reader->next = newline ? newline + 1 : reader->end;
    reader->line++;
    while (text < stop && is_blank(*text))
        text++;
    while (text < stop && is_blank(stop[-1]))
        stop--;
    *text_b = (size_t)(stop - text);
    return text;
}

/* An ini_reader. Headers and unfit lines are blank to inih, so that it counts as we do. */
static char *next_line(char *line, int line_b, void *user)
{
    struct reader *const reader = user;

    if (reader->split_due)
        tell(reader, "neither \"key = value\" nor \"[section]\"");
    reader->split_due = false;
    if (reader->next == reader->end)
        return NULL;

    size_t text_b;
    const char *const text = take_line(reader, &text_b);

    line[0] = '\0';
    if (text_b == 0 || is_comment(*text) || !is_fit(reader, text, text_b, (size_t)line_b - 1))
        return line;
    memcpy(line, text, text_b);
    line[text_b] = '\0';
    if (*line == '[') {
        enter_section(reader, line);
        line[0] = '\0';
    } else {
        reader->split_due = true;
    }
    return line;
}

static uint32_t n_options(const struct ar_option *table)
{
    uint32_t n = 0;

    while (table[n].key)
        n++;
    return n;
}

/* Where a section's options begin when all tables stand in a row; of NULL: how many there are. */
static uint32_t first_index(const struct ar_config_section *sections,
                            const struct ar_config_section *section)
{
    uint32_t n = 0;

    for (; sections != section && sections->name; sections++)
        n += n_options(sections->options);
    return n;
}

static int set_once(struct reader *reader, const struct ar_option *option, const char *value,
                    struct ar_reason *reason)
{
    const struct ar_config_section *const section = reader->section;
    uint32_t *const first_line = &reader->first_lines[first_index(reader->sections, section) +
                                                      (option - section->options)];
    struct ar_reason why;

    if (*first_line)
        return ar_reason_set(reason, -EINVAL, "%s.%s: already set on line %u", section->name,
                             option->key, *first_line);
    *first_line = reader->line;

    const int ret = ar_option_parse(option, section->params, value, &why);
    if (ret < 0)
        return ar_reason_set(reason, ret, "%s.%s: %s", section->name, option->key, why.text);
    return 0;
}

/* In an open section: files are read into empty ones, so what is there is of this file. */
static int add_entry(struct reader *reader, const char *key, const char *value,
                     struct ar_reason *reason)
{
    const struct ar_config_section *const section = reader->section;
    struct ar_reason why;
    int ret;

    if (ar_entries_find(section->entries, key))
        return ar_reason_set(reason, -EINVAL, "%s.%s: already set", section->name, key);
    ret = ar_entries_set(section->entries, key, value, &why);
    if (ret < 0)
        return ar_reason_set(reason, ret, "%s.%s: %s", section->name, key, why.text);
    return 0;
}

/* An ini_handler. What went wrong was told: inih itself shall see no error. */
static int on_key(void *user, const char *section_name, const char *key, const char *value)
{
    struct reader *const reader = user;
    struct ar_reason reason;
    int ret;

    reader->split_due = false;
    if (reader->lost)
        return 1;

    const struct ar_option *const option =
        reader->section ? ar_option_find(reader->section->options, key) : NULL;
    if (!reader->section)
        ret = ar_reason_set(&reason, -EINVAL, "%s: stands before the first [section]", key);
    else if (reader->section->entries)
        ret = add_entry(reader, key, value, &reason);
    else if (!option)
        ret = ar_config_unknown_key(reader->sections, reader->section->name, key, &reason);
    else
        ret = set_once(reader, option, value, &reason);
    if (ret < 0)
        tell(reader, "%s", reason.text);
    return 1;
}

/* The length of what is now in text, or the file's error. */
static ssize_t load(const char *path, char text[FILE_MAX_B + 1])
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t used_b = 0;
    ssize_t ret = fd >= 0 ? 1 : -errno;

    while (ret > 0 && used_b <= FILE_MAX_B) {
        ret = read(fd, text + used_b, (size_t)(FILE_MAX_B + 1 - used_b));
        if (ret > 0)
            used_b += ret;
        else if (ret < 0)
            ret = -errno;
    }
    if (fd >= 0)
        close(fd);
    if (ret < 0)
        return ret;
    return used_b <= FILE_MAX_B ? used_b : -EFBIG;
}

static int parse(struct reader *reader, const char *text, size_t text_b)
{
    static const char utf8_mark[] = "\xef\xbb\xbf";
    const size_t mark_b = sizeof(utf8_mark) - 1;
    const bool marked = text_b >= mark_b && memcmp(text, utf8_mark, mark_b) == 0;

    reader->next = marked ? text + mark_b : text;
    reader->end = text + text_b;

    const int ret = ini_parse_stream(next_line, reader, on_key, reader);
    if (ret < 0)
        return -ENOMEM;
    return ret > 0 || reader->n_problems > 0 ? -EINVAL : 0;
}

int ar_config_read(const struct ar_config_section *sections, const char *path,
                   ar_config_problem_fn *problem, void *user)
{
    struct reader reader = {
        .sections = sections,
        .first_lines = calloc(first_index(sections, NULL) + 1, sizeof(*reader.first_lines)),
        .path = path,
        .problem = problem,
        .user = user,
    };
    char *const text = malloc(FILE_MAX_B + 1);
    const ssize_t text_b = text && reader.first_lines ? load(path, text) : -ENOMEM;
    const int ret = text_b < 0 ? (int)text_b : parse(&reader, text, (size_t)text_b);

    free(text);
    free(reader.first_lines);
    return ret;
}
