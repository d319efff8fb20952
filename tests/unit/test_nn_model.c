/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "nn/model.h"
#include "tests/suite.h"
#include "tests/unit/nn_style.h"

#define N_MUTATIONS 2000

/* Every op and norm, three segments, a gate, a second branch. */
static const char base[] =
    "{\"planes\":\"yuv420\",\"offset\":[0.45,0.45,0.45,0.45,0.502,0.502],\"gain\":4.0,"
    "\"border\":\"replicate\",\"instance_rate\":0.15,\"widths\":[0.5,1.0],\"layers\":["
    "{\"name\":\"stem\",\"op\":\"conv\",\"input\":\"planes\",\"segment\":0,\"channels\":[8,16],"
    "\"stride\":2,\"norm\":\"batch\",\"relu\":true},"
    "{\"name\":\"down\",\"op\":\"separable\",\"input\":\"stem\",\"segment\":0,\"channels\":[8,24],"
    "\"kernel\":5,\"stride\":2,\"norm\":\"instance\",\"gate\":4,\"gate_previous\":true},"
    "{\"name\":\"twin\",\"op\":\"separable\",\"input\":\"down\",\"segment\":1,\"channels\":[8,24],"
    "\"kernel\":3,\"kernel2\":5,\"add\":\"down\"},"
    "{\"name\":\"each\",\"op\":\"depthwise\",\"input\":\"twin\",\"segment\":1,\"channels\":[8,24]},"
    "{\"name\":\"up\",\"op\":\"pointwise\",\"input\":\"each\",\"segment\":2,\"channels\":[8,16],"
    "\"upsample\":true,\"add\":\"stem\"},"
    "{\"name\":\"head\",\"op\":\"conv\",\"input\":\"up\",\"segment\":2,\"channels\":[24,24]},"
    "{\"name\":\"tint\",\"op\":\"pointwise\",\"input\":\"planes\",\"segment\":2,\"channels\":[6,6]},"
    "{\"name\":\"out\",\"op\":\"shuffle\",\"input\":\"head\",\"segment\":2,\"channels\":[6,6],"
    "\"add\":\"tint\"}]}";

static int parse_style(const struct nn_style *style, struct ar_model **model,
                       struct ar_reason *reason)
{
    size_t size_b;
    uint8_t *bytes = nn_style_bytes(style, &size_b);
    int ret = ar_model_parse(model, "x.st", bytes, size_b, reason);

    free(bytes);
    return ret;
}

static struct ar_model *open_base(void)
{
    struct nn_style style;
    struct ar_model *model;
    struct ar_reason reason = { "" };

    nn_style_init(&style, base, 1);
    ck_assert_msg(parse_style(&style, &model, &reason) == 0, "%s", reason.text);
    nn_style_finish(&style);
    return model;
}

START_TEST(test_valid)
{
    struct ar_model *model = open_base();
    const struct ar_layer *down = &model->layers[1];
    const struct ar_layer *out = &model->layers[7];

    ck_assert_str_eq(model->info.style, "test");
    ck_assert_str_eq(model->info.title, "Test");
    ck_assert_uint_eq(model->info.trainer_macs[1], 1000);
    ck_assert_uint_eq(model->n_rungs, 2);
    ck_assert_uint_eq(model->n_segments, 3);
    ck_assert_uint_eq(model->n_layers, 8);
    ck_assert_str_eq(down->name, "down");
    ck_assert_int_eq(down->input, 0);
    ck_assert_int_eq(down->add, AR_LAYER_NONE);
    ck_assert_uint_eq(down->shift, 3);
    ck_assert_uint_eq(down->max_inputs, 16);
    ck_assert_uint_eq(down->max_outputs, 24);
    ck_assert(down->gate_previous);
    ck_assert_ptr_nonnull(down->dw);
    ck_assert_ptr_nonnull(down->gate2_bias);
    ck_assert_ptr_null(down->dw2);
    ck_assert(!model->has_int8_ranges);
    ck_assert_ptr_null(down->range);
    ck_assert_ptr_null(down->dw_range);
    ck_assert_uint_eq(model->layers[2].kernel2, 5);
    ck_assert_uint_eq(model->layers[4].kernel, 1);
    ck_assert_uint_eq(model->layers[5].kernel, 3);
    ck_assert_uint_eq(model->layers[5].shift, 2);
    ck_assert_uint_eq(out->shift, 1);
    ck_assert_ptr_null(out->bias);
    ck_assert_uint_eq(ar_model_channels(model, AR_LAYER_PLANES, 0), 6);
    ck_assert_uint_eq(ar_model_channels(model, 1, 1), 24);
    ar_model_close(model);
}
END_TEST

