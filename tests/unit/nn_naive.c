/* SPDX-License-Identifier: MIT */
#include "tests/unit/nn_naive.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nn_follow.h"

#define EPS    ((double)FLT_EPSILON)
#define N_SETS (AR_MODEL_MAX_CHANNELS / AR_MODEL_CHANNEL_STEP + 1)

struct naive_state {
    const struct ar_model *model;
    uint64_t frame;
    struct follow norms[AR_MODEL_MAX_LAYERS][N_SETS]; /* by rung */
    struct follow gates[AR_MODEL_MAX_LAYERS][N_SETS]; /* by steps of channels */
};

static void *allocate(size_t n, size_t size_b)
{
    void *memory = n > 0 ? calloc(n, size_b) : NULL;

    if (!memory)
        abort();
    return memory;
}

static struct naive_map make_map(uint32_t channels, uint32_t height, uint32_t width)
{
    const size_t n = (size_t)channels * height * width;

    return (struct naive_map){ channels, height, width, allocate(n, sizeof(double)),
                               allocate(n, sizeof(double)) };
}

void naive_map_finish(struct naive_map *map)
{
    free(map->value);
    free(map->bound);
}

static size_t at(const struct naive_map *map, uint32_t c, uint32_t y, uint32_t x)
{
    return ((size_t)c * map->height + y) * map->width + x;
}

static struct about get(const struct naive_map *map, uint32_t c, uint32_t y, uint32_t x)
{
    const size_t i = at(map, c, y, x);

    return (struct about){ map->value[i], map->bound[i] };
}

static void put(struct naive_map *map, uint32_t c, uint32_t y, uint32_t x, struct about v)
{
    const size_t i = at(map, c, y, x);

    map->value[i] = v.value;
    map->bound[i] = v.bound;
}

/* Walks back into the picture, one step at a time. */
static uint32_t inside(enum ar_layer_border border, int64_t i, uint32_t size)
{
    const int64_t last = (int64_t)size - 1;

    while (i < 0 || i > last) {
        const int64_t edge = i < 0 ? 0 : last;

        i = border == AR_LAYER_REFLECT && last > 0 ? 2 * edge - i : edge;
    }
    return (uint32_t)i;
}

static double pixel(const struct naive_state *state, const struct ar_tensor *map, int64_t y,
                    int64_t x, uint32_t c)
{
    const uint32_t row = inside(state->model->border, y, map->height);
    const uint32_t column = inside(state->model->border, x, map->width);

    return (double)ar_tensor_plane(map, row, c)[column];
}

/* Sum over the k x k taps of one input channel. */
static struct about filter_one(const struct naive_state *state, const struct ar_tensor *input,
                               const float *taps, uint32_t k, uint32_t c, int64_t y, int64_t x)
{
    struct about sum = { 0, 0 };

    for (uint32_t i = 0; i < k * k; i++) {
        const int64_t row = y + (int64_t)(i / k) - (int64_t)(k / 2);
        const int64_t column = x + (int64_t)(i % k) - (int64_t)(k / 2);
        const double term = (double)taps[i] * pixel(state, input, row, column, c);

        sum.value += term;
        sum.bound += fabs(term);
    }
    sum.bound *= k * k * EPS;
    return sum;
}

static struct naive_map filter_each(const struct naive_state *state,
                                    const struct ar_layer *layer, const struct ar_tensor *input,
                                    const float *taps, uint32_t k)
{
    const uint32_t s = layer->stride;
    struct naive_map out =
        make_map(input->channels, (input->height + s - 1) / s, (input->width + s - 1) / s);

    for (uint32_t c = 0; c < out.channels; c++)
        for (uint32_t y = 0; y < out.height; y++)
            for (uint32_t x = 0; x < out.width; x++)
                put(&out, c, y, x,
                    filter_one(state, input, taps + (size_t)c * k * k, k, c, (int64_t)y * s,
                               (int64_t)x * s));
    return out;
}

