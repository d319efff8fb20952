/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <pthreadpool.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xnnpack.h>

#include "base/macros.h"
#include "tests/bench/serve.h"

/*
 * A network by XNNPACK's operators, as one of the engines that tests/bench/peers.py compares:
 * xnn_net NETWORK WEIGHTS INPUT OUTPUT THREADS. Reads planes from INPUT, runs once, writes the result to
 * OUTPUT, says "ready" and serves times (serve.h). All files come from peer_xnnpack.py, which describes them.
 */

#define MAX_STEPS 256
#define ALIGN_B   64
#define N_NUMBERS 13 /* of a line of NETWORK */

struct value {
    void *data; /* of its slot */
    size_t height;
    size_t width;
    size_t channels;
    float scale;
    int8_t zero;
};

struct step {
    char op[16];
    int inputs[2]; /* values; -1: none */
    uint32_t kernel;
    uint32_t stride;
    uint32_t border_px;
    uint32_t groups;
    bool relu;
};

struct network {
    bool int8;
    uint32_t n_steps;
    struct step steps[MAX_STEPS];
    struct value values[MAX_STEPS]; /* each step's result */
    uint32_t slots[MAX_STEPS];
    void *memory[MAX_STEPS]; /* by slot */
    xnn_operator_t operators[MAX_STEPS];
    uint8_t *weights;
    const uint8_t *weight; /* the next to be taken */
    float zeros[XNN_EXTRA_BYTES];
    pthreadpool_t threads;
};

static size_t pixels(const struct value *value)
{
    return value->height * value->width;
}

static const void *take_weights(struct network *net, size_t size_b)
{
    const void *const weights = net->weight;

    net->weight += ar_align_up(size_b, sizeof(float));
    return weights;
}

static float least_f32(const struct step *step)
{
    return step->relu ? 0 : -INFINITY;
}

static int8_t least_int8(const struct step *step, const struct value *out)
{
    return step->relu ? out->zero : INT8_MIN;
}

static enum xnn_status create_conv_f32(struct network *net, const struct step *s,
                                       const struct value *in, const struct value *out,
                                       xnn_operator_t *op)
{
    const size_t n_weights = in->channels / s->groups * s->kernel * s->kernel * out->channels;
    const float *const kernel = take_weights(net, n_weights * sizeof(*kernel));
    const float *const bias = take_weights(net, out->channels * sizeof(*bias));

    return xnn_create_convolution2d_nhwc_f32(s->border_px, s->border_px, s->border_px,
                                             s->border_px, s->kernel, s->kernel, s->stride,
                                             s->stride, 1, 1, s->groups,
                                             in->channels / s->groups,
                                             out->channels / s->groups, in->channels,
                                             out->channels, kernel, bias, least_f32(s),
                                             INFINITY,
                                             s->groups > 1 ? XNN_FLAG_DEPTHWISE_CONVOLUTION : 0,
                                             op);
}

static enum xnn_status create_conv_int8(struct network *net, const struct step *s,
                                        const struct value *in, const struct value *out,
                                        xnn_operator_t *op)
{
    const size_t n_weights = in->channels / s->groups * s->kernel * s->kernel * out->channels;
    const int8_t *const kernel = take_weights(net, n_weights);
    const float *const scales = take_weights(net, out->channels * sizeof(*scales));
    const int32_t *const bias = take_weights(net, out->channels * sizeof(*bias));

    return xnn_create_convolution2d_nhwc_qc8(s->border_px, s->border_px, s->border_px,
                                             s->border_px, s->kernel, s->kernel, s->stride,
                                             s->stride, 1, 1, s->groups,
                                             in->channels / s->groups,
                                             out->channels / s->groups, in->channels,
                                             out->channels, in->zero, in->scale, scales, kernel,
                                             bias, out->zero, out->scale, least_int8(s, out),
                                             INT8_MAX,
                                             s->groups > 1 ? XNN_FLAG_DEPTHWISE_CONVOLUTION : 0,
                                             op);
}