/* One change of the architecture's text, and words that the reason must have. */
static const struct bad_architecture {
    const char *from;
    const char *to;
    const char *words[2];
} bad_architectures[] = {
    { "\"planes\":\"yuv420\"",
      "\"planes\":\"yuv444\"",
      { "'planes' is yuv444", "yuv420 rgb" } },
    { "\"planes\":\"yuv420\",", "", { "'planes' is nothing", "one of" } },
    { "0.45,0.45,0.45,0.45,0.502,0.502", "0.45", { "'offset' is a list", "list of 6" } },
    { "0.45,0.45,0.45,0.45,0.502,0.502",
      "0.45,0.45,0.45,0.45,17,0.5",
      { "'offset' is 17", "-16 to 16" } },
    { "\"gain\":4.0", "\"gain\":0", { "'gain' is 0", "0.001 to 1000" } },
    { "\"gain\":4.0", "\"gain\":\"4\"", { "'gain' is 4", "a number" } },
    { "\"border\":\"replicate\"", "\"border\":\"zero\"", { "'border' is zero", "reflect" } },
    { "0.15", "1.5", { "'instance_rate' is 1.5", "to 1" } },
    { "[0.5,1.0]", "[]", { "'widths' is a list", "1 to 32" } },
    { "[0.5,1.0]", "[1.0,0.5]", { "'widths' is 0.5", "ascending" } },
    { "[0.5,1.0]", "[0,1.0]", { "'widths' is 0", "above 0" } },
    { "[0.5,1.0]", "[0.5,1.25]", { "'widths' is 1.25", "up to 1" } },
    { "\"gain\"", "\"color\":1,\"gain\"", { "architecture: unknown key 'color'", "" } },
    { "\"layers\":[", "\"layers\":[7,", { "layer 0: is 7", "an object" } },
    { "\"stem\",\"op\"", "\"Stem\",\"op\"", { "layer 0: 'name' is Stem", "a-z" } },
    { "\"name\":\"down\"", "\"name\":\"stem\"", { "layer 1: 'name' is stem", "taken" } },
    { "\"name\":\"stem\"", "\"name\":\"planes\"", { "layer 0: 'name' is planes", "taken" } },
    { "\"op\":\"conv\"", "\"op\":\"dense\"", { "layer 'stem': 'op' is dense", "shuffle" } },
    { "\"input\":\"stem\"",
      "\"input\":\"twin\"",
      { "layer 'down': 'input' is twin", "earlier layer" } },
    { "\"input\":\"stem\"",
      "\"input\":\"down\"",
      { "layer 'down': 'input' is down", "earlier layer" } },
    { "\"add\":\"down\"", "\"add\":4", { "layer 'twin': 'add' is 4", "earlier layer" } },
    { "\"segment\":0,\"channels\":[8,16]",
      "\"segment\":1,\"channels\":[8,16]",
      { "layer 'stem': segment is 1", "must be 0 for the first" } },
    { "\"segment\":1,\"channels\":[8,24],\"kernel\":3",
      "\"segment\":2,\"channels\":[8,24],\"kernel\":3",
      { "layer 'twin': segment is 2", "0 or one more" } },
    { "\"input\":\"each\",\"segment\":2",
      "\"input\":\"each\",\"segment\":0",
      { "layer 'up': segment is 0", "1 or one more" } },
    { "\"segment\":0", "\"segment\":-1", { "'segment' is -1", "0 to 7" } },
    { "\"segment\":0", "\"segment\":8", { "'segment' is 8", "0 to 7" } },
    { "\"channels\":[8,16]",
      "\"channels\":[8]",
      { "layer 'stem': 'channels' is a list", "list of 2" } },
    { "\"channels\":[8,16]",
      "\"channels\":[16,8]",
      { "layer 'stem': 'channels' is 8", "ascending" } },
    { "\"channels\":[8,16]",
      "\"channels\":[8,520]",
      { "layer 'stem': 'channels' is 520", "1 to 512" } },
    { "\"channels\":[8,16]",
      "\"channels\":[8,12]",
      { "layer 'stem': channels is 12 at width 1", "multiple of 8" } },
    { "\"channels\":[8,24]}",
      "\"channels\":[8,16]}",
      { "layer 'each': channels is 16 at width 1", "the input's 24" } },
    { "\"channels\":[24,24]",
      "\"channels\":[24,32]",
      { "layer 'out': channels is 6 at width 1", "32 divided by 4" } },
    { "\"input\":\"twin\",\"segment\":1",
      "\"input\":\"twin\",\"segment\":2",
      { "layer 'each': op depthwise", "another segment" } },
    { "\"kernel\":5", "\"kernel\":4", { "layer 'down': kernel is 4", "3 or 5" } },
    { "\"kernel\":5", "\"kernel\":7", { "layer 'down': 'kernel' is 7", "1 to 5" } },
    { "\"kernel\":5", "\"kernel\":1", { "layer 'down': kernel is 1", "separable" } },
    { "\"upsample\":true",
      "\"kernel\":3,\"upsample\":true",
      { "layer 'up': kernel is 3", "must be 1 for op pointwise" } },
    { "\"upsample\":true",
      "\"stride\":2,\"upsample\":true",
      { "layer 'up': stride is 2", "must be 1" } },
    { "\"stride\":2,\"norm\":\"batch\"",
      "\"stride\":3,\"norm\":\"batch\"",
      { "layer 'stem': 'stride' is 3", "1 to 2" } },
    { "\"kernel2\":5", "\"kernel2\":4", { "layer 'twin': kernel2 is 4", "0, 3 or 5" } },
    { "\"kernel2\":5", "\"kernel2\":5,\"gate\":2", { "layer 'twin'", "exclude each other" } },
    { "\"upsample\":true",
      "\"gate\":2,\"upsample\":true",
      { "layer 'up'", "for op separable, this is pointwise" } },
    { "\"gate\":4,", "", { "layer 'down'", "gate_previous needs a gate" } },
    { "\"norm\":\"batch\"",
      "\"norm\":\"group\"",
      { "layer 'stem': 'norm' is group", "instance" } },
    { "\"relu\":true", "\"relu\":1", { "layer 'stem': 'relu' is 1", "true or false" } },
    { "\"add\":\"tint\"",
      "\"add\":\"tint\",\"norm\":\"batch\"",
      { "layer 'out'", "neither norm nor upsample" } },
    { "\"add\":\"tint\"",
      "\"add\":\"tint\",\"gain\":1",
      { "layer 'out'", "unknown key 'gain'" } },
    { "\"add\":\"stem\"",
      "\"add\":\"twin\"",
      { "layer 'up': adds 1/8 of the picture to 1/4", "equal" } },
    { "\"upsample\":true,\"add\":\"stem\"",
      "\"relu\":true",
      { "layer 'out': adds 1/2 of the picture to 1/4", "equal" } },
    { "\"add\":\"tint\"",
      "\"add\":\"tint\"},{\"name\":\"end\",\"op\":\"pointwise\","
      "\"input\":\"out\",\"segment\":2,\"channels\":[6,6]",
      { "layer 'tint': channels is 6", "multiple of 8" } },
    { "\"op\":\"pointwise\",\"input\":\"planes\",\"segment\":2,\"channels\":[6,6]",
      "\"op\":\"pointwise\",\"input\":\"planes\",\"segment\":2,\"upsample\":true,\"channels\":[6,6]",
      { "layer 'out': adds 1/1 of the picture to 1/2", "" } },
};

