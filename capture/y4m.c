/* SPDX-License-Identifier: MIT */
#include "capture/y4m.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/macros.h"
#include "capture/reader.h"

/* Reads Y4M, the one clip format that needs no library. */

#define HEADER_MAX_B         1024
#define FRAME_HEADER_MAX_B   256
#define DEFAULT_RATE_MILLIHZ 25000
#define MAX_RATE_MILLIHZ     1000000
#define FRAME_TAG            "FRAME"
#define NEUTRAL_CHROMA       128

struct y4m {
    struct ar_reader base;
    struct ar_y4m_header header;
    int fd;
    uint64_t file_b;
    uint64_t first_b;  /* where the first frame's header starts */
    uint64_t offset_b; /* where the current picture's bytes start */
    uint64_t next_b;   /* where the next frame's header starts */
    uint64_t n_read;   /* pictures passed, the current one included */
    size_t picture_b;
    uint8_t *picture; /* one picture as it lies in the file */
};

static_assert(offsetof(struct y4m, base) == 0, "from_base() casts");

static struct y4m *from_base(struct ar_reader *base)
{
    return (struct y4m *)base;
}

/* Reads decimal digits up to `end`. False when there are none, others, or the value is above max. */
static bool parse_number(const char *text, const char *end, uint32_t max, uint32_t *value)
{
    uint64_t sum = 0;

    if (text == end)
        return false;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9')
            return false;
        sum = sum * 10 + (uint64_t)(*text - '0');
        if (sum > max)
            return false;
    }
    *value = (uint32_t)sum;
    return true;
}

static bool parse_size(const char *text, const char *end, uint32_t *value)
{
    return parse_number(text, end, AR_Y4M_MAX_PX, value) && *value > 0;
}

/* "30000:1001"; "0:0" is how a writer says that it does not know. */
static bool parse_rate(const char *text, const char *end, uint32_t *rate_millihz)
{
    const char *colon = memchr(text, ':', (size_t)(end - text));
    uint32_t numerator;
    uint32_t denominator;
    uint64_t rate;

    if (!colon || !parse_number(text, colon, UINT32_MAX, &numerator) ||
        !parse_number(colon + 1, end, UINT32_MAX, &denominator))
        return false;
    *rate_millihz = 0;
    if (numerator == 0 && denominator == 0)
        return true;
    if (numerator == 0 || denominator == 0)
        return false;
    rate = ((uint64_t)numerator * 1000 + denominator / 2) / denominator;
    *rate_millihz = (uint32_t)rate;
    return rate > 0 && rate <= MAX_RATE_MILLIHZ;
}

