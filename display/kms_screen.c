/* SPDX-License-Identifier: MIT */
#include "display/kms_screen.h"

#include <assert.h>
#include <drm_fourcc.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/macros.h"

#define TAG "kms"

int ar_kms_screen_explain(const struct ar_kms_screen *screen, int ret, const char *what,
                          struct ar_reason *reason)
{
    return ar_reason_set_err(reason, ret, "%s (%s): %s", screen->card.path,
                             screen->card.connector_name, what);
}

void ar_kms_screen_init(struct ar_kms_screen *screen, uint32_t width_px, uint32_t height_px)
{
    *screen = (struct ar_kms_screen){ .card.fd = -1,
                                      .source_width_px = width_px,
                                      .source_height_px = height_px };
}

/* Best first: what the plane does costs us nothing. The last one any screen can do. */
static const struct ar_kms_layout layouts[] = {
    { "NV12 scaled by the screen", AR_FRAME_NV12, DRM_FORMAT_NV12, true },
    { "scaled by the screen", AR_FRAME_XRGB, DRM_FORMAT_XRGB8888, true },
    { "", AR_FRAME_XRGB, DRM_FORMAT_XRGB8888, false },
};

/* Where the plane lies on the screen. */
static struct ar_scale_rect plane_rect(const struct ar_kms_screen *screen)
{
    if (screen->layout->plane_scales)
        return screen->rect;
    return (struct ar_scale_rect){ .width_px = screen->card.mode.hdisplay,
                                   .height_px = screen->card.mode.vdisplay };
}

static uint32_t buffer_width_px(const struct ar_kms_screen *screen)
{
    return screen->layout->plane_scales ? screen->source_width_px : screen->card.mode.hdisplay;
}

static uint32_t buffer_height_px(const struct ar_kms_screen *screen)
{
    return screen->layout->plane_scales ? screen->source_height_px : screen->card.mode.vdisplay;
}

/* How a buffer lies on the screen. */
static void add_plane(const struct ar_kms_screen *screen, const struct ar_kms_buffer *buffer,
                      struct ar_kms_atomic *atomic)
{
    const struct ar_kms_pipe *pipe = &screen->pipe;
    const struct ar_scale_rect rect = plane_rect(screen);

    ar_kms_atomic_add(atomic, pipe, AR_KMS_PLANE_FB_ID, buffer->fb_id);
    ar_kms_atomic_add(atomic, pipe, AR_KMS_PLANE_CRTC_ID, screen->card.crtc);
    ar_kms_atomic_add(atomic, pipe, AR_KMS_PLANE_SRC_X, 0);
    ar_kms_atomic_add(atomic, pipe, AR_KMS_PLANE_SRC_Y, 0);
    ar_kms_atomic_add(atomic, pipe, AR_KMS_PLANE_SRC_W,
                      (uint64_t)buffer_width_px(screen) << 16);
    ar_kms_atomic_add(atomic, pipe, AR_KMS_PLANE_SRC_H,
                      (uint64_t)buffer_height_px(screen) << 16);
    ar_kms_atomic_add(atomic, pipe, AR_KMS_PLANE_CRTC_X, rect.x_px);
    ar_kms_atomic_add(atomic, pipe, AR_KMS_PLANE_CRTC_Y, rect.y_px);
    ar_kms_atomic_add(atomic, pipe, AR_KMS_PLANE_CRTC_W, rect.width_px);
    ar_kms_atomic_add(atomic, pipe, AR_KMS_PLANE_CRTC_H, rect.height_px);
    if (screen->layout->format != AR_FRAME_NV12)
        return;
    ar_kms_atomic_choose(atomic, pipe, AR_KMS_PLANE_COLOR_ENCODING);
    ar_kms_atomic_choose(atomic, pipe, AR_KMS_PLANE_COLOR_RANGE);
}

