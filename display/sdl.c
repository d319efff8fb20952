/* SPDX-License-Identifier: MIT */
#include <SDL.h>
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "display/backend.h"
#include "display/scale.h"

#define TAG "sdl"

#define PUMP_PERIOD_US   10000 /* a key is answered within this */
#define HIDDEN_PERIOD_US 50000 /* and a window that comes back within this */
#define MIN_SIDE_PX      64

/* A window. Everything of SDL happens in the thread that calls start. */
struct sdl {
    struct ar_display base;
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture; /* the newest picture */
    struct ar_loop_source *pump;
    bool fullscreen;
    bool has_picture;
    bool closed; /* by the user */
    bool failed;
};

static_assert(offsetof(struct sdl, base) == 0, "from_base() casts");

static struct sdl *from_base(struct ar_display *base)
{
    return (struct sdl *)base;
}

static int fail(struct ar_reason *reason, int ret, const char *what)
{
    return ar_reason_set(reason, ret, "sdl: %s: %s", what, SDL_GetError());
}

static void set_hints(void)
{
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* signals are the daemon's */
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    SDL_SetHint(SDL_HINT_APP_NAME, "ar-daemon");
}

static void set_fullscreen(struct sdl *sdl, bool fullscreen)
{
    if (SDL_SetWindowFullscreen(sdl->window, fullscreen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0) <
        0) {
        ar_log(AR_LOG_DEBUG, TAG, "cannot switch full screen: %s", SDL_GetError());
        return;
    }
    sdl->fullscreen = fullscreen;
    SDL_ShowCursor(fullscreen ? SDL_DISABLE : SDL_ENABLE);
}

/* The source's size, smaller when the desktop has no room for it. */
static struct ar_scale_rect window_rect(const struct ar_display_source *source)
{
    struct ar_scale_rect rect = { .width_px = source->width_px,
                                  .height_px = source->height_px };
    SDL_Rect room;

    if (SDL_GetDisplayUsableBounds(0, &room) < 0 || room.w < MIN_SIDE_PX ||
        room.h < MIN_SIDE_PX)
        return rect;
    if (rect.width_px <= (uint32_t)room.w && rect.height_px <= (uint32_t)room.h)
        return rect;
    return ar_scale_fit(source->width_px, source->height_px, (uint32_t)room.w,
                        (uint32_t)room.h);
}

static int open_window(struct sdl *sdl, struct ar_reason *reason)
{
    const struct ar_display_source *source = &sdl->base.source;
    struct ar_scale_rect rect = window_rect(source);
    char title[160] = "ar-daemon";

    if (source->title && source->title[0] != '\0')
        snprintf(title, sizeof(title), "ar-daemon - %s", source->title);
    sdl->window = SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                                   (int)rect.width_px, (int)rect.height_px,
                                   SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (!sdl->window)
        return fail(reason, -EIO, "cannot open a window");
    SDL_SetWindowMinimumSize(sdl->window, MIN_SIDE_PX, MIN_SIDE_PX);
    return 0;
}

/* In place of the one there was, if any. */
static int make_texture(struct sdl *sdl, struct ar_reason *reason)
{
    SDL_Texture *texture =
        SDL_CreateTexture(sdl->renderer, SDL_PIXELFORMAT_IYUV, SDL_TEXTUREACCESS_STREAMING,
                          (int)sdl->base.source.width_px, (int)sdl->base.source.height_px);

    if (!texture)
        return fail(reason, -EIO, "cannot make a YUV texture");
    if (sdl->texture)
        SDL_DestroyTexture(sdl->texture);
    sdl->texture = texture;
    return 0;
}

/* The desktop's accelerated renderer, else pixels by the processor. */
static int open_renderer(struct sdl *sdl, struct ar_reason *reason)
{
    sdl->renderer = SDL_CreateRenderer(sdl->window, -1,
                                       SDL_RENDERER_ACCELERATED | SDL_RENDERER_PRESENTVSYNC);
    if (!sdl->renderer)
        sdl->renderer = SDL_CreateRenderer(sdl->window, -1, SDL_RENDERER_SOFTWARE);
    if (!sdl->renderer)
        return fail(reason, -EIO, "cannot draw in the window");
    SDL_SetYUVConversionMode(SDL_YUV_CONVERSION_JPEG);
    return make_texture(sdl, reason);
}

