/* SPDX-License-Identifier: MIT */
#include "tests/bench/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/macros.h"
#include "base/workers.h"
#include "tests/bench/world.h"

#define MAX_FRAMES 100000

static const char *const format_names[AR_FRAME_N_FORMATS] = {
    [AR_FRAME_I420] = "I420",
    [AR_FRAME_NV12] = "NV12",
    [AR_FRAME_YUYV] = "YUYV",
    [AR_FRAME_XRGB] = "XRGB",
};

const char *bench_format_name(enum ar_frame_format format)
{
    return format_names[format];
}

/* Whole decimal numbers up to `most`; gives what follows, or NULL. */
static const char *read_count(const char *text, uint32_t most, uint32_t *count)
{
    double value;
    const char *const rest = ar_decimal_parse(text, &value);

    if (!rest || value < 1 || value > most || value != (double)(uint32_t)value)
        return NULL;
    *count = (uint32_t)value;
    return rest;
}

static bool parse_style(struct bench_options *options, const char *text)
{
    options->style = text;
    return true;
}

static bool parse_clip(struct bench_options *options, const char *text)
{
    options->clip = text;
    return true;
}

static bool parse_tier(struct bench_options *options, const char *text)
{
    options->tier = text;
    return true;
}

static bool parse_trace(struct bench_options *options, const char *text)
{
    options->trace = text;
    return true;
}

static bool parse_width(struct bench_options *options, const char *text)
{
    const char *const rest = ar_decimal_parse(text, &options->widths[options->n_widths++]);

    return rest && *rest == '\0';
}

static bool parse_threads(struct bench_options *options, const char *text)
{
    const char *const rest =
        read_count(text, AR_WORKERS_MAX, &options->threads[options->n_threads++]);

    return rest && *rest == '\0';
}

static bool parse_size(struct bench_options *options, const char *text)
{
    struct bench_size *const size = &options->sizes[options->n_sizes++];
    const char *rest = read_count(text, AR_FRAME_MAX_W_PX, &size->width_px);

    rest =
        rest && *rest == 'x' ? read_count(rest + 1, AR_FRAME_MAX_H_PX, &size->height_px) : NULL;
    return rest && *rest == '\0';
}

static bool parse_precision(struct bench_options *options, const char *text)
{
    const enum bench_precision precision = bench_precision_find(text);

    options->precisions[options->n_precisions++] = precision;
    return precision < BENCH_N_PRECISIONS;
}

static bool find_format(const char *name, size_t length, enum ar_frame_format *format)
{
    for (uint32_t i = 0; i < AR_FRAME_N_FORMATS; i++) {
        if (strlen(format_names[i]) == length && memcmp(format_names[i], name, length) == 0) {
            *format = i;
            return true;
        }
    }
    return false;
}

static bool parse_pair(struct bench_options *options, const char *text)
{
    struct bench_pair *const pair = &options->pairs[options->n_pairs++];
    const size_t length = strcspn(text, ":");
    const char *const out = text + length + (text[length] == ':');

    return find_format(text, length, &pair->in) && find_format(out, strlen(out), &pair->out);
}

static bool parse_frames(struct bench_options *options, const char *text)
{
    const char *const rest = read_count(text, MAX_FRAMES, &options->n_frames);

    return rest && *rest == '\0';
}

static bool parse_seed(struct bench_options *options, const char *text)
{
    const char *const rest = read_count(text, UINT32_MAX, &options->seed);

    return rest && *rest == '\0';
}

static bool parse_seconds(struct bench_options *options, const char *text)
{
    const char *const rest = read_count(text, WORLD_MAX_FRAMES / 30, &options->n_world_frames);

    options->n_world_frames *= 30;
    return rest && *rest == '\0';
}

static bool parse_finer(struct bench_options *options, const char *text)
{
    options->finer = true;
    return true;
}

static bool parse_json(struct bench_options *options, const char *text)
{
    options->json = true;
    return true;
}

static bool parse_pin(struct bench_options *options, const char *text)
{
    options->pin = true;
    return true;
}

static bool parse_help(struct bench_options *options, const char *text)
{
    options->help = true;
    return true;
}

