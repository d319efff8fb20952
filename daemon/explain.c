/* SPDX-License-Identifier: MIT */
#include "daemon/explain.h"

static void same_rung(uint32_t rungs[AR_COST_MAX_SEGMENTS], uint32_t rung)
{
    for (uint32_t s = 0; s < AR_COST_MAX_SEGMENTS; s++)
        rungs[s] = rung;
}

static json_t *layer_json(const struct ar_calibration *calibration, struct ar_work *work,
                          uint32_t layer)
{
    const struct ar_sweep *sweep = &calibration->sweep;
    json_t *macs = json_array();
    json_t *predicted = json_array();
    json_t *measured = json_array();
    struct ar_fit fit;

    ar_sweep_fit_layer(sweep, layer, ar_work_of_layer, work, &fit);
    for (uint32_t rung = 0; rung < sweep->n_rungs; rung++) {
        uint32_t rungs[AR_COST_MAX_SEGMENTS];
        struct ar_fit_work one;

        same_rung(rungs, rung);
        one = ar_work_of_layer(work, layer, rungs);
        json_array_append_new(macs, json_integer((json_int_t)(one.depthwise + one.pointwise)));
        json_array_append_new(predicted, json_real(ar_fit_us(&fit, &one)));
        json_array_append_new(measured, sweep->n_runs[rung] > 0
                                            ? json_real(ar_sweep_layer_us(sweep, layer, rung))
                                            : json_null());
    }
    return json_pack("{s:s, s:i, s:o, s:o, s:o}", "name", work->model->layers[layer].name,
                     "segment", (int)work->model->layers[layer].segment, "mac", macs,
                     "predicted_us", predicted, "measured_us", measured);
}

json_t *ar_explain_json(const struct ar_calibration *calibration, const struct ar_work *work,
                        const char *style)
{
    const struct ar_cost *cost = &calibration->cost;
    struct ar_work copy = *work;
    json_t *widths = json_array();
    json_t *dominated = json_array();
    json_t *frames = json_array();
    json_t *layers = json_array();

    for (uint32_t rung = 0; rung < cost->n_rungs; rung++) {
        json_array_append_new(widths, json_real(cost->widths[rung]));
        json_array_append_new(dominated, json_boolean(cost->dominated[rung]));
        json_array_append_new(frames, json_real(ar_cost_frame_us(cost, rung)));
    }
    for (uint32_t i = 0; i < calibration->sweep.n_layers; i++)
        json_array_append_new(layers, layer_json(calibration, &copy, i));
    return json_pack("{s:s, s:b, s:I, s:o, s:o, s:o, s:o}", "style", style, "kept",
                     calibration->kept, "clock_khz", (json_int_t)calibration->clock_khz,
                     "widths", widths, "dominated", dominated, "frame_us", frames, "layers",
                     layers);
}
