/* SPDX-License-Identifier: MIT */
#include "daemon/calibration.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/shortage.h"

#define VERSION     2
#define MAX_FILE_B  (1u << 20)
#define MAX_US      1e8 /* of one layer: whoever needs longer has other worries */
#define SWEEP_US    1800000u
#define LEAST_RUNGS 3 /* narrowest, widest, middle */

/* ---- what it hangs on */

static uint64_t fnv1a(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
    return hash;
}

/* A key is made of many things. NOLINTNEXTLINE(readability-function-size) */
void ar_calibration_key_make(struct ar_calibration_key *key, const struct ar_painter *painter,
                             const struct ar_frame_shape *in, const struct ar_frame_shape *out,
                             const char *tier, uint32_t n_threads, const char *cpu,
                             uint32_t max_khz)
{
    snprintf(key->text, sizeof(key->text),
             "ar-daemon %s; model %016" PRIx64 "; cpu %s; kernels %s; %s; %u threads; %ux%u; "
             "formats %u %u; %u kHz",
             AR_VERSION, painter->model->info.hash, cpu, tier,
             ar_painter_precision_name(painter), n_threads, in->width_px, in->height_px,
             (unsigned)in->format, (unsigned)out->format, max_khz);
    key->hash = fnv1a(key->text);
}

static int file_path(char *path, size_t path_b, const char *folder,
                     const struct ar_calibration_key *key)
{
    const int length =
        snprintf(path, path_b, "%s/calibration-%016" PRIx64 ".json", folder, key->hash);

    return length > 0 && (size_t)length < path_b ? 0 : -ENAMETOOLONG;
}

/* ---- to and from JSON */

static json_t *times_json(const struct ar_sweep *sweep, uint32_t rung, uint32_t n,
                          double (*us_of)(const struct ar_sweep *, uint32_t, uint32_t))
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(list, json_real(us_of(sweep, i, rung)));
    return list;
}

static json_t *to_json(const struct ar_calibration *calibration,
                       const struct ar_calibration_key *key)
{
    const struct ar_sweep *sweep = &calibration->sweep;
    json_t *rungs = json_array();
    json_t *after = json_array();

    for (uint32_t i = 0; i < AR_CALIBRATION_N_AFTER; i++)
        json_array_append_new(after, json_real((double)calibration->after_us[i]));
    for (uint32_t rung = 0; rung < sweep->n_rungs; rung++) {
        if (sweep->n_runs[rung] == 0)
            continue;
        json_array_append_new(rungs,
                              json_pack("{s:i, s:o, s:o}", "rung", (int)rung, "layers_us",
                                        times_json(sweep, rung, sweep->n_layers,
                                                   ar_sweep_layer_us),
                                        "segments_us",
                                        times_json(sweep, rung, sweep->n_segments,
                                                   ar_sweep_segment_us)));
    }
    return json_pack("{s:i, s:s, s:I, s:o, s:o}", "version", VERSION, "key", key->text,
                     "clock_khz", (json_int_t)calibration->clock_khz, "after_us", after,
                     "rungs", rungs);
}

/* False unless there are exactly n numbers that can be times. */
static bool read_times(const json_t *list, float *us, uint32_t n)
{
    if (json_array_size(list) != n)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        const json_t *number = json_array_get(list, i);
        const double value = json_number_value(number);

        if (!json_is_number(number) || !(value >= 0.0 && value <= MAX_US))
            return false;
        us[i] = (float)value;
    }
    return true;
}

static bool read_rung(struct ar_sweep *sweep, const json_t *object)
{
    const json_t *rung = json_object_get(object, "rung");
    float layers_us[AR_SWEEP_MAX_LAYERS];
    float segments_us[AR_COST_MAX_SEGMENTS];

    if (!json_is_integer(rung) || json_integer_value(rung) < 0 ||
        json_integer_value(rung) >= (json_int_t)sweep->n_rungs ||
        sweep->n_runs[json_integer_value(rung)] > 0 ||
        !read_times(json_object_get(object, "layers_us"), layers_us, sweep->n_layers) ||
        !read_times(json_object_get(object, "segments_us"), segments_us, sweep->n_segments))
        return false;
    ar_sweep_add(sweep, (uint32_t)json_integer_value(rung), layers_us, segments_us);
    return true;
}