static struct naive_map conv(const struct naive_state *state, const struct ar_layer *layer,
                             const struct ar_tensor *input, uint32_t outputs)
{
    const uint32_t s = layer->stride;
    const uint32_t k = layer->kernel;
    struct naive_map out =
        make_map(outputs, (input->height + s - 1) / s, (input->width + s - 1) / s);

    for (uint32_t o = 0; o < outputs; o++)
        for (uint32_t y = 0; y < out.height; y++)
            for (uint32_t x = 0; x < out.width; x++) {
                struct about sum = { 0, 0 };

                for (uint32_t c = 0; c < input->channels; c++) {
                    const float *taps =
                        layer->weight + ((size_t)o * layer->max_inputs + c) * k * k;
                    const struct about part =
                        filter_one(state, input, taps, k, c, (int64_t)y * s, (int64_t)x * s);

                    sum.value += part.value;
                    sum.bound += part.bound * input->channels;
                }
                put(&out, o, y, x, sum);
            }
    return out;
}

/* Adds a matrix's products to `out`. n_terms: of the whole sum, other branches included. */
static void add_product(struct naive_map *out, const struct naive_map *in, const float *weight,
                        uint32_t max_inputs, uint32_t n_terms)
{
    for (uint32_t o = 0; o < out->channels; o++)
        for (uint32_t y = 0; y < out->height; y++)
            for (uint32_t x = 0; x < out->width; x++) {
                struct about sum = get(out, o, y, x);

                for (uint32_t c = 0; c < in->channels; c++) {
                    const double w = (double)weight[(size_t)o * max_inputs + c];
                    const struct about v = get(in, c, y, x);

                    sum.value += w * v.value;
                    sum.bound += fabs(w) * (v.bound + n_terms * EPS * fabs(v.value));
                }
                put(out, o, y, x, sum);
            }
}

static struct naive_map from_tensor(const struct ar_tensor *input)
{
    struct naive_map map = make_map(input->channels, input->height, input->width);

    for (uint32_t c = 0; c < map.channels; c++)
        for (uint32_t y = 0; y < map.height; y++)
            for (uint32_t x = 0; x < map.width; x++)
                put(&map, c, y, x,
                    (struct about){ (double)ar_tensor_plane(input, y, c)[x], 0 });
    return map;
}

static struct about mean_of(const struct naive_map *map, uint32_t c)
{
    const double n = (double)map->height * map->width;
    struct about mean = { 0, 0 };

    for (uint32_t y = 0; y < map->height; y++)
        for (uint32_t x = 0; x < map->width; x++) {
            const struct about v = get(map, c, y, x);

            mean.value += v.value / n;
            /* Rows are summed in single precision. */
            mean.bound += (v.bound + (map->width + 4) * EPS * fabs(v.value)) / n;
        }
    return mean;
}

static struct about linear(const float *weight, const struct about *in, uint32_t n, float bias)
{
    struct about sum = { (double)bias, (n + 2) * EPS * fabs((double)bias) };

    for (uint32_t i = 0; i < n; i++) {
        const double w = (double)weight[i];

        sum.value += w * in[i].value;
        sum.bound += fabs(w) * (in[i].bound + (n + 2) * EPS * fabs(in[i].value));
    }
    return sum;
}

static void apply_gates(struct naive_map *map, const struct ar_layer *layer,
                        const struct about *means)
{
    struct about hidden[AR_MODEL_MAX_CHANNELS];

    for (uint32_t h = 0; h < layer->gate; h++) {
        hidden[h] = linear(layer->gate1 + (size_t)h * layer->max_inputs, means, map->channels,
                           layer->gate1_bias[h]);
        hidden[h].value = fmax(hidden[h].value, 0);
    }
    for (uint32_t c = 0; c < map->channels; c++) {
        const struct about sum = linear(layer->gate2 + (size_t)c * layer->gate, hidden,
                                        layer->gate, layer->gate2_bias[c]);
        const double g = 1 / (1 + exp(-sum.value));
        /* The sigmoid's slope is at most 1/4; expf() and a division err by a few units. */
        const double g_bound = sum.bound / 4 + 8 * EPS;

        for (uint32_t y = 0; y < map->height; y++)
            for (uint32_t x = 0; x < map->width; x++) {
                const struct about v = get(map, c, y, x);

                put(map, c, y, x,
                    (struct about){ v.value * g, v.bound * (g + g_bound) +
                                                     fabs(v.value) * (g_bound + EPS) });
            }
    }
}

static void gate(struct naive_state *state, const struct ar_layer *layer,
                 const struct naive_layer *run, struct naive_map *map)
{
    struct follow *running = &state->gates[run->index][map->channels / AR_MODEL_CHANNEL_STEP];
    struct about means[AR_MODEL_MAX_CHANNELS];

    for (uint32_t c = 0; c < map->channels; c++)
        means[c] = mean_of(map, c);
    if (layer->gate_previous) {
        follow_note(running, map->channels, means, 1);
        memcpy(means, follow_choose(running, state->frame), map->channels * sizeof(*means));
    }
    apply_gates(map, layer, means);
}