/* Everything of the pipe in one commit, which may change the mode and waits for it; first without effect. */
static int commit_mode(struct ar_kms_screen *screen, struct ar_reason *reason)
{
    const struct ar_kms_card *card = &screen->card;
    const struct ar_kms_pipe *pipe = &screen->pipe;
    struct ar_kms_atomic atomic = { 0 };
    uint32_t blob = 0;
    int ret = drmModeCreatePropertyBlob(card->fd, &card->mode, sizeof(card->mode), &blob);

    if (ret < 0)
        return ar_kms_screen_explain(screen, ret, "cannot hand over the mode", reason);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_CONNECTOR_CRTC_ID, card->crtc);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_CRTC_ACTIVE, 1);
    ar_kms_atomic_add(&atomic, pipe, AR_KMS_CRTC_MODE_ID, blob);
    add_plane(screen, &screen->buffers[screen->front], &atomic);
    ret = ar_kms_atomic_commit(&atomic, pipe,
                               DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_ATOMIC_ALLOW_MODESET, NULL);
    if (ret == 0)
        ret = ar_kms_atomic_commit(&atomic, pipe, DRM_MODE_ATOMIC_ALLOW_MODESET, NULL);
    /* The CRTC keeps its own reference. */
    drmModeDestroyPropertyBlob(card->fd, blob);
    if (ret == -EACCES || ret == -EPERM)
        return ar_reason_set(reason, -EBUSY, "%s (%s): another program has taken the screen",
                             card->path, card->connector_name);
    return ret < 0 ? ar_kms_screen_explain(screen, ret, "cannot set the mode", reason) : 0;
}

/* Whether the plane can show buffers of another size, while the mode stays. One that is being lost is the next picture's trouble. */
static int test_plane(struct ar_kms_screen *screen, struct ar_reason *reason)
{
    struct ar_kms_atomic atomic = { 0 };
    int ret;

    add_plane(screen, &screen->buffers[screen->front], &atomic);
    ret = ar_kms_atomic_commit(&atomic, &screen->pipe, DRM_MODE_ATOMIC_TEST_ONLY, NULL);
    if (ret == 0 || ret == -EACCES || ret == -EPERM || ret == -ENODEV)
        return 0;
    return ar_kms_screen_explain(screen, ret, "cannot show other pictures", reason);
}

static int prepare_pipe(struct ar_kms_screen *screen, struct ar_reason *reason)
{
    const struct ar_kms_card *card = &screen->card;
    const char *missing;
    int ret = ar_kms_pipe_init(&screen->pipe, card->fd, card->connector, card->crtc,
                               card->plane, &missing);

    if (ret < 0)
        return ar_reason_set(reason, ret, "%s (%s): the driver %s has no property %s",
                             card->path, card->connector_name, card->driver, missing);
    screen->before = drmModeGetCrtc(card->fd, card->crtc);
    return 0;
}

static void release_pictures(const struct ar_kms_screen *screen,
                             struct ar_kms_buffer buffers[2])
{
    for (size_t i = 0; i < AR_ARRAY_LEN(screen->buffers); i++)
        ar_kms_buffer_destroy(&buffers[i], screen->card.fd);
}

static int prepare_buffers(struct ar_kms_screen *screen, struct ar_reason *reason)
{
    int ret = 0;

    screen->front = 0;
    for (size_t i = 0; i < AR_ARRAY_LEN(screen->buffers) && ret == 0; i++)
        ret = ar_kms_buffer_create(&screen->buffers[i], screen->card.fd, screen->layout->fourcc,
                                   buffer_width_px(screen), buffer_height_px(screen));
    return ret < 0 ? ar_kms_screen_explain(screen, ret, "cannot make a frame buffer", reason)
                   : 0;
}

static int prepare_scaler(struct ar_kms_screen *screen, struct ar_reason *reason)
{
    int ret;

    if (screen->layout->plane_scales)
        return 0;
    ret = ar_scaler_init(&screen->scaler, screen->source_width_px, screen->source_height_px,
                         screen->rect.width_px, screen->rect.height_px);
    return ret < 0 ? ar_kms_screen_explain(screen, ret, "cannot make the scaler", reason) : 0;
}

typedef int commit_fn(struct ar_kms_screen *screen, struct ar_reason *reason);