static enum xnn_status make_conv(struct network *net, const struct step *s,
                                 const struct value *out, xnn_operator_t *op)
{
    const struct value *const in = &net->values[s->inputs[0]];
    enum xnn_status status;

    if (net->int8) {
        status = create_conv_int8(net, s, in, out, op);
        return status ? status
                      : xnn_setup_convolution2d_nhwc_qc8(*op, 1, in->height, in->width,
                                                         in->data, out->data, net->threads);
    }
    status = create_conv_f32(net, s, in, out, op);
    return status ? status
                  : xnn_setup_convolution2d_nhwc_f32(*op, 1, in->height, in->width, in->data,
                                                     out->data, net->threads);
}

/* Sums of two values, whose shapes broadcast to the result's. */
struct addends {
    const struct value *values[2];
    const void *data[2];
    size_t shapes[2][5]; /* height, 1 or 2, width, 1 or 2, channels */
};

static enum xnn_status make_sum(struct network *net, const struct addends *a,
                                const struct value *out, xnn_operator_t *op)
{
    enum xnn_status status;

    if (net->int8) {
        status = xnn_create_add_nd_qs8(a->values[0]->zero, a->values[0]->scale,
                                       a->values[1]->zero, a->values[1]->scale, out->zero,
                                       out->scale, INT8_MIN, INT8_MAX, 0, op);
        return status ? status
                      : xnn_setup_add_nd_qs8(*op, 5, a->shapes[0], 5, a->shapes[1], a->data[0],
                                             a->data[1], out->data, net->threads);
    }
    status = xnn_create_add_nd_f32(-INFINITY, INFINITY, 0, op);
    return status ? status
                  : xnn_setup_add_nd_f32(*op, 5, a->shapes[0], 5, a->shapes[1], a->data[0],
                                         a->data[1], out->data, net->threads);
}

static enum xnn_status make_add(struct network *net, const struct step *s,
                                const struct value *out, xnn_operator_t *op)
{
    const struct value *const a = &net->values[s->inputs[0]];
    const struct value *const b = &net->values[s->inputs[1]];

    return make_sum(net,
                    &(struct addends){ { a, b },
                                       { a->data, b->data },
                                       { { a->height, 1, a->width, 1, a->channels },
                                         { b->height, 1, b->width, 1, b->channels } } },
                    out, op);
}

/* There is no nearest neighbour, so each pixel is added to a 2 x 2 block: of another value, or of zeros. */
static enum xnn_status make_double(struct network *net, const struct step *s,
                                   const struct value *out, xnn_operator_t *op)
{
    const struct value *const a = &net->values[s->inputs[0]];
    const struct value zero = { .data = net->zeros, .scale = 1 };
    const bool adds = s->inputs[1] >= 0;
    const struct value *const b = adds ? &net->values[s->inputs[1]] : &zero;

    return make_sum(net,
                    &(struct addends){ { a, b },
                                       { a->data, b->data },
                                       { { a->height, 1, a->width, 1, a->channels },
                                         { adds ? a->height : 1, 2, adds ? a->width : 1, 2,
                                           adds ? a->channels : 1 } } },
                    out, op);
}

static enum xnn_status make_quantise(struct network *net, const struct step *s,
                                     const struct value *out, xnn_operator_t *op)
{
    const struct value *const in = &net->values[s->inputs[0]];
    const enum xnn_status status =
        xnn_create_convert_nc_f32_qs8(in->channels, in->channels, in->channels, out->scale,
                                      out->zero, INT8_MIN, INT8_MAX, 0, op);

    return status ? status
                  : xnn_setup_convert_nc_f32_qs8(*op, pixels(in), in->data, out->data,
                                                 net->threads);
}