static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    char *copy;

    ck_assert_msg(at != NULL, "'%s' is not in the architecture", from);
    ck_assert_int_gt(asprintf(&copy, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)),
                     0);
    return copy;
}

static void expect_refusal(const struct nn_style *style, const char *const words[2])
{
    struct ar_model *model;
    struct ar_reason reason = { "" };

    ck_assert_msg(parse_style(style, &model, &reason) == -EINVAL, "was taken; wanted: %s",
                  words[0]);
    ck_assert_ptr_null(model);
    ck_assert_msg(strncmp(reason.text, "x.st: ", 6) == 0, "%s", reason.text);
    for (int w = 0; w < 2; w++)
        ck_assert_msg(strstr(reason.text, words[w]), "'%s' is not in: %s", words[w],
                      reason.text);
}

START_TEST(test_bad_architecture)
{
    const struct bad_architecture *bad = &bad_architectures[_i];
    char *text = replaced(base, bad->from, bad->to);
    struct nn_style style;

    nn_style_init(&style, base, 1);
    json_object_set_new(nn_style_meta(&style), "architecture", json_string(text));
    expect_refusal(&style, bad->words);
    nn_style_finish(&style);
    free(text);
}
END_TEST

/* The last layer: channels of the picture, its resolution, a decoder segment. */
START_TEST(test_bad_end)
{
    static const char small[] =
        "{\"planes\":\"rgb\",\"offset\":[0,0,0],\"gain\":1,\"border\":\"reflect\","
        "\"instance_rate\":1,\"widths\":[0.5,1],\"layers\":["
        "{\"name\":\"a\",\"op\":\"conv\",\"input\":\"planes\",\"segment\":0,\"channels\":[8,8]},"
        "{\"name\":\"b\",\"op\":\"conv\",\"input\":\"a\",\"segment\":1,\"channels\":[3,3]}]}";
    static const struct bad_architecture cases[] = {
        { "\"segment\":1", "\"segment\":0", { "layer 'b'", "a decoder segment" } },
        { "[3,3]", "[8,8]", { "layer 'b': the last one has 8 to 8 channels", "3 planes" } },
        { "[3,3]", "[1,3]", { "layer 'b': the last one has 1 to 3 channels", "3 planes" } },
        { "[3,3]", "[3,3],\"stride\":2", { "layer 'b': the last one is 1/2", "1/1" } },
        { "[3,3]", "[3,3],\"upsample\":true", { "layer 'b'", "larger than the picture" } },
    };
    struct nn_style style;
    struct ar_model *model;

    nn_style_init(&style, small, 1);
    ck_assert_int_eq(parse_style(&style, &model, NULL), 0);
    ar_model_close(model);
    for (size_t i = 0; i < AR_ARRAY_LEN(cases); i++) {
        char *text = replaced(small, cases[i].from, cases[i].to);

        json_object_set_new(nn_style_meta(&style), "architecture", json_string(text));
        expect_refusal(&style, cases[i].words);
        free(text);
    }
    nn_style_finish(&style);
}
END_TEST