static int try_layout(struct ar_kms_screen *screen, const struct ar_kms_layout *layout,
                      commit_fn *commit, struct ar_reason *reason)
{
    int ret;

    screen->layout = layout;
    ret = prepare_buffers(screen, reason);
    if (ret == 0)
        ret = prepare_scaler(screen, reason);
    if (ret == 0)
        ret = commit(screen, reason);
    if (ret < 0) {
        ar_scaler_finish(&screen->scaler);
        release_pictures(screen, screen->buffers);
    }
    return ret;
}

/* New buffers. Where the screen is lost nothing else will do either. */
static int find_layout(struct ar_kms_screen *screen, commit_fn *commit,
                       struct ar_reason *reason)
{
    int ret = -ENOTSUP;

    screen->rect = ar_scale_fit(screen->source_width_px, screen->source_height_px,
                                screen->card.mode.hdisplay, screen->card.mode.vdisplay);
    for (size_t i = 0; i < AR_ARRAY_LEN(layouts); i++) {
        if (screen->format_given && layouts[i].format != screen->format)
            continue;
        ret = try_layout(screen, &layouts[i], commit, reason);
        if (ret == 0 || ret == -EBUSY || ret == -ENODEV)
            break;
    }
    return ret;
}

const char *ar_kms_screen_words(const struct ar_kms_screen *screen)
{
    const struct ar_kms_layout *layout = screen->layout;
    const bool is_scaled = screen->rect.width_px != screen->source_width_px ||
                           screen->rect.height_px != screen->source_height_px;

    return layout && (is_scaled || layout->format == AR_FRAME_NV12) ? layout->words : "";
}

enum ar_frame_format ar_kms_screen_give_format(struct ar_kms_screen *screen)
{
    screen->format_given = true;
    screen->format = screen->card.fd >= 0 ? screen->layout->format : AR_FRAME_XRGB;
    return screen->format;
}

int ar_kms_screen_open(struct ar_kms_screen *screen, const char *connector,
                       const struct ar_kms_wish *wish, struct ar_reason *reason)
{
    struct ar_kms_card card;
    int ret = ar_kms_card_open(&card, connector, wish, reason);

    if (ret < 0)
        return ret;
    screen->card = card;
    ret = prepare_pipe(screen, reason);
    if (ret == 0)
        ret = find_layout(screen, commit_mode, reason);
    if (ret < 0)
        ar_kms_screen_close(screen);
    return ret;
}

/*
 * Where what was there has gone with its owner, the kernel brings back the console when the last program
 * closes the card.
 */
static void restore(const struct ar_kms_screen *screen)
{
    const struct ar_kms_card *card = &screen->card;
    drmModeCrtc *before = screen->before;
    uint32_t connector = card->connector;
    bool was_on = before->mode_valid && before->buffer_id != 0;
    int ret = was_on ? drmModeSetCrtc(card->fd, before->crtc_id, before->buffer_id, before->x,
                                      before->y, &connector, 1, &before->mode)
                     : drmModeSetCrtc(card->fd, before->crtc_id, 0, 0, 0, NULL, 0, NULL);

    if (ret < 0)
        ar_log(AR_LOG_DEBUG, TAG, "%s (%s): what it showed before is gone", card->path,
               card->connector_name);
}

void ar_kms_screen_close(struct ar_kms_screen *screen)
{
    if (screen->before)
        restore(screen);
    drmModeFreeCrtc(screen->before);
    screen->before = NULL;
    ar_scaler_finish(&screen->scaler);
    release_pictures(screen, screen->buffers);
    release_pictures(screen, screen->leaving);
    screen->renewed = false;
    screen->arriving = false;
    ar_kms_card_close(&screen->card);
}

/* The old buffers go when the new ones are on the screen: taking away what is shown would switch it off. */
int ar_kms_screen_set_mode(struct ar_kms_screen *screen, const drmModeModeInfo *mode,
                           struct ar_reason *reason)
{
    struct ar_kms_buffer old[AR_ARRAY_LEN(screen->buffers)];
    int ret;

