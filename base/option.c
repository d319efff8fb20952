/* SPDX-License-Identifier: MIT */
#include "base/option.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/macros.h"
#include "base/utf8.h"

#define QUOTE_MAX_B 48
#define VALUE_MAX_B 40 /* any number with its unit */

/* A value on its way between text and params; each type uses one member. */
union value {
    bool boolean;
    uint32_t word;
    uint64_t duration_us;
    double fraction;
    struct ar_option_size size;
    char text[AR_OPTION_TEXT_MAX];
};

/* What became of a text: out of range has a message of its own. */
enum verdict {
    VERDICT_GOOD,
    VERDICT_WRONG,
    VERDICT_RANGE,
};

struct type {
    const char *noun;
    size_t size_b;
    enum verdict (*parse)(const struct ar_option *option, const char *text, union value *value);
    void (*format)(const struct ar_option *option, const union value *value, char *text,
                   size_t text_b);
    /* Writes a limit in the user's unit. NULL for types without a range. */
    void (*limit)(double limit, char *text, size_t text_b);
};

/* For options that name no max: what the storage holds, or no sane setting exceeds. */
static const double natural_max[] = {
    [AR_OPTION_COUNT] = UINT32_MAX, [AR_OPTION_FRACTION] = 1e9,
    [AR_OPTION_DURATION] = 86400e6, /* a day */
    [AR_OPTION_SIZE] = 16384,       /* a side */
    [AR_OPTION_RATE] = 1e6,
};

static double max_of(const struct ar_option *option)
{
    return option->max > 0 ? option->max : natural_max[option->type];
}

static enum verdict check_range(const struct ar_option *option, double stored)
{
    return stored >= option->min && stored <= max_of(option) ? VERDICT_GOOD : VERDICT_RANGE;
}

static const struct {
    const char *word;
    bool value;
} bool_words[] = {
    { "yes", true }, { "no", false },  { "true", true }, { "false", false },
    { "on", true },  { "off", false }, { "1", true },    { "0", false },
};

static enum verdict parse_bool(const struct ar_option *option, const char *text,
                               union value *value)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(bool_words); i++) {
        if (strcmp(text, bool_words[i].word) == 0) {
            value->boolean = bool_words[i].value;
            return VERDICT_GOOD;
        }
    }
    return VERDICT_WRONG;
}

static void format_bool(const struct ar_option *option, const union value *value, char *text,
                        size_t text_b)
{
    snprintf(text, text_b, "%s", value->boolean ? "yes" : "no");
}

static enum verdict parse_count(const struct ar_option *option, const char *text,
                                union value *value)
{
    double count;
    const char *rest = ar_decimal_parse(text, &count);

    if (!rest || *rest || strpbrk(text, "-."))
        return VERDICT_WRONG;

    const enum verdict verdict = check_range(option, count);

    if (verdict == VERDICT_GOOD)
        value->word = (uint32_t)count;
    return verdict;
}

static void format_count(const struct ar_option *option, const union value *value, char *text,
                         size_t text_b)
{
    snprintf(text, text_b, "%u", value->word);
}

static enum verdict parse_fraction(const struct ar_option *option, const char *text,
                                   union value *value)
{
    const char *rest = ar_decimal_parse(text, &value->fraction);

    if (!rest || *rest)
        return VERDICT_WRONG;
    return check_range(option, value->fraction);
}

static void format_fraction(const struct ar_option *option, const union value *value,
                            char *text, size_t text_b)
{
    ar_decimal_format(value->fraction, text, text_b);
}

/* Largest first, so that formatting takes the largest that divides. */
static const struct {
    const char *name;
    uint32_t us;
} duration_units[] = {
    { "s", 1000000 },
    { "ms", 1000 },
    { "us", 1 },
};

static enum verdict parse_duration(const struct ar_option *option, const char *text,
                                   union value *value)
{
    double number;
    const char *unit = ar_decimal_parse(text, &number);

    if (!unit)
        return VERDICT_WRONG;
    for (size_t i = 0; i < AR_ARRAY_LEN(duration_units); i++) {
        if (strcmp(unit, duration_units[i].name) != 0)
            continue;

        const double us = round(number * duration_units[i].us);
        const enum verdict verdict = check_range(option, us);

        if (verdict == VERDICT_GOOD)
            value->duration_us = (uint64_t)us;
        return verdict;
    }
    return VERDICT_WRONG;
}

static void print_duration(uint64_t us, char *text, size_t text_b)
{
    size_t i = 0;

    while (us % duration_units[i].us != 0)
        i++;
    snprintf(text, text_b, "%llu%s", (unsigned long long)(us / duration_units[i].us),
             duration_units[i].name);
}