static enum xnn_status make_dequantise(struct network *net, const struct step *s,
                                       const struct value *out, xnn_operator_t *op)
{
    const struct value *const in = &net->values[s->inputs[0]];
    const enum xnn_status status =
        xnn_create_convert_nc_qs8_f32(in->channels, in->channels, in->channels, in->scale,
                                      in->zero, 0, op);

    return status ? status
                  : xnn_setup_convert_nc_qs8_f32(*op, pixels(in), in->data, out->data,
                                                 net->threads);
}

/* The planes, read from a file. */
static enum xnn_status make_nothing(struct network *net, const struct step *s,
                                    const struct value *out, xnn_operator_t *op)
{
    return xnn_status_success;
}

static const struct {
    const char *op;
    enum xnn_status (*make)(struct network *net, const struct step *step,
                            const struct value *out, xnn_operator_t *op);
} makers[] = {
    { "input", make_nothing }, { "conv", make_conv },         { "add", make_add },
    { "double", make_double }, { "quantise", make_quantise }, { "dequantise", make_dequantise },
};

static int make(struct network *net, uint32_t index)
{
    const struct step *const step = &net->steps[index];

    for (size_t i = 0; i < AR_ARRAY_LEN(makers); i++) {
        if (strcmp(makers[i].op, step->op) != 0)
            continue;
        return makers[i].make(net, step, &net->values[index], &net->operators[index]) ==
                       xnn_status_success
                   ? 0
                   : -EINVAL;
    }
    return -ENOENT;
}

/* A word, then so many numbers: false where there are fewer, or more. */
static bool read_line(char *line, char *word, size_t word_b, double numbers[N_NUMBERS])
{
    char *rest = strpbrk(line, " \n");
    uint32_t n_read = 0;

    if (!rest || (size_t)(rest - line) >= word_b)
        return false;
    memcpy(word, line, (size_t)(rest - line));
    while (n_read < N_NUMBERS) {
        char *const number = rest;

        numbers[n_read] = strtod(number, &rest);
        if (rest == number)
            return false;
        n_read++;
    }
    return strcmp(rest, "\n") == 0;
}

static int read_step(struct network *net, char *line)
{
    struct step *const s = &net->steps[net->n_steps];
    double n[N_NUMBERS];

    if (net->n_steps == MAX_STEPS || !read_line(line, s->op, sizeof(s->op) - 1, n))
        return -EINVAL;
    s->inputs[0] = (int)n[0];
    s->inputs[1] = (int)n[1];
    s->kernel = (uint32_t)n[2];
    s->stride = (uint32_t)n[3];
    s->border_px = (uint32_t)n[4];
    s->groups = (uint32_t)n[5];
    s->relu = n[6] != 0;
    net->slots[net->n_steps] = (uint32_t)n[7];
    net->values[net->n_steps] = (struct value){ .height = (size_t)n[8],
                                                .width = (size_t)n[9],
                                                .channels = (size_t)n[10],
                                                .scale = (float)n[11],
                                                .zero = (int8_t)n[12] };
    for (int i = 0; i < 2; i++)
        if (s->inputs[i] >= (int)net->n_steps)
            return -EINVAL;
    return net->slots[net->n_steps++] < MAX_STEPS && s->groups > 0 ? 0 : -EINVAL;
}

static int read_network(struct network *net, const char *path)
{
    FILE *const file = fopen(path, "re");
    char line[256];
    int ret = 0;

    if (!file)
        return -errno;
    net->int8 = fgets(line, sizeof(line), file) && strcmp(line, "int8\n") == 0;
    while (ret == 0 && fgets(line, sizeof(line), file))
        ret = read_step(net, line);
    fclose(file);
    return net->n_steps > 0 ? ret : -EINVAL;
}

/* What is not there counts as an end, which the caller's check of the sizes finds. */
static size_t read_file(const char *path, void *bytes, size_t size_b)
{
    FILE *const file = fopen(path, "re");
    size_t n_read = 0;

    if (file) {
        n_read = fread(bytes, 1, size_b, file);
        fclose(file);
    }
    return n_read;
}

