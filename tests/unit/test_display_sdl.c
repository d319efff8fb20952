/* SPDX-License-Identifier: MIT */
#include <SDL.h>
#include <errno.h>
#include <signal.h>

#include "base/macros.h"
#include "tests/unit/display_rig.h"

/*
 * By default in SDL's dummy desktop, so that no window opens on a developer's screen. With
 * AR_TEST_SDL=x11 and a DISPLAY (xvfb-run -a) in a real one.
 */

#define WIDTH_PX  160
#define HEIGHT_PX 90
#define TICK_US   UINT64_C(30000) /* the window looks for events more often */

/* Tests are processes of one thread. NOLINTBEGIN(concurrency-mt-unsafe) */
static void set_desktop(const char *driver, const char *display)
{
    setenv("SDL_VIDEODRIVER", driver, 1);
    if (display)
        setenv("DISPLAY", display, 1);
    /* libdbus, which SDL loads, would start a bus, and keep memory for it. */
    setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:", 1);
}

static const char *chosen_driver(void)
{
    const char *driver = getenv("AR_TEST_SDL");

    return driver ? driver : "dummy";
}
/* NOLINTEND(concurrency-mt-unsafe) */

static void start(struct rig *rig)
{
    rig_init(rig);
    set_desktop(chosen_driver(), NULL);
    ck_assert_int_eq(rig_start(rig, "sdl", WIDTH_PX, HEIGHT_PX, 30000, NULL), 0);
    rig_run(rig, TICK_US);
}

static SDL_Window *window(void)
{
    SDL_Window *found = SDL_GetWindowFromID(1);

    ck_assert_ptr_nonnull(found);
    return found;
}

static void show_colour(struct rig *rig, const uint8_t yuv[3])
{
    struct ar_frame *frame = ar_pool_take(rig->pool);

    ck_assert_ptr_nonnull(frame);
    ar_frame_fill(frame, yuv);
    frame->sequence = 7;
    frame->capture_us = 77;
    ar_display_show(rig->display, &frame);
    ck_assert_ptr_null(frame);
}

/* R, G, B in the window within 3 of what is wanted. */
static void check_pixel(int x, int y, const uint8_t want[3])
{
    uint8_t got[4] = { 0 };

    ck_assert_int_eq(SDL_RenderReadPixels(SDL_GetRenderer(window()), &(SDL_Rect){ x, y, 1, 1 },
                                          SDL_PIXELFORMAT_RGBA32, got, sizeof(got)),
                     0);
    for (int i = 0; i < 3; i++)
        ck_assert_msg(abs(got[i] - want[i]) <= 3, "at %d,%d: %u %u %u, not %u %u %u", x, y,
                      got[0], got[1], got[2], want[0], want[1], want[2]);
}

static void press(struct rig *rig, SDL_Keycode key, bool repeat)
{
    SDL_Event event = { .key = { .type = SDL_KEYDOWN,
                                 .state = SDL_PRESSED,
                                 .repeat = repeat,
                                 .keysym = { .sym = key } } };

    ck_assert_int_eq(SDL_PushEvent(&event), 1);
    rig_run(rig, TICK_US);
}

static const struct {
    uint8_t yuv[3]; /* full range */
    uint8_t rgb[3];
} colours[] = {
    { { 76, 85, 255 }, { 254, 0, 0 } },       { { 150, 44, 21 }, { 0, 255, 1 } },
    { { 255, 128, 128 }, { 255, 255, 255 } }, { { 0, 128, 128 }, { 0, 0, 0 } },
    { { 235, 128, 128 }, { 235, 235, 235 } }, /* not stretched, as limited range would be */
};

START_TEST(colours_are_full_range)
{
    struct rig rig;

    start(&rig);
    show_colour(&rig, colours[_i].yuv);
    check_pixel(WIDTH_PX / 2, HEIGHT_PX / 2, colours[_i].rgb);
    ck_assert_uint_eq(rig.n_shown, 1);
    ck_assert_uint_eq(rig.shown[0].sequence, 7);
    ck_assert_uint_eq(rig.shown[0].capture_us, 77);
    ck_assert_uint_le(rig.shown[0].shown_us, ar_clock_now_us());
    ck_assert_uint_eq(rig.n_failed, 0);
    rig_finish(&rig);
}
END_TEST

START_TEST(resized_window_keeps_the_aspect)
{
    static const uint8_t black[3] = { 0, 0, 0 };
    static const uint8_t white[3] = { 255, 255, 255 };
    struct rig rig;

    start(&rig);
    show_colour(&rig, (const uint8_t[3]){ 255, 128, 128 });
    SDL_SetWindowSize(window(), 320, 300);
    rig_run(&rig, 3 * TICK_US);
    /* 320x180 in the middle of 320x300, drawn without waiting for the next picture. */
    check_pixel(160, 58, black);
    check_pixel(160, 62, white);
    check_pixel(0, 150, white);
    check_pixel(319, 150, white);
    check_pixel(160, 237, white);
    check_pixel(160, 242, black);
    rig_finish(&rig);
}
END_TEST