static void format_duration(const struct ar_option *option, const union value *value,
                            char *text, size_t text_b)
{
    print_duration(value->duration_us, text, text_b);
}

static void limit_duration(double limit, char *text, size_t text_b)
{
    print_duration((uint64_t)limit, text, text_b);
}

/* A side in pixels: digits only, so that "640 x360" and "+640x360" are typing errors. */
static const char *parse_side(const char *text, double *side_px)
{
    const char *rest = ar_decimal_parse(text, side_px);

    if (!rest || *text == '-' || *side_px != floor(*side_px))
        return NULL;
    return rest;
}

static enum verdict parse_size(const struct ar_option *option, const char *text,
                               union value *value)
{
    double width_px;
    double height_px;
    const char *rest = parse_side(text, &width_px);

    if (!rest || *rest != 'x')
        return VERDICT_WRONG;
    rest = parse_side(rest + 1, &height_px);
    if (!rest || *rest || strchr(text, '.'))
        return VERDICT_WRONG;
    if (width_px < 1 || check_range(option, width_px) != VERDICT_GOOD || height_px < 1 ||
        check_range(option, height_px) != VERDICT_GOOD)
        return VERDICT_RANGE;
    value->size = (struct ar_option_size){ (uint32_t)width_px, (uint32_t)height_px };
    return VERDICT_GOOD;
}

static void format_size(const struct ar_option *option, const union value *value, char *text,
                        size_t text_b)
{
    snprintf(text, text_b, "%ux%u", value->size.width_px, value->size.height_px);
}

static void limit_size(double limit, char *text, size_t text_b)
{
    const unsigned side_px = limit > 1 ? (unsigned)limit : 1;

    snprintf(text, text_b, "%ux%u", side_px, side_px);
}

static enum verdict parse_rate(const struct ar_option *option, const char *text,
                               union value *value)
{
    double rate_hz;
    const char *unit = ar_decimal_parse(text, &rate_hz);

    if (!unit || (*unit && strcmp(unit, "fps") != 0 && strcmp(unit, "Hz") != 0))
        return VERDICT_WRONG;

    const double rate_millihz = round(rate_hz * 1000);
    const enum verdict verdict = check_range(option, rate_millihz);

    if (verdict == VERDICT_GOOD)
        value->word = (uint32_t)rate_millihz;
    return verdict;
}

static void limit_rate(double limit, char *text, size_t text_b)
{
    ar_decimal_format(limit / 1000, text, text_b);
}

static void format_rate(const struct ar_option *option, const union value *value, char *text,
                        size_t text_b)
{
    limit_rate(value->word, text, text_b);
}

static enum verdict parse_choice(const struct ar_option *option, const char *text,
                                 union value *value)
{
    for (uint32_t i = 0; option->choices[i]; i++) {
        if (strcmp(text, option->choices[i]) == 0) {
            value->word = i;
            return VERDICT_GOOD;
        }
    }
    return VERDICT_WRONG;
}

static void format_choice(const struct ar_option *option, const union value *value, char *text,
                          size_t text_b)
{
    snprintf(text, text_b, "%s", option->choices[value->word]);
}

static enum verdict parse_text(const struct ar_option *option, const char *text,
                               union value *value)
{
    const size_t length_b = strlen(text);

    if (length_b >= sizeof(value->text))
        return VERDICT_WRONG;
    for (size_t i = 0; i < length_b; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return VERDICT_WRONG;
    }
    if (!ar_utf8_is_valid(text, length_b))
        return VERDICT_WRONG;
    memset(value->text, 0, sizeof(value->text));
    memcpy(value->text, text, length_b);
    return VERDICT_GOOD;
}

static void format_text(const struct ar_option *option, const union value *value, char *text,
                        size_t text_b)
{
    snprintf(text, text_b, "%s", value->text);
}

static const struct type types[] = {
    [AR_OPTION_BOOL] = { "a switch", sizeof(bool), parse_bool, format_bool, NULL },
    [AR_OPTION_COUNT] = { "a whole number", sizeof(uint32_t), parse_count, format_count,
                          ar_decimal_format },
    [AR_OPTION_FRACTION] = { "a number", sizeof(double), parse_fraction, format_fraction,
                             ar_decimal_format },
    [AR_OPTION_DURATION] = { "a duration", sizeof(uint64_t), parse_duration, format_duration,
                             limit_duration },
    [AR_OPTION_SIZE] = { "a size", sizeof(struct ar_option_size), parse_size, format_size,
                         limit_size },
    [AR_OPTION_RATE] = { "a rate", sizeof(uint32_t), parse_rate, format_rate, limit_rate },
    [AR_OPTION_CHOICE] = { "a choice", sizeof(uint32_t), parse_choice, format_choice, NULL },
    [AR_OPTION_TEXT] = { "a usable text", AR_OPTION_TEXT_MAX, parse_text, format_text, NULL },
};