static bool from_json(struct ar_calibration *calibration, const struct ar_calibration_key *key,
                      const json_t *root)
{
    const json_t *rungs = json_object_get(root, "rungs");
    const char *text = json_string_value(json_object_get(root, "key"));
    const json_int_t clock_khz = json_integer_value(json_object_get(root, "clock_khz"));
    const json_t *rung;
    size_t i;

    if (json_integer_value(json_object_get(root, "version")) != VERSION || !text ||
        strcmp(text, key->text) != 0 || clock_khz < 0 || clock_khz > UINT32_MAX ||
        !read_times(json_object_get(root, "after_us"), calibration->after_us,
                    AR_CALIBRATION_N_AFTER) ||
        json_array_size(rungs) < 1)
        return false;
    calibration->clock_khz = (uint32_t)clock_khz;
    json_array_foreach(rungs, i, rung) if (!read_rung(&calibration->sweep, rung)) return false;
    return true;
}

/* ---- the file */

static int read_file(const char *path, char **text, size_t *length)
{
    FILE *file = fopen(path, "re");
    int ret = 0;

    *text = NULL;
    if (!file)
        return -errno;
    *text = malloc(MAX_FILE_B);
    if (!*text)
        ret = -ENOMEM;
    else
        *length = fread(*text, 1, MAX_FILE_B, file);
    if (ret == 0 && (ferror(file) || *length == MAX_FILE_B))
        ret = -EINVAL;
    fclose(file);
    return ret;
}

struct ar_work ar_calibration_work(const struct ar_calibration *calibration)
{
    struct ar_work work = calibration->work;

    work.model = calibration->network.n_layers > 0 ? &calibration->network : NULL;
    return work;
}

static int finish(struct ar_calibration *calibration, const struct ar_work *work)
{
    struct ar_work copy = *work;

    calibration->work = *work;
    calibration->work.model = NULL;
    calibration->network = *work->model;
    calibration->network.file = NULL;
    ar_work_fill_cost(work, &calibration->cost);
    return ar_sweep_finish(&calibration->sweep, ar_work_of_layer, &copy, &calibration->cost);
}

int ar_calibration_load(struct ar_calibration *calibration, const char *folder,
                        const struct ar_calibration_key *key, const struct ar_work *work,
                        struct ar_reason *reason)
{
    char path[512];
    char *text = NULL;
    size_t length = 0;
    json_t *root;
    int ret = file_path(path, sizeof(path), folder, key);

    ar_work_begin_sweep(work, &calibration->sweep);
    ar_shortage_take();
    if (ret == 0)
        ret = read_file(path, &text, &length);
    if (ret == -ENOENT)
        return ret;
    root = ret == 0 ? json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    free(text);
    if (ret == -ENOMEM || ar_shortage_take())
        ret = ar_reason_set_err(reason, -ENOMEM, "%s", path);
    else if (!root || !from_json(calibration, key, root) || finish(calibration, work) < 0)
        ret = ar_reason_set(reason, -EINVAL, "%s: not a calibration of this set-up", path);
    json_decref(root);
    calibration->kept = ret == 0;
    return ret;
}

int ar_calibration_save(const struct ar_calibration *calibration, const char *folder,
                        const struct ar_calibration_key *key, struct ar_reason *reason)
{
    char path[512];
    json_t *root;
    char *text;
    int ret;

    ar_shortage_take();
    root = to_json(calibration, key);
    text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) : NULL;
    ret = ar_shortage_take() || !text ? -ENOMEM : file_path(path, sizeof(path), folder, key);
    if (ret == 0)
        ret = ar_file_replace(path, text, strlen(text), reason);
    else
        ar_reason_set_err(reason, ret, "%s", folder);
    free(text);
    json_decref(root);
    return ret;
}

/* ---- the sweep */

static void measure(struct ar_painter *painter, const struct ar_frame *in, struct ar_frame *out,
                    uint32_t rung, struct ar_sweep *sweep)
{
    const uint32_t n_segments = ar_decoder_n_segments(painter->decoder);
    uint64_t layers_ns[AR_MODEL_MAX_LAYERS] = { 0 };
    float layers_us[AR_SWEEP_MAX_LAYERS];
    float segments_us[AR_COST_MAX_SEGMENTS];
    uint64_t start_ns = ar_clock_now_ns();

    ar_net_time_layers(painter->net, layers_ns);
    ar_encoder_run(painter->encoder, in, rung);
    for (uint32_t segment = 0; segment < n_segments; segment++) {
        const uint64_t now_ns = ar_clock_now_ns();

        segments_us[segment] = (float)(now_ns - start_ns) / 1e3F;
        start_ns = now_ns;
        if (segment + 1 < n_segments)
            ar_decoder_run(painter->decoder, segment, rung);
        else
            ar_decoder_paint(painter->decoder, rung, in, out);
    }
    segments_us[n_segments] = (float)(ar_clock_now_ns() - start_ns) / 1e3F;
    ar_net_time_layers(painter->net, NULL);
    for (uint32_t i = 0; i < sweep->n_layers; i++)
        layers_us[i] = (float)layers_ns[i] / 1e3F;
    ar_sweep_add(sweep, rung, layers_us, segments_us);
}