START_TEST(keys)
{
    struct rig rig;

    start(&rig);
    press(&rig, SDLK_n, false);
    ck_assert_uint_eq(rig.n_next_style, 1);
    press(&rig, SDLK_n, true);
    ck_assert_uint_eq(rig.n_next_style, 1);
    press(&rig, SDLK_x, false);
    ck_assert_uint_eq(rig.n_quit, 0);
    press(&rig, SDLK_q, false);
    ck_assert_uint_eq(rig.n_quit, 1);
    press(&rig, SDLK_ESCAPE, false);
    ck_assert_uint_eq(rig.n_quit, 2);
    ck_assert(ar_display_ready(rig.display));
    rig_finish(&rig);
}
END_TEST

START_TEST(full_screen_there_and_back)
{
    struct rig rig;

    start(&rig);
    press(&rig, SDLK_f, false);
    ck_assert(SDL_GetWindowFlags(window()) & SDL_WINDOW_FULLSCREEN);
    press(&rig, SDLK_f, false);
    ck_assert(!(SDL_GetWindowFlags(window()) & SDL_WINDOW_FULLSCREEN));
    rig_finish(&rig);
}
END_TEST

/* As SDL tells it: the window first, then that it was the last. */
START_TEST(closed_window_quits)
{
    struct rig rig;
    SDL_Event close = {
        .window = { .type = SDL_WINDOWEVENT, .windowID = 1, .event = SDL_WINDOWEVENT_CLOSE }
    };
    SDL_Event quit = { .type = SDL_QUIT };

    start(&rig);
    ck_assert_str_eq(SDL_GetWindowTitle(window()), "ar-daemon - test");
    ck_assert_int_eq(SDL_PushEvent(&close), 1);
    ck_assert_int_eq(SDL_PushEvent(&quit), 1);
    rig_run(&rig, TICK_US);
    ck_assert_uint_eq(rig.n_quit, 1);
    ck_assert_uint_eq(rig.n_failed, 0);
    rig_finish(&rig);
}
END_TEST

/* What is left when a Wayland desktop hangs up: nobody has asked for the end. */
START_TEST(desktop_that_goes_fails)
{
    struct rig rig;
    SDL_Event quit = { .type = SDL_QUIT };

    start(&rig);
    ck_assert_int_eq(SDL_PushEvent(&quit), 1);
    rig_run(&rig, TICK_US);
    ck_assert_uint_eq(rig.n_quit, 0);
    ck_assert_uint_eq(rig.n_failed, 1);
    ck_assert_str_eq(rig.why, "sdl: the desktop is gone");
    rig_finish(&rig);
}
END_TEST

START_TEST(signals_stay_ours)
{
    struct sigaction before;
    struct sigaction after;
    struct rig rig;

    signal(SIGINT, SIG_DFL); /* Check has its own, which SDL would respect */
    ck_assert_int_eq(sigaction(SIGINT, NULL, &before), 0);
    start(&rig);
    ck_assert_int_eq(sigaction(SIGINT, NULL, &after), 0);
    ck_assert(before.sa_handler == after.sa_handler);
    rig_finish(&rig);
}
END_TEST

START_TEST(automatic_on_a_desktop)
{
    struct rig rig;

    rig_init(&rig);
    set_desktop("dummy", ":0");
    ck_assert_int_eq(rig_start(&rig, "auto", WIDTH_PX, HEIGHT_PX, 30000, NULL), 0);
    ck_assert_msg(strstr(ar_display_describe(rig.display), "sdl window 160x90 (dummy"), "%s",
                  ar_display_describe(rig.display));
    rig_finish(&rig);
}
END_TEST

START_TEST(no_desktop)
{
    struct rig rig;
    struct ar_reason reason = { "" };
    const char *output = _i == 0 ? "sdl" : "auto";

    rig_init(&rig);
    set_desktop("x11", ":987654");
    ck_assert_int_eq(rig_start(&rig, output, WIDTH_PX, HEIGHT_PX, 30000, &reason), -ENODEV);
    ck_assert_msg(strstr(reason.text, "no desktop"), "%s", reason.text);
    rig_finish(&rig);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("display_sdl");
    TCase *tcase = tcase_create("sdl");

    tcase_set_timeout(tcase, 20);
    tcase_add_loop_test(tcase, colours_are_full_range, 0, AR_ARRAY_LEN(colours));
    tcase_add_test(tcase, resized_window_keeps_the_aspect);
    tcase_add_test(tcase, keys);
    tcase_add_test(tcase, full_screen_there_and_back);
    tcase_add_test(tcase, closed_window_quits);
    tcase_add_test(tcase, desktop_that_goes_fails);
    tcase_add_test(tcase, signals_stay_ours);
    tcase_add_test(tcase, automatic_on_a_desktop);
    tcase_add_loop_test(tcase, no_desktop, 0, 2);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
