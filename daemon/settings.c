/* SPDX-License-Identifier: MIT */
#include "daemon/settings.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/workers.h"
#include "daemon/styles.h"
#include "nn/model.h"

static const char *const log_levels[] = { "error", "warn", "info", "debug", NULL };
static const char *const loop_kinds[] = { "auto", "io_uring", "poll", NULL };

/* In the order of enum ar_daemon_reload. */
static const char *const reloads[] = { "asked", "on-change", NULL };

static const char *const precisions[] = { "auto", "f32", "int8", NULL };

static const struct ar_option network_options[] = {
    { .key = "style",
      .type = AR_OPTION_TEXT,
      .offset = offsetof(struct ar_network_params, style),
      .fallback = "starry_night",
      .apply = AR_OPTION_LIVE,
      .help = "style to paint in: a name, or the path of a model file" },
    { .key = "style_path",
      .type = AR_OPTION_TEXT,
      .offset = offsetof(struct ar_network_params, style_path),
      .fallback = "",
      .apply = AR_OPTION_LIVE,
      .help = "folder with styles of your own, looked in first" },
    { .key = "strength",
      .type = AR_OPTION_FRACTION,
      .offset = offsetof(struct ar_network_params, blend.strength),
      .fallback = "1",
      .max = 1,
      .apply = AR_OPTION_LIVE,
      .help = "how much of the painting is seen; the rest is the camera's own picture" },
    { .key = "fade",
      .type = AR_OPTION_DURATION,
      .offset = offsetof(struct ar_network_params, blend.fade_us),
      .fallback = "400ms",
      .max = 2000000,
      .zero_word = "off",
      .apply = AR_OPTION_LIVE,
      .help = "how long one style takes to turn into the next" },
    { .key = "precision",
      .type = AR_OPTION_CHOICE,
      .offset = offsetof(struct ar_network_params, precision),
      .fallback = "auto",
      .choices = precisions,
      .apply = AR_OPTION_STAGE,
      .help = "numbers to paint with; auto takes int8 where the processor has a dot product" },
    { .key = "threads",
      .type = AR_OPTION_COUNT,
      .offset = offsetof(struct ar_network_params, threads),
      .fallback = "auto",
      .min = 1,
      .max = AR_WORKERS_MAX,
      .zero_word = "auto",
      .apply = AR_OPTION_STAGE,
      .help =
          "threads that paint; auto leaves one core to camera and screen when there are more than two" },
    { .key = "pin",
      .type = AR_OPTION_BOOL,
      .offset = offsetof(struct ar_network_params, pin),
      .fallback = "no",
      .apply = AR_OPTION_STAGE,
      .help = "keep each thread that paints on a processor of its own" },
    { 0 },
};

static const struct ar_option daemon_options[] = {
    { .key = "frames",
      .type = AR_OPTION_COUNT,
      .offset = offsetof(struct ar_daemon_params, frames),
      .fallback = "unlimited",
      .min = 1,
      .max = 4294967295.0,
      .zero_word = "unlimited",
      .apply = AR_OPTION_RESTART,
      .help = "stop after so many painted frames" },
    { .key = "log",
      .type = AR_OPTION_CHOICE,
      .offset = offsetof(struct ar_daemon_params, log),
      .fallback = "info",
      .choices = log_levels,
      .apply = AR_OPTION_LIVE,
      .help = "least important kind of line that is logged" },
    { .key = "loop",
      .type = AR_OPTION_CHOICE,
      .offset = offsetof(struct ar_daemon_params, loop),
      .fallback = "auto",
      .choices = loop_kinds,
      .apply = AR_OPTION_RESTART,
      .help = "how to wait for events; auto takes io_uring where the kernel allows it" },
    { .key = "socket",
      .type = AR_OPTION_TEXT,
      .offset = offsetof(struct ar_daemon_params, socket),
      .fallback = "",
      .apply = AR_OPTION_RESTART,
      .help = "control socket; empty for the usual place, none for no control" },
    { .key = "reload",
      .type = AR_OPTION_CHOICE,
      .offset = offsetof(struct ar_daemon_params, reload),
      .fallback = "asked",
      .choices = reloads,
      .apply = AR_OPTION_LIVE,
      .help =
          "read the files again when asked (SIGHUP, ar-ctl reload), or also when one changes" },
    { .key = "trace",
      .type = AR_OPTION_TEXT,
      .offset = offsetof(struct ar_daemon_params, trace),
      .fallback = "",
      .apply = AR_OPTION_RESTART,
      .help = "file for every frame's decisions and times, as JSON lines; empty for none" },
    { 0 },
};

