/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>

#include "base/macros.h"
#include "tests/unit/display_rig.h"

#define RATE_MILLIHZ 50000
#define PERIOD_US    UINT64_C(20000)

/* FNV-1a as its authors wrote it down, over 8 byte words with zeros behind each row's end. */
static uint64_t reference_hash(uint64_t hash, const struct ar_frame *frame)
{
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t divisor = i == 0 ? 1 : 2;

        for (uint32_t y = 0; y < frame->shape.height_px / divisor; y++) {
            uint32_t width_b = frame->shape.width_px / divisor;

            for (uint32_t x = 0; x < (width_b + 7) / 8 * 8; x += 8) {
                uint64_t word = 0;

                for (uint32_t k = 0; k < 8 && x + k < width_b; k++)
                    word |=
                        (uint64_t)frame->planes[i].data[y * frame->planes[i].stride_b + x + k]
                        << 8 * k;
                hash ^= word;
                hash *= UINT64_C(1099511628211);
            }
        }
    }
    return hash;
}

START_TEST(newest_picture_is_shown_at_the_next_tick)
{
    struct rig rig;

    rig_init(&rig);
    ck_assert_int_eq(rig_start(&rig, "null", 64, 36, RATE_MILLIHZ, NULL), 0);
    rig_show(&rig, 1, 111);
    rig_show(&rig, 2, 222);
    ck_assert_uint_eq(rig.n_shown, 0);
    rig_run(&rig, 3 * PERIOD_US);
    ck_assert_uint_eq(rig.n_shown, 1);
    ck_assert_uint_eq(rig.shown[0].sequence, 2);
    ck_assert_uint_eq(rig.shown[0].capture_us, 222);
    rig_finish(&rig);
}
END_TEST

START_TEST(ticks_keep_the_rate_and_never_precede_their_picture)
{
    struct rig rig;

    rig_init(&rig);
    ck_assert_int_eq(rig_start(&rig, "null", 64, 36, RATE_MILLIHZ, NULL), 0);
    for (uint64_t i = 0; i < 5; i++) {
        uint64_t before_us;

        /* Every other picture comes after a tick that the loop has not noticed yet. */
        if (i % 2)
            usleep((useconds_t)(PERIOD_US * 3 / 2));
        before_us = ar_clock_now_us();
        rig_show(&rig, i, 0);
        while (rig.n_shown <= i)
            ar_loop_run_once(rig.loop, PERIOD_US);
        ck_assert_uint_ge(rig.shown[i].shown_us, before_us);
        ck_assert_uint_le(rig.shown[i].shown_us, ar_clock_now_us());
        ck_assert_uint_eq((rig.shown[i].shown_us - rig.shown[0].shown_us) % PERIOD_US, 0);
    }
    rig_finish(&rig);
}
END_TEST

static uint64_t show_hashed(struct rig *rig, uint64_t sequence, uint64_t hash)
{
    struct ar_frame *frame = rig_frame(rig, sequence, 0);

    hash = reference_hash(hash, frame);
    ar_display_show(rig->display, &frame);
    return hash;
}

START_TEST(checksum_is_that_of_the_shown_pictures)
{
    struct rig rig;
    uint64_t hash = UINT64_C(14695981039346656037);
    char want[160];

    rig_init(&rig);
    /* 34 / 2 = 17 bytes of chroma: a last word of one byte. */
    ck_assert_int_eq(rig_start(&rig, "null", 34, 18, RATE_MILLIHZ, NULL), 0);
    for (uint64_t i = 0; i < 2; i++) {
        hash = show_hashed(&rig, i, hash);
        while (rig.n_shown <= i)
            ar_loop_run_once(rig.loop, PERIOD_US);
    }
    /* The stop shows what waits, without waiting for a tick. */
    rig_show(&rig, 3, 0);
    hash = show_hashed(&rig, 4, hash);
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);
    ck_assert_uint_eq(rig.n_shown, 3);
    ck_assert_uint_eq(rig.shown[2].sequence, 4);
    snprintf(want, sizeof(want), "null: 3 shown, 1 overtaken, checksum %016" PRIx64, hash);
    ck_assert_str_eq(ar_display_describe(rig.display), want);
    rig_finish(&rig);
}
END_TEST

/* What waited is given back, so that its pool may go. */
START_TEST(takes_pictures_of_another_size)
{
    struct rig rig;
    struct ar_display_source source = { 128, 72, 60000, NULL };

    rig_init(&rig);
    ck_assert_int_eq(rig_start(&rig, "null", 64, 36, RATE_MILLIHZ, NULL), 0);
    rig_show(&rig, 1, 111);
    ck_assert_int_eq(ar_display_resize(rig.display, &source, NULL), 0);
    ck_assert_uint_eq(ar_display_shape(rig.display)->width_px, 128);
    ck_assert_uint_eq(ar_display_shape(rig.display)->height_px, 72);
    ck_assert_str_eq(ar_display_describe(rig.display), "null 128x72 at 60 fps");
    ar_pool_destroy(rig.pool);
    ck_assert_int_eq(ar_pool_create(&rig.pool, ar_display_shape(rig.display), 4), 0);
    rig_show(&rig, 2, 222);
    rig_run(&rig, 3 * PERIOD_US);
    ck_assert_uint_eq(rig.n_shown, 2);
    ck_assert_uint_eq(rig.shown[1].sequence, 2);
    rig_finish(&rig);
}
END_TEST