static int refuse(const struct ar_option *option, const char *text, enum verdict verdict,
                  struct ar_reason *reason)
{
    char quoted[QUOTE_MAX_B];
    char right[160];

    ar_utf8_quote(quoted, sizeof(quoted), text);
    ar_option_describe(option, right, sizeof(right));
    if (verdict == VERDICT_RANGE)
        return ar_reason_set(reason, -EINVAL, "\"%s\" is out of range: %s", quoted, right);
    if (types[option->type].limit)
        return ar_reason_set(reason, -EINVAL, "\"%s\" is not %s: %s, for example %s", quoted,
                             types[option->type].noun, right, option->fallback);
    return ar_reason_set(reason, -EINVAL, "\"%s\" is not %s: %s", quoted,
                         types[option->type].noun, right);
}

int ar_option_parse(const struct ar_option *option, void *params, const char *text,
                    struct ar_reason *reason)
{
    const struct type *type = &types[option->type];
    union value value = { 0 };
    enum verdict verdict = VERDICT_GOOD;

    if (!option->zero_word || strcmp(text, option->zero_word) != 0)
        verdict = type->parse(option, text, &value);
    if (verdict != VERDICT_GOOD)
        return refuse(option, text, verdict, reason);
    memcpy((char *)params + option->offset, &value, type->size_b);
    return 0;
}

void ar_option_format(const struct ar_option *option, const void *params, char *text,
                      size_t text_b)
{
    static const union value zero;
    const struct type *type = &types[option->type];
    union value value = { 0 };

    memcpy(&value, (const char *)params + option->offset, type->size_b);
    if (option->zero_word && memcmp(&value, &zero, type->size_b) == 0)
        snprintf(text, text_b, "%s", option->zero_word);
    else
        type->format(option, &value, text, text_b);
}

/* Texts are filled up with zeros, whatever they were before. */
bool ar_option_equal(const struct ar_option *option, const void *a, const void *b)
{
    return memcmp((const char *)a + option->offset, (const char *)b + option->offset,
                  types[option->type].size_b) == 0;
}

void ar_option_copy(const struct ar_option *option, void *params, const void *from)
{
    memcpy((char *)params + option->offset, (const char *)from + option->offset,
           types[option->type].size_b);
}

const char *ar_option_apply_name(enum ar_option_apply apply)
{
    static const char *const names[] = {
        [AR_OPTION_LIVE] = "live",
        [AR_OPTION_STAGE] = "stage",
        [AR_OPTION_RESTART] = "restart",
    };

    return names[apply];
}

void ar_option_defaults(const struct ar_option *table, void *params)
{
    for (const struct ar_option *option = table; option->key; option++) {
        const int ret = ar_option_parse(option, params, option->fallback, NULL);

        assert(ret == 0);
        (void)ret;
    }
}

static void describe_choices(const struct ar_option *option, char *text, size_t text_b)
{
    size_t used_b = 0;

    for (uint32_t i = 0; option->choices[i] && used_b < text_b; i++)
        used_b += (size_t)snprintf(text + used_b, text_b - used_b, "%s%s", i ? "|" : "",
                                   option->choices[i]);
}

static void describe_range(const struct ar_option *option, char *text, size_t text_b)
{
    const struct type *type = &types[option->type];
    const char *zero_word = option->zero_word ? option->zero_word : "";
    const char *bar = option->zero_word ? "|" : "";
    char low[VALUE_MAX_B];
    char high[VALUE_MAX_B];

    type->limit(option->min, low, sizeof(low));
    type->limit(max_of(option), high, sizeof(high));
    snprintf(text, text_b, "%s%s%s..%s", zero_word, bar, low, high);
}

void ar_option_describe(const struct ar_option *option, char *text, size_t text_b)
{
    if (types[option->type].limit)
        describe_range(option, text, text_b);
    else if (option->type == AR_OPTION_CHOICE)
        describe_choices(option, text, text_b);
    else if (option->type == AR_OPTION_BOOL)
        snprintf(text, text_b, "yes|no");
    else
        snprintf(text, text_b, "at most %d bytes of UTF-8, no control characters",
                 AR_OPTION_TEXT_MAX - 1);
}

const struct ar_option *ar_option_find(const struct ar_option *table, const char *key)
{
    for (const struct ar_option *option = table; option->key; option++) {
        if (strcmp(option->key, key) == 0)
            return option;
    }
    return NULL;
}