/* True when there is something new to say. */
static bool describe(struct sdl *sdl)
{
    struct ar_display *base = &sdl->base;
    SDL_RendererInfo info = { .name = "?" };
    char text[sizeof(base->describe)];
    char pixels[40] = "";
    SDL_Point size = { 0 };
    SDL_Point fine = { 0 };

    SDL_GetRendererInfo(sdl->renderer, &info);
    SDL_GetWindowSize(sdl->window, &size.x, &size.y);
    SDL_GetRendererOutputSize(sdl->renderer, &fine.x, &fine.y);
    if (fine.x != size.x || fine.y != size.y)
        snprintf(pixels, sizeof(pixels), ", %dx%d pixels", fine.x, fine.y);
    snprintf(text, sizeof(text), "sdl window %dx%d%s (%s, %s)", size.x, size.y, pixels,
             SDL_GetCurrentVideoDriver(), info.name);
    if (strcmp(text, base->describe) == 0)
        return false;
    snprintf(base->describe, sizeof(base->describe), "%s", text);
    return true;
}

/* The texture in the middle of the window, black around it. */
static int draw(struct sdl *sdl)
{
    struct ar_scale_rect rect;
    int width_px;
    int height_px;

    if (SDL_GetRendererOutputSize(sdl->renderer, &width_px, &height_px) < 0)
        return -EIO;
    if (width_px < 1 || height_px < 1)
        return 0;
    rect = ar_scale_fit(sdl->base.source.width_px, sdl->base.source.height_px,
                        (uint32_t)width_px, (uint32_t)height_px);
    SDL_SetRenderDrawColor(sdl->renderer, 0, 0, 0, 255);
    if (SDL_RenderClear(sdl->renderer) < 0)
        return -EIO;
    if (sdl->has_picture &&
        SDL_RenderCopy(sdl->renderer, sdl->texture, NULL,
                       &(SDL_Rect){ (int)rect.x_px, (int)rect.y_px, (int)rect.width_px,
                                    (int)rect.height_px }) < 0)
        return -EIO;
    SDL_RenderPresent(sdl->renderer);
    return 0;
}

static void on_key(struct sdl *sdl, const SDL_KeyboardEvent *key)
{
    if (key->repeat)
        return;
    switch (key->keysym.sym) {
    case SDLK_q:
    case SDLK_ESCAPE:
        ar_display_emit(&sdl->base, AR_DISPLAY_QUIT);
        break;
    case SDLK_n:
        ar_display_emit(&sdl->base, AR_DISPLAY_NEXT_STYLE);
        break;
    case SDLK_f:
        set_fullscreen(sdl, !sdl->fullscreen);
        break;
    default:
        break;
    }
}

/* The desktop asks us to go where its last window has been closed; where none has, it has gone itself. */
static void on_quit(struct sdl *sdl)
{
    struct ar_reason reason;

    if (sdl->closed || sdl->failed)
        return;
    sdl->failed = true;
    ar_reason_set(&reason, -EIO, "sdl: the desktop is gone");
    ar_display_emit_failed(&sdl->base, &reason);
}

static int set_pump(struct sdl *sdl, uint64_t period_us)
{
    return ar_loop_set_timer(sdl->pump, ar_clock_now_us() + period_us, period_us);
}

static void set_state(struct sdl *sdl, enum ar_display_state state)
{
    if (state == sdl->base.condition.state)
        return;
    sdl->base.condition.state = state;
    set_pump(sdl, state == AR_DISPLAY_UP ? PUMP_PERIOD_US : HIDDEN_PERIOD_US);
    ar_display_emit(&sdl->base, AR_DISPLAY_CHANGED);
}

static void on_window(struct sdl *sdl, const SDL_WindowEvent *event)
{
    switch (event->event) {
    case SDL_WINDOWEVENT_MINIMIZED:
    case SDL_WINDOWEVENT_HIDDEN:
        set_state(sdl, AR_DISPLAY_HIDDEN);
        break;
    case SDL_WINDOWEVENT_SHOWN:
    case SDL_WINDOWEVENT_RESTORED:
    case SDL_WINDOWEVENT_MAXIMIZED:
        set_state(sdl, AR_DISPLAY_UP);
        break;
    case SDL_WINDOWEVENT_CLOSE:
        sdl->closed = true;
        ar_display_emit(&sdl->base, AR_DISPLAY_QUIT);
        break;
    default:
        break;
    }
}

static bool changes_window(const SDL_WindowEvent *event)
{
    return event->event == SDL_WINDOWEVENT_EXPOSED ||
           event->event == SDL_WINDOWEVENT_SIZE_CHANGED;
}