START_TEST(test_bad_metadata)
{
    static const struct {
        const char *key;
        const char *value; /* NULL: taken away */
        const char *words[2];
    } cases[] = {
        { "format", "pt", { "format is 'pt'", "ar-daemon-style" } },
        { "format", NULL, { "format is ''", "ar-daemon-style" } },
        { "version", "2", { "version is '2'", "reads '1'" } },
        { "architecture", NULL, { "architecture is missing", "" } },
        { "architecture", "{", { "architecture: not JSON", "" } },
        { "architecture", "[]", { "architecture: is a list", "an object" } },
        { "style", "", { "style is ''", "a-z" } },
        { "style", "Starry Night", { "style is 'Starry Night'", "a-z" } },
        { "style", "abcdefghijklmnopqrstuvwxyz012345", { "'style'", "shorter than 32" } },
        { "title", NULL, { "'title'", "must be there" } },
        { "artist", "\033[2J", { "'artist'", "control characters" } },
        { "artist", "\xc2\x9b", { "'artist'", "control characters" } },
        { "macs_640x360", NULL, { "macs_640x360 is missing", "" } },
        { "macs_640x360", "[1]", { "macs_640x360", "list of 2" } },
        { "macs_640x360", "[1,-1]", { "macs_640x360", "list of 2" } },
        { "macs_640x360", "x", { "macs_640x360: not JSON", "" } },
    };

    for (size_t i = 0; i < AR_ARRAY_LEN(cases); i++) {
        struct nn_style style;

        nn_style_init(&style, base, 1);
        if (cases[i].value)
            json_object_set_new(nn_style_meta(&style), cases[i].key,
                                json_string(cases[i].value));
        else
            json_object_del(nn_style_meta(&style), cases[i].key);
        expect_refusal(&style, cases[i].words);
        nn_style_finish(&style);
    }
}
END_TEST