static struct naive_map separable(struct naive_state *state, const struct ar_layer *layer,
                                  const struct naive_layer *run, uint32_t outputs)
{
    const uint32_t inputs = run->input->channels;
    const uint32_t n_terms = layer->kernel2 ? 2 * inputs : inputs;
    struct naive_map first = filter_each(state, layer, run->input, layer->dw, layer->kernel);
    struct naive_map out = make_map(outputs, first.height, first.width);

    if (layer->gate)
        gate(state, layer, run, &first);
    add_product(&out, &first, layer->weight, layer->max_inputs, n_terms);
    if (layer->kernel2) {
        struct naive_map second =
            filter_each(state, layer, run->input, layer->dw2, layer->kernel2);

        add_product(&out, &second, layer->weight2, layer->max_inputs, n_terms);
        naive_map_finish(&second);
    }
    naive_map_finish(&first);
    return out;
}

static struct naive_map pointwise(const struct ar_layer *layer, const struct ar_tensor *input,
                                  uint32_t outputs)
{
    struct naive_map in = from_tensor(input);
    struct naive_map out = make_map(outputs, in.height, in.width);

    add_product(&out, &in, layer->weight, layer->max_inputs, in.channels);
    naive_map_finish(&in);
    return out;
}

static struct naive_map shuffle(const struct ar_tensor *input, uint32_t outputs)
{
    struct naive_map in = from_tensor(input);
    struct naive_map out = make_map(outputs, 2 * in.height, 2 * in.width);

    for (uint32_t c = 0; c < outputs; c++)
        for (uint32_t y = 0; y < out.height; y++)
            for (uint32_t x = 0; x < out.width; x++)
                put(&out, c, y, x, get(&in, 4 * c + 2 * (y % 2) + x % 2, y / 2, x / 2));
    naive_map_finish(&in);
    return out;
}

static struct naive_map filter(struct naive_state *state, const struct ar_layer *layer,
                               const struct naive_layer *run)
{
    const uint32_t outputs = layer->channels[run->rung];

    switch (layer->op) {
    case AR_LAYER_CONV:
        return conv(state, layer, run->input, outputs);
    case AR_LAYER_SEPARABLE:
        return separable(state, layer, run, outputs);
    case AR_LAYER_POINTWISE:
        return pointwise(layer, run->input, outputs);
    case AR_LAYER_DEPTHWISE:
        return filter_each(state, layer, run->input, layer->dw, layer->kernel);
    default:
        return shuffle(run->input, outputs);
    }
}

/* Mean, and variance as E[x^2] - E[x]^2 because that is what is gathered. */
static void moments_of(const struct naive_map *map, uint32_t c, struct about *mean,
                       struct about *variance)
{
    const double n = (double)map->height * map->width;
    double squares = 0;
    double squares_bound = 0;

    *mean = mean_of(map, c);
    for (uint32_t y = 0; y < map->height; y++)
        for (uint32_t x = 0; x < map->width; x++) {
            const struct about v = get(map, c, y, x);

            squares += v.value * v.value / n;
            squares_bound += (2 * fabs(v.value) * v.bound + v.bound * v.bound +
                              (map->width + 4) * EPS * v.value * v.value) /
                             n;
        }
    *variance = (struct about){
        fmax(squares - mean->value * mean->value, 0),
        squares_bound + 2 * fabs(mean->value) * mean->bound + mean->bound * mean->bound,
    };
}

static void normalise_channel(struct naive_map *map, uint32_t c, struct about mean,
                              struct about variance, double scale, double bias)
{
    const double s = scale / sqrt(variance.value + 1e-5);
    /* d(1 / sqrt(v)) = dv / (2 v sqrt(v)), at the smallest variance within the bound. */
    const double low = fmax(variance.value - variance.bound, 0) + 1e-5;
    const double s_bound = fabs(scale) / sqrt(low) * (variance.bound / (2 * low) + 4 * EPS);