static const struct row {
    const char *name;
    const char *takes; /* NULL: no value */
    bool list;
    bool (*parse)(struct bench_options *options, const char *text);
    const char *fallback;
    const char *help;
} rows[] = {
    { "style", "FILE", false, parse_style, AR_BENCH_STYLE, "the style whose network is run" },
    { "tier", "NAME", false, parse_tier, NULL,
      "kernels to use, as in `ar-ctl status`; else the widest that this machine has" },
    { "widths", "W,...", true, parse_width, NULL,
      "as the style was trained; else about 0.25, 0.5, 0.75 and 1" },
    { "threads", "N,...", true, parse_threads, "1,2", "with that of the caller" },
    { "sizes", "WxH,...", true, parse_size, "640x360", "of the picture" },
    { "precision", "P,...", true, parse_precision, "f32", "f32, int8" },
    { "pairs", "IN:OUT,...", true, parse_pair, "I420:I420,NV12:NV12,YUYV:XRGB,XRGB:XRGB",
      "pipeline only: formats of the frames" },
    { "clip", "FILE", false, parse_clip, NULL,
      "switches only: pictures to paint, else the built-in scene" },
    { "frames", "N", false, parse_frames, "60", "measured of each; others warm up" },
    { "trace", "FILE", false, parse_trace, NULL,
      "governor only: replay what `ar-daemon --trace FILE` recorded, instead" },
    { "seed", "N", false, parse_seed, "1", "governor only: draws other traces" },
    { "seconds", "N", false, parse_seconds, "300", "governor only: length of each of four" },
    { "finer", NULL, false, parse_finer, NULL,
      "governor only: as if the last segment came in two, with a decision between" },
    { "json", NULL, false, parse_json, NULL, "results as an array of objects" },
    { "pin", NULL, false, parse_pin, NULL,
      "keep the calling thread on the processor it is on" },
    { "help", NULL, false, parse_help, NULL, "this text" },
};

static int refuse(const struct row *row, const char *text, struct ar_reason *reason)
{
    return ar_reason_set(reason, -EINVAL, "--%s: '%s', must be %s", row->name, text,
                         row->takes ? row->takes : "without a value");
}

static int parse_list(const struct row *row, struct bench_options *options, const char *text,
                      struct ar_reason *reason)
{
    char item[32];

    for (uint32_t i = 0; i < BENCH_MAX_LIST; i++) {
        const size_t length = strcspn(text, ",");

        if (length >= sizeof(item))
            break;
        memcpy(item, text, length);
        item[length] = '\0';
        if (!row->parse(options, item))
            return refuse(row, item, reason);
        if (text[length] == '\0')
            return 0;
        text += length + 1;
    }
    return ar_reason_set(reason, -EINVAL, "--%s: the list is too long", row->name);
}

static int parse_row(const struct row *row, struct bench_options *options, const char *text,
                     struct ar_reason *reason)
{
    if (row->list)
        return parse_list(row, options, text, reason);
    return row->parse(options, text) ? 0 : refuse(row, text, reason);
}

static int parse_given(struct bench_options *options, bool *given, int argc, char **argv,
                       struct ar_reason *reason)
{
    struct option names[AR_ARRAY_LEN(rows) + 1] = { { 0 } };
    int found;

    for (size_t i = 0; i < AR_ARRAY_LEN(rows); i++)
        names[i] = (struct option){ .name = rows[i].name,
                                    .has_arg = rows[i].takes ? required_argument : no_argument,
                                    .val = (int)i };
    opterr = 0;
    while ((found = getopt_long(argc, argv, "", names, NULL)) >= 0) {
        int ret;

        if (found == '?')
            return ar_reason_set(reason, -EINVAL, "%s: not an option, or without its value",
                                 argv[optind - 1]);
        if (given[found])
            return ar_reason_set(reason, -EINVAL, "--%s: given twice", rows[found].name);
        given[found] = true;
        ret = parse_row(&rows[found], options, optarg, reason);
        if (ret < 0)
            return ret;
    }
    if (optind < argc)
        return ar_reason_set(reason, -EINVAL, "'%s': only options are expected", argv[optind]);
    return 0;
}

int bench_options_parse(struct bench_options *options, int argc, char **argv,
                        struct ar_reason *reason)
{
    bool given[AR_ARRAY_LEN(rows)] = { false };
    int ret;

    *options = (struct bench_options){ 0 };
    ret = parse_given(options, given, argc, argv, reason);
    for (size_t i = 0; ret == 0 && i < AR_ARRAY_LEN(rows); i++)
        if (!given[i] && rows[i].fallback)
            ret = parse_row(&rows[i], options, rows[i].fallback, reason);
    return ret;
}

void bench_options_help(void)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(rows); i++)
        printf("  --%-10s %-10s %s%s%s%s\n", rows[i].name, rows[i].takes ? rows[i].takes : "",
               rows[i].help, rows[i].fallback ? " (" : "",
               rows[i].fallback ? rows[i].fallback : "", rows[i].fallback ? ")" : "");
}