static void set_shape(const struct nn_style *style, const char *name, const char *shape)
{
    json_object_set_new(nn_style_tensor(style, name), "shape", json_loads(shape, 0, NULL));
}

static void rename_tensor(const struct nn_style *style, const char *from, const char *to)
{
    json_object_set(style->header, to, nn_style_tensor(style, from));
    json_object_del(style->header, from);
}

START_TEST(test_bad_tensors)
{
    struct nn_style style;

    nn_style_init(&style, base, 1);
    set_shape(&style, "stem.weight", "[16,54]");
    expect_refusal(&style, (const char *const[]){ "'stem.weight': rank is 2", "must be 4" });
    set_shape(&style, "stem.weight", "[16,3,6,3]");
    expect_refusal(&style,
                   (const char *const[]){ "'stem.weight': dimension 1 is 3", "must be 6" });
    set_shape(&style, "stem.weight", "[16,6,3,3]");
    set_shape(&style, "down.gate1", "[16,4]");
    expect_refusal(&style,
                   (const char *const[]){ "'down.gate1': dimension 0 is 16", "must be 4" });
    set_shape(&style, "down.gate1", "[4,16]");
    set_shape(&style, "down.bias", "[24]");
    expect_refusal(&style, (const char *const[]){ "'down.bias': rank is 1", "must be 2" });
    nn_style_finish(&style);

    nn_style_init(&style, base, 1);
    nn_style_add(&style, "twin.gate1", (const uint32_t[]){ 1 }, 1)[0] = 0;
    expect_refusal(&style, (const char *const[]){ "'twin.gate1'", "belongs to no layer" });
    nn_style_finish(&style);

    nn_style_init(&style, base, 1);
    rename_tensor(&style, "twin.dw2", "twin.dv2");
    expect_refusal(&style, (const char *const[]){ "'twin.dw2'", "is missing" });
    nn_style_finish(&style);

    nn_style_init(&style, base, 1);
    nn_style_values(&style, "stem.bias")[8] = 0.5F;
    expect_refusal(&style, (const char *const[]){ "'stem.bias': channel 8 at width 0.5",
                                                  "that width has 8" });
    nn_style_finish(&style);
}
END_TEST

static void init_ranged(struct nn_style *style)
{
    nn_style_init(style, base, 1);
    nn_style_add_ranges(style);
}