    memcpy(old, screen->buffers, sizeof(old));
    memset(screen->buffers, 0, sizeof(screen->buffers));
    ar_scaler_finish(&screen->scaler);
    screen->card.mode = *mode;
    ret = find_layout(screen, commit_mode, reason);
    release_pictures(screen, old);
    release_pictures(screen, screen->leaving);
    screen->renewed = false;
    screen->arriving = false;
    return ret;
}

/* What is on the screen goes when the first picture in a new buffer is there. */
static void keep_shown(struct ar_kms_screen *screen, struct ar_kms_buffer shown[2])
{
    if (screen->renewed)
        release_pictures(screen, shown); /* which it never was */
    else
        memcpy(screen->leaving, shown, sizeof(screen->leaving));
    screen->renewed = true;
}

int ar_kms_screen_resize(struct ar_kms_screen *screen, uint32_t width_px, uint32_t height_px)
{
    struct ar_kms_screen before = *screen;
    struct ar_reason reason;

    if (width_px == screen->source_width_px && height_px == screen->source_height_px)
        return 0;
    if (screen->arriving)
        return -ENOTSUP;
    screen->source_width_px = width_px;
    screen->source_height_px = height_px;
    if (screen->card.fd < 0)
        return 0;
    memset(screen->buffers, 0, sizeof(screen->buffers));
    screen->scaler = (struct ar_scaler){ 0 };
    if (find_layout(screen, test_plane, &reason) < 0) {
        *screen = before;
        return -ENOTSUP;
    }
    ar_scaler_finish(&before.scaler);
    keep_shown(screen, before.buffers);
    return 0;
}

static void copy(const struct ar_kms_buffer *buffer, const struct ar_frame *frame)
{
    for (uint32_t i = 0; i < ar_frame_n_planes(frame->shape.format); i++) {
        const struct ar_frame_plane *plane = &frame->planes[i];
        uint8_t *out = buffer->pixels + (i == 0 ? 0 : buffer->chroma_b);

        for (uint32_t y = 0; y < ar_frame_plane_rows(&frame->shape, i); y++)
            memcpy(out + (size_t)y * buffer->pitch_b, plane->data + (size_t)y * plane->stride_b,
                   ar_frame_plane_width_b(&frame->shape, i));
    }
}

/* The buffer is write-combined: each row is written once, in address order. */
static void scale(struct ar_kms_screen *screen, const struct ar_kms_buffer *buffer,
                  const struct ar_frame *frame)
{
    const struct ar_scale_rect *rect = &screen->rect;
    uint8_t *out =
        buffer->pixels + (size_t)rect->y_px * buffer->pitch_b + (size_t)rect->x_px * 4;

    ar_scaler_begin(&screen->scaler, frame);
    for (uint32_t y = 0; y < rect->height_px; y++, out += buffer->pitch_b)
        ar_scaler_row(&screen->scaler, y, out);
}

int ar_kms_screen_show(struct ar_kms_screen *screen, const struct ar_frame *frame, void *user)
{
    const uint32_t next = 1 - screen->front;
    const struct ar_kms_buffer *back = &screen->buffers[next];
    struct ar_kms_atomic atomic = { 0 };
    int ret;

    assert(frame->shape.format == screen->layout->format);
    if (screen->layout->plane_scales)
        copy(back, frame);
    else
        scale(screen, back, frame);
    if (screen->renewed)
        add_plane(screen, back, &atomic);
    else
        ar_kms_atomic_add(&atomic, &screen->pipe, AR_KMS_PLANE_FB_ID, back->fb_id);
    ret = ar_kms_atomic_commit(&atomic, &screen->pipe,
                               DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT, user);
    if (ret == 0) {
        screen->arriving = screen->renewed;
        screen->renewed = false;
    }
    return ret;
}

void ar_kms_screen_flipped(struct ar_kms_screen *screen)
{
    screen->front = 1 - screen->front;
    if (screen->arriving)
        release_pictures(screen, screen->leaving);
    screen->arriving = false;
}