static const struct ar_option no_options[] = { { 0 } };

void ar_settings_sections(struct ar_settings *settings,
                          struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1])
{
    const struct ar_config_section list[AR_SETTINGS_N_SECTIONS + 1] = {
        { "capture", ar_capture_options, &settings->capture },
        { .name = "capture.controls",
          .options = no_options,
          .entries = &settings->capture.controls,
          .entry_help = "a control of the camera, as --list-devices names it" },
        { "network", network_options, &settings->network },
        { "decoder", ar_decoder_options, &settings->decoder },
        { "budget", ar_budget_options, &settings->budget },
        { "display", ar_display_options, &settings->display },
        { "daemon", daemon_options, &settings->daemon },
    };

    uint32_t n = 0;

    memcpy(sections, list, sizeof(list));
    for (struct ar_config_section *section = sections; section->name; section++) {
        section->origins = settings->origins + n;
        n += ar_config_n_keys_max(section);
    }
    assert(n <= AR_SETTINGS_MAX_KEYS);
}

static int check_size(const struct ar_settings *settings, struct ar_reason *reason)
{
    struct ar_capture_params params = settings->capture;
    struct ar_capture *capture = NULL;
    int ret;

    snprintf(params.source, sizeof(params.source), "auto");
    ret = ar_capture_create(&capture, &params, reason);
    ar_capture_destroy(capture);
    return ret;
}

static int check_source(const struct ar_settings *settings, struct ar_reason *reason)
{
    struct ar_capture_params params = settings->capture;
    struct ar_capture *capture = NULL;
    int ret;

    params.size = (struct ar_option_size){ 0, 0 }; /* has a check of its own */
    ret = ar_capture_create(&capture, &params, reason);
    ar_capture_destroy(capture);
    return ret;
}

static int check_output(const struct ar_settings *settings, struct ar_reason *reason)
{
    struct ar_display_params list[AR_DISPLAY_MAX];
    const int n = ar_display_split(&settings->display, list, reason);
    int ret = n < 0 ? n : 0;

    for (int i = 0; i < n && ret == 0; i++) {
        struct ar_display *display = NULL;

        ret = ar_display_create(&display, &list[i], reason);
        ar_display_destroy(display);
    }
    return ret;
}

static int check_style_path(const struct ar_settings *settings, struct ar_reason *reason)
{
    return ar_styles_check_folder(settings->network.style_path, reason);
}

static int check_style(const struct ar_settings *settings, struct ar_reason *reason)
{
    const char *name = settings->network.style;
    struct ar_model *model = NULL;
    struct ar_styles styles = { .n_styles = 0 };
    char path[512];
    int ret;

    ar_styles_find(&styles, settings->network.style_path);
    ret = ar_styles_resolve(&styles, name, path, sizeof(path), reason);
    if (ret == 0)
        ret = ar_model_open(&model, path, reason);
    ar_model_close(model);
    return ret;
}

const struct ar_settings_check ar_settings_checks[] = {
    { "capture.size", false, check_size },     { "capture.source", false, check_source },
    { "display.output", false, check_output }, { "network.style_path", true, check_style_path },
    { "network.style", true, check_style },    { .key = NULL },
};