    for (uint32_t y = 0; y < map->height; y++)
        for (uint32_t x = 0; x < map->width; x++) {
            const struct about v = get(map, c, y, x);
            const double centred = v.value - mean.value;
            const double size = (fabs(v.value) + fabs(mean.value)) * fabs(s) + fabs(bias);

            put(map, c, y, x,
                (struct about){ centred * s + bias,
                                (v.bound + mean.bound) * (fabs(s) + s_bound) +
                                    fabs(centred) * s_bound + 4 * EPS * size });
        }
}

/* The mean over the channels of the mean square that the running moments leave. */
static bool describes(const struct about *running, const struct about *own, uint32_t channels)
{
    double sum = 0;

    for (uint32_t c = 0; c < channels; c++) {
        const double shift = own[(size_t)2 * c].value - running[(size_t)2 * c].value;

        sum += (own[(size_t)2 * c + 1].value + shift * shift + 1e-5) /
               (running[(size_t)2 * c + 1].value + 1e-5);
    }
    return sum <= 2.0 * channels && sum >= 0.5 * channels;
}

static void normalise_instance(struct naive_state *state, const struct ar_layer *layer,
                               const struct naive_layer *run, struct naive_map *map)
{
    struct follow *running = &state->norms[run->index][run->rung];
    struct about own[2 * AR_MODEL_MAX_CHANNELS];
    const struct about *used;

    for (uint32_t c = 0; c < map->channels; c++)
        moments_of(map, c, &own[(size_t)2 * c], &own[(size_t)2 * c + 1]);
    follow_note(running, 2 * map->channels, own, (double)state->model->instance_rate);
    running->replace = !describes(follow_choose(running, state->frame), own, map->channels);
    used = follow_choose(running, state->frame);
    for (uint32_t c = 0; c < map->channels; c++)
        normalise_channel(map, c, used[(size_t)2 * c], used[(size_t)2 * c + 1],
                          (double)layer->scale[c], (double)layer->bias[c]);
}

static void normalise_table(const struct ar_layer *layer, uint32_t row, struct naive_map *map)
{
    for (uint32_t c = 0; c < map->channels; c++) {
        const size_t entry = (size_t)row * layer->max_outputs + c;
        const double s = layer->scale ? (double)layer->scale[entry] : 1;
        const double b = (double)layer->bias[entry];

        for (uint32_t y = 0; y < map->height; y++)
            for (uint32_t x = 0; x < map->width; x++) {
                const struct about v = get(map, c, y, x);

                put(map, c, y, x,
                    (struct about){ v.value * s + b,
                                    v.bound * fabs(s) +
                                        4 * EPS * (fabs(v.value * s) + fabs(b)) });
            }
    }
}

static void normalise(struct naive_state *state, const struct ar_layer *layer,
                      const struct naive_layer *run, struct naive_map *map)
{
    if (layer->norm == AR_LAYER_NORM_INSTANCE)
        normalise_instance(state, layer, run, map);
    else if (layer->bias)
        normalise_table(layer, layer->norm == AR_LAYER_NORM_BATCH ? run->rung : 0, map);
}

/* Relu, upsampling, cropping and what is added. */
static struct naive_map complete(const struct ar_layer *layer, const struct naive_layer *run,
                                 const struct naive_map *map)
{
    const uint32_t step = 1u << layer->shift;
    const uint32_t zoom = layer->upsample ? 2 : 1;
    struct naive_map out = make_map(map->channels, (run->height_px + step - 1) / step,
                                    (run->width_px + step - 1) / step);

    for (uint32_t c = 0; c < out.channels; c++)
        for (uint32_t y = 0; y < out.height; y++)
            for (uint32_t x = 0; x < out.width; x++) {
                struct about v = get(map, c, y / zoom, x / zoom);

                if (layer->relu)
                    v.value = fmax(v.value, 0);
                if (run->add && c < run->add->channels) {
                    const double a = (double)ar_tensor_plane(run->add, y, c)[x];

                    v.bound += 2 * EPS * (fabs(v.value) + fabs(a));
                    v.value += a;
                }
                v.bound += (double)FLT_MIN;
                put(&out, c, y, x, v);
            }
    return out;
}

struct naive_state *naive_state_create(const struct ar_model *model)
{
    struct naive_state *state = allocate(1, sizeof(*state));

    state->model = model;
    state->frame = 1;
    return state;
}

void naive_state_destroy(struct naive_state *state)
{
    for (uint32_t i = 0; i < AR_MODEL_MAX_LAYERS; i++)
        for (uint32_t r = 0; r < N_SETS; r++) {
            follow_finish(&state->norms[i][r]);
            follow_finish(&state->gates[i][r]);
        }
    free(state);
}