static void on_pump(void *user, uint64_t n_expired)
{
    struct sdl *sdl = user;
    bool changed = false;
    SDL_Event event;

    while (SDL_PollEvent(&event)) {
        if (event.type == SDL_QUIT)
            on_quit(sdl);
        else if (event.type == SDL_KEYDOWN)
            on_key(sdl, &event.key);
        else if (event.type == SDL_WINDOWEVENT) {
            on_window(sdl, &event.window);
            changed = changed || changes_window(&event.window);
        }
    }
    if (!changed)
        return;
    draw(sdl);
    if (describe(sdl))
        ar_display_emit(&sdl->base, AR_DISPLAY_CHANGED);
}

/* The window keeps its size, and its picture until it must be drawn again. */
static int resize(struct ar_display *base, struct ar_reason *reason)
{
    struct sdl *sdl = from_base(base);
    int ret = make_texture(sdl, reason);

    if (ret == 0)
        sdl->has_picture = false;
    return ret;
}

static int stop(struct ar_display *base, struct ar_reason *reason)
{
    struct sdl *sdl = from_base(base);

    ar_loop_remove(&sdl->pump);
    if (sdl->texture)
        SDL_DestroyTexture(sdl->texture);
    if (sdl->renderer)
        SDL_DestroyRenderer(sdl->renderer);
    if (sdl->window)
        SDL_DestroyWindow(sdl->window);
    sdl->texture = NULL;
    sdl->renderer = NULL;
    sdl->window = NULL;
    SDL_Quit();
    return 0;
}

static int start_pump(struct sdl *sdl, struct ar_reason *reason)
{
    int ret = ar_loop_add_timer(sdl->base.loop, on_pump, sdl, &sdl->pump);

    if (ret == 0)
        ret = set_pump(sdl, PUMP_PERIOD_US);
    return ret < 0 ? ar_reason_set_err(reason, ret, "sdl: cannot start the event timer") : 0;
}

/* Where SDL finds no desktop it may settle for memory, which nobody sees. By name it is what was asked for. */
static int open_desktop(struct ar_reason *reason)
{
    if (SDL_Init(SDL_INIT_VIDEO) < 0)
        return fail(reason, -ENODEV, "no desktop to open a window on");
    if (strcmp(SDL_GetCurrentVideoDriver(), "offscreen") == 0 &&
        !SDL_getenv("SDL_VIDEODRIVER")) {
        SDL_Quit();
        return ar_reason_set(reason, -ENODEV, "sdl: no desktop to open a window on");
    }
    return 0;
}

static int start(struct ar_display *base, struct ar_reason *reason)
{
    struct sdl *sdl = from_base(base);
    int ret;

    set_hints();
    ret = open_desktop(reason);
    if (ret < 0)
        return ret;
    sdl->has_picture = false;
    sdl->closed = false;
    sdl->failed = false;
    sdl->fullscreen = false;
    base->shape = (struct ar_frame_shape){ .width_px = base->source.width_px,
                                           .height_px = base->source.height_px,
                                           .format = AR_FRAME_I420,
                                           .range = AR_FRAME_FULL };
    ret = open_window(sdl, reason);
    if (ret == 0)
        ret = open_renderer(sdl, reason);
    if (ret == 0)
        ret = start_pump(sdl, reason);
    if (ret < 0) {
        stop(base, NULL);
        return ret;
    }
    if (base->params.fullscreen)
        set_fullscreen(sdl, true);
    describe(sdl);
    draw(sdl);
    return 0;
}

static int show_picture(struct sdl *sdl, const struct ar_frame *frame)
{
    const struct ar_frame_plane *planes = frame->planes;

    if (SDL_UpdateYUVTexture(sdl->texture, NULL, planes[0].data, (int)planes[0].stride_b,
                             planes[1].data, (int)planes[1].stride_b, planes[2].data,
                             (int)planes[2].stride_b) < 0)
        return -EIO;
    sdl->has_picture = true;
    return draw(sdl);
}

static void show(struct ar_display *base, struct ar_frame **frame)
{
    struct sdl *sdl = from_base(base);
    struct ar_reason reason;

    if (!sdl->failed && show_picture(sdl, *frame) < 0) {
        sdl->failed = true;
        fail(&reason, -EIO, "cannot draw in the window");
        ar_display_emit_failed(base, &reason);
    }
    if (!sdl->failed)
        ar_display_emit_shown(base, *frame, ar_clock_now_us());
    ar_frame_unref(frame);
}

const struct ar_display_backend ar_display_sdl = {
    .name = "sdl",
    .size_b = sizeof(struct sdl),
    .only_one = true, /* its state is the process's */
    .automatic = AR_DISPLAY_AUTO_DESKTOP,
    .configure = ar_display_configure_plain,
    .start = start,
    .stop = stop,
    .resize = resize,
    .show = show,
};