START_TEST(starts_again)
{
    struct rig rig;
    struct ar_display_source source = { .width_px = 64, .height_px = 36 };

    rig_init(&rig);
    ck_assert_int_eq(rig_start(&rig, "null", 64, 36, RATE_MILLIHZ, NULL), 0);
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);
    ck_assert_int_eq(ar_display_start(rig.display, &source, rig.loop, rig_on_event, &rig, NULL),
                     0);
    ck_assert_str_eq(ar_display_describe(rig.display), "null 64x36 at 30 fps");
    ck_assert(!ar_display_keeps_all(rig.display));
    rig_finish(&rig);
}
END_TEST

static const struct {
    const char *output;
    const char *part_of_reason;
} wrong[] = {
    { "", "there is no such output" },
    { "fil:x.mp4", "v4l2:DEVICE" },
    { "nul", "there is no such output; it takes auto, kms" },
    { "HDMI-A-1", "did you mean kms:HDMI-A-1?" },
    { "/dev/video10", "did you mean v4l2:/dev/video10?" },
    { "out.mp4", "did you mean file:out.mp4?" },
    { "auto:x", "there is no such output" },
    { "null:x", "nothing follows null" },
    { "file", "file:out.mp4" },
    { "file:", "file:out.mp4" },
    { "file:out.avi", "must end in .mp4, .mkv, .mov or .y4m" },
    { "file:.y4m", "must end in" },
    { "v4l2", "v4l2:/dev/video10" },
    { "v4l2:video10", "v4l2:/dev/video10" },
    { "kms:", "kms:HDMI-A-1" },
};

START_TEST(wrong_output_says_what_would_be_right)
{
    struct ar_display_params params = { 0 };
    struct ar_display *display = NULL;
    struct ar_reason reason = { "" };

    snprintf(params.output, sizeof(params.output), "%s", wrong[_i].output);
    ck_assert_int_eq(ar_display_create(&display, &params, &reason), -EINVAL);
    ck_assert_ptr_null(display);
    ck_assert_msg(strstr(reason.text, wrong[_i].part_of_reason), "%s", reason.text);
    ck_assert_msg(strstr(reason.text, "display.output"), "%s", reason.text);
}
END_TEST

START_TEST(defaults_are_valid)
{
    struct ar_display_params params;
    struct ar_display *display = NULL;

    ar_option_defaults(ar_display_options, &params);
    ck_assert_str_eq(params.output, "auto");
    ck_assert_int_eq(ar_display_create(&display, &params, NULL), 0);
    ck_assert(!ar_display_keeps_all(display));
    ar_display_destroy(display);
    ar_display_destroy(NULL);
}
END_TEST

static const struct {
    const char *device;
    int ret;
    const char *part_of_reason;
} no_outputs[] = {
    { "/dev/ar-no-such-device", -ENOENT, "modprobe v4l2loopback" },
    { "/dev/null", -ENOTTY, "not a video device" },
    { "/", -EISDIR, "cannot be opened" },
};

START_TEST(v4l2_output_that_is_none)
{
    struct rig rig;
    struct ar_reason reason = { "" };
    char output[64];

    rig_init(&rig);
    snprintf(output, sizeof(output), "v4l2:%s", no_outputs[_i].device);
    ck_assert_int_eq(rig_start(&rig, output, 64, 36, RATE_MILLIHZ, &reason),
                     no_outputs[_i].ret);
    ck_assert_msg(strstr(reason.text, no_outputs[_i].part_of_reason), "%s", reason.text);
    rig_finish(&rig);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("display_null");
    TCase *tcase = tcase_create("null");

    tcase_add_test(tcase, newest_picture_is_shown_at_the_next_tick);
    tcase_add_test(tcase, ticks_keep_the_rate_and_never_precede_their_picture);
    tcase_add_test(tcase, checksum_is_that_of_the_shown_pictures);
    tcase_add_test(tcase, starts_again);
    tcase_add_test(tcase, takes_pictures_of_another_size);
    tcase_add_loop_test(tcase, wrong_output_says_what_would_be_right, 0, AR_ARRAY_LEN(wrong));
    tcase_add_test(tcase, defaults_are_valid);
    tcase_add_loop_test(tcase, v4l2_output_that_is_none, 0, AR_ARRAY_LEN(no_outputs));
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