static bool same_word(const char *text, const char *end, const char *word)
{
    return (size_t)(end - text) == strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

static bool parse_colour(const char *text, const char *end, bool *mono)
{
    static const char *const words[] = { "420", "420jpeg", "420mpeg2", "420paldv" };

    *mono = same_word(text, end, "mono");
    if (*mono)
        return true;
    for (size_t i = 0; i < AR_ARRAY_LEN(words); i++)
        if (same_word(text, end, words[i]))
            return true;
    return false;
}

/* One parameter, its letter at text[0]. Unknown letters are allowed by the format. */
static int parse_parameter(struct ar_y4m_header *header, const char *text, const char *end)
{
    switch (text[0]) {
    case 'W':
        return parse_size(text + 1, end, &header->width_px) ? 0 : -EINVAL;
    case 'H':
        return parse_size(text + 1, end, &header->height_px) ? 0 : -EINVAL;
    case 'F':
        return parse_rate(text + 1, end, &header->rate_millihz) ? 0 : -EINVAL;
    case 'C':
        return parse_colour(text + 1, end, &header->mono) ? 0 : -ENOTSUP;
    case 'X':
        if (same_word(text + 1, end, "COLORRANGE=FULL"))
            header->full_range = true;
        return 0;
    default:
        return 0;
    }
}

int ar_y4m_parse_header(struct ar_y4m_header *header, const char *line, const char *what,
                        struct ar_reason *reason)
{
    const char *text = line + strlen(AR_Y4M_MAGIC);

    *header = (struct ar_y4m_header){ .width_px = 0 };
    if (strncmp(line, AR_Y4M_MAGIC, strlen(AR_Y4M_MAGIC)) != 0)
        return ar_reason_set(reason, -EINVAL, "%s: not a Y4M file", what);
    while (*text != '\0') {
        const char *end = strchrnul(text, ' ');
        const int ret = end > text ? parse_parameter(header, text, end) : 0;

        if (ret == -ENOTSUP)
            return ar_reason_set(
                reason, ret,
                "%s: Y4M colour format \"%.*s\"; without libav only 8 bit 4:2:0 "
                "and mono can be read",
                what, (int)(end - text), text);
        if (ret < 0)
            return ar_reason_set(reason, ret, "%s: broken Y4M header at \"%.*s\"", what,
                                 (int)(end - text), text);
        text = *end == ' ' ? end + 1 : end;
    }
    if (header->width_px == 0 || header->height_px == 0)
        return ar_reason_set(reason, -EINVAL, "%s: broken Y4M header: no %s", what,
                             header->width_px == 0 ? "width" : "height");
    return 0;
}

/* Like pread(), but only stops short at the end of the file. */
static ssize_t read_at(int fd, void *data, size_t size_b, uint64_t offset_b)
{
    size_t done_b = 0;

    while (done_b < size_b) {
        const ssize_t n =
            pread(fd, (char *)data + done_b, size_b - done_b, (off_t)(offset_b + done_b));

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            break;
        if (n > 0)
            done_b += (size_t)n;
    }
    return (ssize_t)done_b;
}

/* Reads the line at offset_b into text, without its newline. Its length with the newline, 0: no line there. */
static ssize_t read_line(int fd, char *text, size_t text_b, uint64_t offset_b)
{
    const ssize_t n = read_at(fd, text, text_b, offset_b);
    char *newline;

    if (n <= 0)
        return n;
    newline = memchr(text, '\n', (size_t)n);
    if (!newline)
        return 0;
    *newline = '\0';
    return newline - text + 1;
}

static int read_header(struct y4m *y4m, struct ar_reason *reason)
{
    const char *path = y4m->base.path;
    char line[HEADER_MAX_B];
    const ssize_t line_b = read_line(y4m->fd, line, sizeof(line), 0);

    if (line_b < 0)
        return ar_reason_set_err(reason, (int)line_b, "%s: cannot read", path);
    if (line_b == 0)
        return ar_reason_set(reason, -EINVAL, "%s: broken Y4M header: no end of line", path);
    y4m->first_b = (uint64_t)line_b;
    return ar_y4m_parse_header(&y4m->header, line, path, reason);
}

/* Sets the reader's shape and what follows from the header. */
static int set_shape(struct y4m *y4m, struct ar_reason *reason)
{
    const struct ar_y4m_header *header = &y4m->header;
    const size_t luma_b = (size_t)header->width_px * header->height_px;
    const size_t chroma_b =
        (size_t)((header->width_px + 1) / 2) * ((header->height_px + 1) / 2);
    struct ar_reader *base = &y4m->base;

    base->shape = (struct ar_frame_shape){
        .width_px = header->width_px & ~1u, /* an odd last column or row is cut off */
        .height_px = header->height_px & ~1u,
        .format = AR_FRAME_I420,
        .range = header->full_range ? AR_FRAME_FULL : AR_FRAME_LIMITED,
    };
    if (base->shape.width_px > AR_READER_MAX_W_PX || base->shape.height_px > AR_READER_MAX_H_PX)
        return ar_reason_set(reason, -ENOTSUP,
                             "%s: %ux%u; without libav Y4M up to %ux%u can be read", base->path,
                             header->width_px, header->height_px, AR_READER_MAX_W_PX,
                             AR_READER_MAX_H_PX);
    base->rate_millihz = header->rate_millihz ? header->rate_millihz : DEFAULT_RATE_MILLIHZ;
    base->duration_us = 1000000000u / base->rate_millihz;
    y4m->picture_b = header->mono ? luma_b : luma_b + 2 * chroma_b;
    snprintf(base->kind, sizeof(base->kind), "Y4M");
    return ar_frame_shape_check(&base->shape, base->path, reason);
}

static void close_y4m(struct ar_reader *base)
{
    struct y4m *y4m = from_base(base);

    if (y4m->fd >= 0)
        close(y4m->fd);
    free(y4m->picture);
    free(y4m);
}

static int open_file(struct y4m *y4m, struct ar_reason *reason)
{
    struct stat status;

    y4m->fd = open(y4m->base.path, O_RDONLY | O_CLOEXEC);
    if (y4m->fd < 0 || fstat(y4m->fd, &status) < 0)
        return ar_reason_set_err(reason, -errno, "%s: cannot open", y4m->base.path);
    y4m->file_b = (uint64_t)status.st_size;
    return 0;
}

static int open_y4m(struct ar_reader **out, const char *path, const struct ar_option_size *box,
                    struct ar_reason *reason)
{
    struct y4m *y4m = calloc(1, sizeof(*y4m));
    int ret;

    if (!y4m)
        return ar_reason_set_err(reason, -ENOMEM, "%s", path);
    y4m->fd = -1;
    y4m->base.ops = &ar_y4m_reader;
    snprintf(y4m->base.path, sizeof(y4m->base.path), "%s", path);
    ret = open_file(y4m, reason);
    if (ret == 0)
        ret = read_header(y4m, reason);
    if (ret == 0)
        ret = set_shape(y4m, reason);
    if (ret < 0)
        goto err;
    y4m->next_b = y4m->first_b;
    y4m->picture = malloc(y4m->picture_b);
    if (!y4m->picture) {
        ret = ar_reason_set_err(reason, -ENOMEM, "%s", path);
        goto err;
    }
    *out = &y4m->base;
    return 0;
err:
    close_y4m(&y4m->base);
    return ret;
}

static int cut_short(const struct y4m *y4m, uint64_t have_b, struct ar_reason *reason)
{
    return ar_reason_set(reason, -EIO, "%s: cut short in frame %llu: %llu of %zu bytes",
                         y4m->base.path, (unsigned long long)y4m->n_read,
                         (unsigned long long)have_b, y4m->picture_b);
}

static int advance(struct ar_reader *base, struct ar_reason *reason)
{
    struct y4m *y4m = from_base(base);
    char line[FRAME_HEADER_MAX_B];
    ssize_t line_b;

    if (y4m->next_b >= y4m->file_b)
        return -ENODATA;
    line_b = read_line(y4m->fd, line, sizeof(line), y4m->next_b);
    if (line_b < 0)
        return ar_reason_set_err(reason, -EIO, "%s: cannot read", base->path);
    if (line_b == 0 && y4m->file_b - y4m->next_b <= strlen(FRAME_TAG))
        return cut_short(y4m, 0, reason);
    if (line_b == 0 || strncmp(line, FRAME_TAG, strlen(FRAME_TAG)) != 0)
        return ar_reason_set(reason, -EIO,
                             "%s: damaged: no frame header at byte %llu, frame %llu",
                             base->path, (unsigned long long)y4m->next_b,
                             (unsigned long long)y4m->n_read);
    y4m->offset_b = y4m->next_b + (uint64_t)line_b;
    if (y4m->file_b - y4m->offset_b < y4m->picture_b)
        return cut_short(y4m, y4m->file_b - y4m->offset_b, reason);
    y4m->next_b = y4m->offset_b + y4m->picture_b;
    base->time_us = y4m->n_read * 1000000000u / base->rate_millihz;
    y4m->n_read++;
    return 0;
}

static void copy_rows(const struct ar_frame *frame, uint32_t plane, const uint8_t *src,
                      size_t src_stride_b)
{
    const struct ar_frame_plane *dst = &frame->planes[plane];
    const uint32_t width_b = ar_frame_plane_width_b(&frame->shape, plane);

    for (uint32_t y = 0; y < ar_frame_plane_rows(&frame->shape, plane); y++)
        memcpy(dst->data + (size_t)y * dst->stride_b, src + y * src_stride_b, width_b);
}

static void fill_rows(const struct ar_frame *frame, uint32_t plane, uint8_t value)
{
    const struct ar_frame_plane *dst = &frame->planes[plane];

    memset(dst->data, value, (size_t)dst->stride_b * ar_frame_plane_rows(&frame->shape, plane));
}

static int read_picture(struct ar_reader *base, struct ar_frame *frame,
                        struct ar_reason *reason)
{
    struct y4m *y4m = from_base(base);
    const struct ar_y4m_header *header = &y4m->header;
    const size_t chroma_stride_b = (header->width_px + 1) / 2;
    const uint8_t *chroma = y4m->picture + (size_t)header->width_px * header->height_px;
    const ssize_t n = read_at(y4m->fd, y4m->picture, y4m->picture_b, y4m->offset_b);

    if (n < 0)
        return ar_reason_set_err(reason, -EIO, "%s: cannot read", base->path);
    if ((size_t)n < y4m->picture_b) /* the file shrank while we read */
        return cut_short(y4m, (uint64_t)n, reason);
    copy_rows(frame, 0, y4m->picture, header->width_px);
    for (uint32_t plane = 1; plane < 3; plane++) {
        if (header->mono) {
            fill_rows(frame, plane, NEUTRAL_CHROMA);
            continue;
        }
        copy_rows(frame, plane, chroma, chroma_stride_b);
        chroma += chroma_stride_b * ((header->height_px + 1) / 2);
    }
    return 0;
}

static int rewind_y4m(struct ar_reader *base, struct ar_reason *reason)
{
    struct y4m *y4m = from_base(base);

    y4m->next_b = y4m->first_b;
    y4m->n_read = 0;
    return 0;
}

const struct ar_reader_ops ar_y4m_reader = {
    .open = open_y4m,
    .close = close_y4m,
    .advance = advance,
    .read = read_picture,
    .rewind = rewind_y4m,
};