static int read_weights(struct network *net, const char *path)
{
    const size_t most_b = 64u << 20;

    net->weights = malloc(most_b);
    if (!net->weights)
        return -ENOMEM;
    net->weight = net->weights;
    return read_file(path, net->weights, most_b) > 0 ? 0 : -EINVAL;
}

/* All values of a slot have room in it: floats, whatever they are. */
static int allocate(struct network *net)
{
    size_t sizes_b[MAX_STEPS] = { 0 };

    for (uint32_t i = 0; i < net->n_steps; i++) {
        const struct value *const v = &net->values[i];
        const size_t size_b = pixels(v) * v->channels * sizeof(float) + XNN_EXTRA_BYTES;

        if (size_b > sizes_b[net->slots[i]])
            sizes_b[net->slots[i]] = ar_align_up(size_b, ALIGN_B);
    }
    for (uint32_t i = 0; i < net->n_steps; i++) {
        void **const memory = &net->memory[net->slots[i]];

        if (!*memory) {
            *memory = aligned_alloc(ALIGN_B, sizes_b[net->slots[i]]);
            if (!*memory)
                return -ENOMEM;
            memset(*memory, 0, sizes_b[net->slots[i]]);
        }
        net->values[i].data = *memory;
    }
    return 0;
}

static void run(void *user)
{
    const struct network *const net = user;

    for (uint32_t i = 0; i < net->n_steps; i++)
        if (net->operators[i])
            xnn_run_operator(net->operators[i], net->threads);
}

static int open_network(struct network *net, char **argv)
{
    int ret = read_network(net, argv[1]);

    if (ret == 0)
        ret = read_weights(net, argv[2]);
    if (ret == 0)
        ret = allocate(net);
    if (ret < 0)
        return ret;
    net->threads = pthreadpool_create(strtoul(argv[5], NULL, 10));
    if (!net->threads || xnn_initialize(NULL) != xnn_status_success)
        return -ENOMEM;
    for (uint32_t i = 0; ret == 0 && i < net->n_steps; i++)
        ret = make(net, i);
    return ret;
}

/* From INPUT to OUTPUT. */
static int paint(struct network *net, char **argv)
{
    const struct value *const in = &net->values[0];
    const struct value *const out = &net->values[net->n_steps - 1];
    const size_t in_b = pixels(in) * in->channels * sizeof(float);
    const size_t out_b = pixels(out) * out->channels * sizeof(float);
    FILE *file;
    bool written;

    if (read_file(argv[3], in->data, in_b) != in_b)
        return -EINVAL;
    run(net);
    file = fopen(argv[4], "we");
    if (!file)
        return -errno;
    written = fwrite(out->data, out_b, 1, file) == 1;
    return fclose(file) == 0 && written ? 0 : -EIO;
}

static void close_network(struct network *net)
{
    for (uint32_t i = 0; i < net->n_steps; i++) {
        if (net->operators[i])
            xnn_delete_operator(net->operators[i]);
        free(net->memory[i]);
    }
    if (net->threads)
        pthreadpool_destroy(net->threads);
    free(net->weights);
}

int main(int argc, char **argv)
{
    static struct network net;
    int ret;

    if (argc != 6) {
        fprintf(stderr, "usage: xnn_net NETWORK WEIGHTS INPUT OUTPUT THREADS\n");
        return EXIT_FAILURE;
    }
    ret = open_network(&net, argv);
    if (ret == 0)
        ret = paint(&net, argv);
    if (ret == 0) {
        puts("ready");
        fflush(stdout);
        ret = bench_serve(&(struct bench_served){ .user = &net, .prepare = run, .run = run });
    }
    close_network(&net);
    if (ret < 0)
        fprintf(stderr, "xnn_net: %s: %s\n", argv[1], strerrordesc_np(-ret));
    return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
