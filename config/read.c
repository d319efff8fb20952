/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/utf8.h"
#include "config/config.h"
#include "config/priv.h"
#include "config/suggest.h"

/*
 * inih splits "key = value", but tells its handler no line number, and its caller only the first line that it
 * could not split. So next_line() feeds it: counts, trims, refuses what inih would garble, and reads the
 * section headers itself.
 */

enum {
    FILE_MAX_B = 64 * 1024,
    LINE_MAX_B = INI_MAX_LINE - 2,
    BEGINNING_B = 20, /* of a line that is too long to be quoted */
};

struct reader {
    const struct ar_config_section *sections;
    const char *path;
    ar_config_problem_fn *problem;
    void *user;
    const char *next; /* what is left of the file */
    const char *end;
    const struct ar_config_section *section; /* of the lines now read, or NULL */
    bool lost;      /* in a section that is not known, as was told at its header */
    bool split_due; /* inih was given a line and has not called on_key() for it */
    uint16_t file;  /* our number for it */
    uint32_t line;  /* the one that inih has */
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

    for (const struct ar_config_section *known = reader->sections; known->name; known++)
        if (ar_config_is_nearer(name, known->name, &least))
            near_name = known->name;
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
        char start[BEGINNING_B + 1];
        char quoted[BEGINNING_B + 1];

        snprintf(start, sizeof(start), "%.*s", BEGINNING_B, text);
        ar_utf8_quote(quoted, sizeof(quoted), start);
        tell(reader, "\"%s...\": %zu bytes, a line may have %zu", quoted, text_b, room_b - 1);
        return false;
    }
    for (size_t i = 0; i < text_b; i++) {
        const unsigned char c = (unsigned char)text[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            tell(reader, "control character 0x%02x, is this a text file?", c);
            return false;
        }
    }
    if (ar_utf8_is_valid(text, text_b))
        return true;
    tell(reader, "bytes that are not UTF-8; save the file as UTF-8");
    return false;
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

/* Once a file: what an earlier file has set may be set again. */
static int set_once(const struct reader *reader, const char *name, const char *value,
                    struct ar_reason *reason)
{
    const struct ar_config_section *const section = reader->section;
    const struct ar_config_origin origin = { AR_CONFIG_FILE, reader->file, reader->line };
    struct ar_config_key key;

    if (ar_config_find_in(section, name, &key) && key.origin->layer == AR_CONFIG_FILE &&
        key.origin->file == reader->file)
        return ar_reason_set(reason, -EINVAL, "%s.%s: already set on line %u", section->name,
                             name, key.origin->line);
    return ar_config_put(section, name, value, origin, reason);
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

    if (!reader->section)
        ret = ar_reason_set(&reason, -EINVAL, "%s: stands before the first [section]", key);
    else if (reader->section->entries || ar_option_find(reader->section->options, key))
        ret = set_once(reader, key, value, &reason);
    else
        ret = ar_config_unknown_key(reader->sections, reader->section->name, key, &reason);
    if (ret < 0)
        tell(reader, "%s", reason.text);
    return 1;
}

/* -EISDIR, or -ESPIPE for what could keep us waiting. */
static int check_kind(int fd)
{
    struct stat found;

    if (fstat(fd, &found) < 0)
        return -errno;
    if (S_ISDIR(found.st_mode))
        return -EISDIR;
    return S_ISREG(found.st_mode) || S_ISCHR(found.st_mode) ? 0 : -ESPIPE;
}

/* The length of what is now in text, or the file's error. */
static ssize_t load(const char *path, char text[FILE_MAX_B + 1])
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t used_b = 0;
    ssize_t ret = fd >= 0 ? check_kind(fd) : -errno;

    for (ret = ret < 0 ? ret : 1; ret > 0 && used_b <= FILE_MAX_B;) {
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

/* What some editors of other systems write. */
static bool is_utf16(const char *text, size_t text_b)
{
    return text_b >= 2 &&
           (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
}

static int parse(struct reader *reader, const char *text, size_t text_b)
{
    static const char utf8_mark[] = "\xef\xbb\xbf";
    const size_t mark_b = sizeof(utf8_mark) - 1;
    if (is_utf16(text, text_b)) {
        reader->line = 1;
        tell(reader, "this is UTF-16; save the file as UTF-8");
        return -EINVAL;
    }

    const bool marked = text_b >= mark_b && memcmp(text, utf8_mark, mark_b) == 0;

    reader->next = marked ? text + mark_b : text;
    reader->end = text + text_b;

    const int ret = ini_parse_stream(next_line, reader, on_key, reader);
    if (ret < 0)
        return -ENOMEM;
    return ret > 0 || reader->n_problems > 0 ? -EINVAL : 0;
}

int ar_config_read(const struct ar_config_section *sections, const char *path, uint32_t file,
                   ar_config_problem_fn *problem, void *user)
{
    struct reader reader = {
        .sections = sections,
        .file = (uint16_t)file,
        .path = path,
        .problem = problem,
        .user = user,
    };
    char *const text = malloc(FILE_MAX_B + 1);
    const ssize_t text_b = text ? load(path, text) : -ENOMEM;
    const int ret = text_b < 0 ? (int)text_b : parse(&reader, text, (size_t)text_b);

    free(text);
    return ret;
}

/* inih takes blanks off a value's ends, and what follows a blank and a semicolon for a comment. */
static bool is_kept(const char *value)
{
    const size_t value_b = strlen(value);

    return value_b == 0 || (!is_blank(value[0]) && !is_blank(value[value_b - 1]) &&
                            value[0] != ';' && !strstr(value, " ;"));
}

int ar_config_format_line(const struct ar_config_key *key, char line[AR_CONFIG_LINE_MAX_B],
                          struct ar_reason *reason)
{
    char value[AR_OPTION_TEXT_MAX];
    int line_b;

    ar_option_format(key->option, key->params, value, sizeof(value));
    line_b = snprintf(line, AR_CONFIG_LINE_MAX_B, "%s = %s", key->name, value);
    if (line_b > LINE_MAX_B)
        return ar_reason_set(reason, -EINVAL,
                             "%s.%s: a line of %d bytes, a file may have %d; shorten the value",
                             key->section->name, key->name, line_b, LINE_MAX_B);
    if (!is_kept(value))
        return ar_reason_set(reason, -EINVAL,
                             "%s.%s: \"%s\" cannot stand in a file: blanks at an end, or a "
                             "semicolon after a blank, would be lost",
                             key->section->name, key->name, value);
    return 0;
}