struct naive_map naive_run(struct naive_state *state, const struct naive_layer *run)
{
    const struct ar_layer *layer = &state->model->layers[run->index];
    struct naive_map filtered = filter(state, layer, run);
    struct naive_map out;

    normalise(state, layer, run, &filtered);
    out = complete(layer, run, &filtered);
    naive_map_finish(&filtered);
    return out;
}

/* One channel at a rung, mean and variance, as another rung's went (nn/moments.h). */
static void follow_channel(struct about *moments, const struct about *old,
                           const struct about *now)
{
    const double scale = (moments[1].value + 1e-5) / (old[1].value + 1e-5);
    const double scale_bound = scale * (moments[1].bound / (moments[1].value + 1e-5) +
                                        old[1].bound / (old[1].value + 1e-5) + 4 * EPS);
    const double step = now[0].value - old[0].value;
    const double root = sqrt(scale);

    moments[0].value += step * root;
    moments[0].bound += (now[0].bound + old[0].bound + EPS * fabs(step)) * root +
                        fabs(step) * scale_bound / root +
                        2 * EPS * (fabs(moments[0].value) + fabs(step) * root);
    moments[1].value = fmax(0, scale * (now[1].value + 1e-5) - 1e-5);
    moments[1].bound = scale * now[1].bound + scale_bound * (now[1].value + 1e-5) +
                       3 * EPS * (moments[1].value + 1e-5);
}

/* The sets of a layer's other rungs go with the one that ran. */
static void follow_rungs(struct follow *rungs, const struct follow *ran, uint64_t frame,
                         const struct about *old)
{
    for (uint32_t r = 0; r < N_SETS; r++) {
        struct follow *const other = &rungs[r];
        const uint32_t n_values =
            other->n_values < ran->n_values ? other->n_values : ran->n_values;

        if (other == ran || !follow_serves(other, frame))
            continue;
        for (uint32_t i = 0; i < n_values; i += 2)
            follow_channel(&other->values[i], &old[i], &ran->values[i]);
        other->frame = frame;
    }
}

static void end_norms(struct follow *rungs, uint64_t frame)
{
    struct about old[2 * AR_MODEL_MAX_CHANNELS];
    struct follow *ran = NULL;
    bool moves = false;

    for (uint32_t r = 0; r < N_SETS; r++) {
        if (!rungs[r].seen)
            continue;
        ran = &rungs[r];
        moves = follow_serves(ran, frame);
        memcpy(old, ran->values, ran->n_values * sizeof(*old));
        follow_end_frame(ran, frame);
    }
    if (moves)
        follow_rungs(rungs, ran, frame, old);
}

void naive_end_frame(struct naive_state *state)
{
    for (uint32_t i = 0; i < AR_MODEL_MAX_LAYERS; i++) {
        end_norms(state->norms[i], state->frame);
        for (uint32_t r = 0; r < N_SETS; r++)
            follow_end_frame(&state->gates[i][r], state->frame);
    }
    state->frame++;
}

void naive_forget(struct naive_state *state)
{
    for (uint32_t i = 0; i < AR_MODEL_MAX_LAYERS; i++)
        for (uint32_t r = 0; r < N_SETS; r++) {
            state->norms[i][r].known = false;
            state->gates[i][r].known = false;
        }
}

uint32_t naive_compare(const struct ar_tensor *got, const struct naive_map *want,
                       const char *what)
{
    uint32_t n_bad = 0;

    if (got->channels != want->channels || got->height != want->height ||
        got->width != want->width) {
        printf("%s: %ux%ux%u, must be %ux%ux%u\n", what, got->channels, got->height, got->width,
               want->channels, want->height, want->width);
        return 1;
    }
    for (uint32_t c = 0; c < got->channels; c++)
        for (uint32_t y = 0; y < got->height; y++)
            for (uint32_t x = 0; x < got->width; x++) {
                const double v = (double)ar_tensor_plane(got, y, c)[x];
                const struct about w = get(want, c, y, x);

                if (fabs(v - w.value) <= w.bound)
                    continue;
                if (n_bad++ == 0)
                    printf("%s: channel %u, row %u, column %u is %.9g, must be %.9g +- %.2g\n",
                           what, c, y, x, v, w.value, w.bound);
            }
    return n_bad;
}