START_TEST(test_ranges)
{
    struct nn_style style;
    struct ar_model *model;
    struct ar_reason reason = { "" };
    const struct ar_layer *layers;

    init_ranged(&style);
    ck_assert_msg(parse_style(&style, &model, &reason) == 0, "%s", reason.text);
    layers = model->layers;
    ck_assert(model->has_int8_ranges);
    for (uint32_t i = 0; i < model->n_layers; i++) {
        const bool separable = layers[i].op == AR_LAYER_SEPARABLE;

        ck_assert_ptr_nonnull(layers[i].range);
        ck_assert_msg((layers[i].dw_range != NULL) == separable, "%s", layers[i].name);
        ck_assert_msg((layers[i].dw2_range != NULL) == (i == 2), "%s", layers[i].name);
    }
    for (uint32_t r = 0; r < 2; r++) {
        ck_assert(layers[1].range[r] == nn_style_values(&style, "down.range")[r]);
        ck_assert(layers[2].dw_range[r] == nn_style_values(&style, "twin.dw_range")[r]);
        ck_assert(layers[2].dw2_range[r] == nn_style_values(&style, "twin.dw2_range")[r]);
    }
    ar_model_close(model);
    nn_style_finish(&style);
}
END_TEST

START_TEST(test_some_ranges)
{
    static const char *const names[] = { "stem.range", "down.dw_range", "twin.dw2_range",
                                         "out.range" };

    for (size_t i = 0; i < AR_ARRAY_LEN(names); i++) {
        struct nn_style style;
        float *values;

        init_ranged(&style);
        rename_tensor(&style, names[i], "x");
        expect_refusal(&style, (const char *const[]){
                                   names[i], "is missing, other int8 ranges are there" });
        nn_style_finish(&style);

        nn_style_init(&style, base, 1);
        values = nn_style_add(&style, names[i], (const uint32_t[]){ 2 }, 1);
        values[0] = values[1] = 1;
        expect_refusal(&style,
                       (const char *const[]){ i == 0 ? "'down.range'" : "'stem.range'",
                                              "is missing, other int8 ranges are there" });
        nn_style_finish(&style);
    }
}
END_TEST

START_TEST(test_bad_ranges)
{
    static const struct {
        float value;
        const char *rule;
    } values[] = {
        { 0, "is 0 at width 1, must be above 0" },
        { -0.0F, "is -0 at width 1, must be above 0" },
        { -2, "is -2 at width 1, must be above 0" },
        { NAN, "must be finite" },
        { INFINITY, "must be finite" },
    };
    static const char *const names[] = { "stem.range", "down.dw_range", "twin.dw2_range" };
    static const char *const strangers[] = { "stem.dw_range", "down.dw2_range",
                                             "each.dw_range" };
    struct nn_style style;

    init_ranged(&style);
    for (size_t n = 0; n < AR_ARRAY_LEN(names); n++) {
        float *last = &nn_style_values(&style, names[n])[1];
        const float good = *last;

        for (size_t i = 0; i < AR_ARRAY_LEN(values); i++) {
            *last = values[i].value;
            expect_refusal(&style, (const char *const[]){ names[n], values[i].rule });
        }
        *last = good;
    }
    set_shape(&style, "down.dw_range", "[1,2]");
    expect_refusal(&style, (const char *const[]){ "'down.dw_range': rank is 2", "must be 1" });
    nn_style_finish(&style);

    nn_style_init(&style, base, 1);
    memset(nn_style_add(&style, "stem.range", (const uint32_t[]){ 3 }, 1), 0,
           3 * sizeof(float));
    expect_refusal(&style,
                   (const char *const[]){ "'stem.range': dimension 0 is 3", "must be 2" });
    nn_style_finish(&style);

    for (size_t i = 0; i < AR_ARRAY_LEN(strangers); i++) {
        init_ranged(&style);
        nn_style_add(&style, strangers[i], (const uint32_t[]){ 1 }, 1)[0] = 1;
        expect_refusal(&style, (const char *const[]){ strangers[i], "belongs to no layer" });
        nn_style_finish(&style);
    }
}
END_TEST