/* The widest so far is as long as the next one can be, but for the very first ones. */
static bool has_time(uint64_t spent_us, uint64_t longest_us, uint32_t n_measured)
{
    return n_measured < LEAST_RUNGS || spent_us + longest_us <= SWEEP_US;
}

int ar_calibration_measure(struct ar_calibration *calibration, struct ar_painter *painter,
                           const struct ar_frame *in, struct ar_frame *out,
                           const atomic_bool *stop)
{
    const uint64_t start_us = ar_clock_now_us();
    const struct ar_work work = ar_painter_work(painter);
    struct ar_sweep unmeasured;
    uint64_t longest_us = 0;
    uint32_t rung;

    ar_work_begin_sweep(&work, &calibration->sweep);
    ar_work_begin_sweep(&work, &unmeasured);
    measure(painter, in, out, 0, &unmeasured); /* touches all memory once */
    for (uint32_t i = 0; ar_sweep_next(&calibration->sweep, i, &rung); i++) {
        const uint64_t now_us = ar_clock_now_us();

        if (atomic_load(stop))
            return -ECANCELED;
        if (!has_time(now_us - start_us, longest_us, i))
            break;
        measure(painter, in, out, rung, &calibration->sweep);
        if (ar_clock_now_us() - now_us > longest_us)
            longest_us = ar_clock_now_us() - now_us;
    }
    ar_net_forget(painter->net);
    calibration->kept = false;
    calibration->took_us = ar_clock_now_us() - start_us;
    return finish(calibration, &work);
}

/* ---- what comes after the network */

#define AFTER_RUNS  5
#define AFTER_CHUNK 8 /* row pairs */

struct blend_job {
    struct ar_decoder_blend *blend;
    struct ar_frame *out;
};

static void blend_pairs(void *user, uint32_t first, uint32_t end, uint32_t worker)
{
    const struct blend_job *const job = user;

    ar_decoder_blend_rows(job->blend, job->out, first, end, worker);
}

/* As a pass of its own, which takes a little more than behind what was just emitted. */
static float time_blend_us(struct ar_decoder_blend *blend, struct ar_workers *workers,
                           const struct ar_frame *in, struct ar_frame *out)
{
    struct blend_job job = { blend, out };
    uint64_t least_ns = UINT64_MAX;

    for (uint32_t i = 0; i < AFTER_RUNS; i++) {
        const uint64_t start_ns = ar_clock_now_ns();
        uint64_t took_ns;

        ar_decoder_blend_begin(blend, in);
        ar_workers_run(workers, blend_pairs, &job, out->shape.height_px / 2, AFTER_CHUNK);
        took_ns = ar_clock_now_ns() - start_ns;
        least_ns = took_ns < least_ns ? took_ns : least_ns;
    }
    return (float)least_ns / 1e3F;
}

void ar_calibration_measure_after(struct ar_calibration *calibration,
                                  struct ar_decoder_blend *blend, struct ar_workers *workers,
                                  const struct ar_frame *in, struct ar_frame *out,
                                  struct ar_frame *before)
{
    ar_decoder_blend_forget(blend);
    ar_decoder_blend_set_params(blend, &(struct ar_decoder_blend_params){ .strength = 0.5 });
    calibration->after_us[AR_CALIBRATION_CAMERA] = time_blend_us(blend, workers, in, out);
    ar_decoder_blend_set_params(blend, &(struct ar_decoder_blend_params){
                                           .strength = 1.0, .fade_us = UINT64_MAX });
    ar_decoder_blend_fade_from(blend, before);
    calibration->after_us[AR_CALIBRATION_FADE] = time_blend_us(blend, workers, in, out);
    ar_decoder_blend_forget(blend);
}