/* By hand, on a 34 x 18 picture: planes 17 x 9, stem 9 x 5, down 5 x 3. */
START_TEST(test_macs)
{
    struct ar_model *model = open_base();
    const uint32_t rungs[] = { 1, 0, 1 };
    static const struct ar_model_macs want[] = {
        { 0, 45ull * 9 * 6 * 16 },
        { 15ull * 25 * 16, 15ull * 16 * 24 + 2ull * 4 * 16 },
        { 15ull * (9 + 25) * 24, 15ull * 2 * 24 * 8 },
        { 15ull * 9 * 8, 0 },
        { 0, 15ull * 8 * 16 },
        { 0, 45ull * 9 * 16 * 24 },
        { 0, 17ull * 9 * 6 * 6 },
        { 0, 0 },
    };
    uint64_t sums[3] = { 0 };

    for (uint32_t i = 0; i < model->n_layers; i++) {
        struct ar_model_macs macs = ar_model_layer_macs(model, i, rungs, 34, 18);

        ck_assert_msg(macs.depthwise == want[i].depthwise, "%s", model->layers[i].name);
        ck_assert_msg(macs.pointwise == want[i].pointwise, "%s", model->layers[i].name);
        sums[model->layers[i].segment] += macs.depthwise + macs.pointwise;
    }
    for (uint32_t s = 0; s < 3; s++)
        ck_assert_uint_eq(ar_model_segment_macs(model, s, rungs, 34, 18), sums[s]);
    ar_model_close(model);
}
END_TEST

/* Bytes of the header changed at random: taken or refused with words, never worse. */
START_TEST(test_mutations)
{
    struct nn_random random = nn_random_seed(11);
    struct nn_style style;
    size_t size_b;
    uint8_t *bytes;
    uint8_t *copy;
    uint64_t header_b;

    init_ranged(&style);
    bytes = nn_style_bytes(&style, &size_b);
    copy = malloc(size_b);
    memcpy(&header_b, bytes, sizeof(header_b));
    for (int i = 0; i < N_MUTATIONS; i++) {
        struct ar_model *model;
        struct ar_reason reason = { "" };
        int ret;

        memcpy(copy, bytes, size_b);
        for (uint32_t n = 1 + nn_random_below(&random, 2); n > 0; n--) {
            uint8_t *byte = &copy[8 + nn_random_below(&random, (uint32_t)header_b)];

            /* Mostly digit for digit: what survives the JSON reader goes deeper. */
            *byte = *byte >= '0' && *byte <= '9'
                        ? (uint8_t)('0' + nn_random_below(&random, 10))
                        : (uint8_t)(' ' + nn_random_below(&random, 95));
        }
        ret = ar_model_parse(&model, "x", copy, size_b, &reason);
        ck_assert_msg(ret == 0 || ret == -EINVAL, "%d: %s", ret, reason.text);
        ck_assert((ret == 0) == (model != NULL));
        ck_assert(ret == 0 || reason.text[0] != '\0');
        ar_model_close(model);
    }
    free(copy);
    free(bytes);
    nn_style_finish(&style);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nn_model");
    TCase *tc = tcase_create("all");

    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, test_valid);
    tcase_add_loop_test(tc, test_bad_architecture, 0, (int)AR_ARRAY_LEN(bad_architectures));
    tcase_add_test(tc, test_bad_end);
    tcase_add_test(tc, test_bad_metadata);
    tcase_add_test(tc, test_bad_tensors);
    tcase_add_test(tc, test_ranges);
    tcase_add_test(tc, test_some_ranges);
    tcase_add_test(tc, test_bad_ranges);
    tcase_add_test(tc, test_macs);
    tcase_add_test(tc, test_mutations);
    suite_add_tcase(suite, tc);
    return ar_suite_run(suite);
}
