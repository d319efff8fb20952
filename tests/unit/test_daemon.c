/* SPDX-License-Identifier: MIT */
/* The daemon's pure parts: styles, contact sheet, status. Its life is tested end to end in tests/e2e. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pool.h"
#include "daemon/actions/actions.h"
#include "daemon/latch.h"
#include "daemon/sheet.h"
#include "daemon/status.h"
#include "daemon/styles.h"
#include "daemon/trace.h"
#include "daemon/wire.h"
#include "tests/suite.h"

static char folder[32];

static void make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/ar-test-daemon-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
    char command[96];

    snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static void touch(const char *name)
{
    char path[96];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

START_TEST(styles_are_found_sorted_and_resolved)
{
    static struct ar_styles styles;
    struct ar_reason reason;
    char path[512];
    char expected[96];

    touch("zebra.safetensors");
    touch("aardvark.safetensors");
    touch("notes.txt");
    touch(".safetensors");
    ar_styles_find(&styles, folder);
    ck_assert_uint_ge(styles.n_styles, 2);
    ck_assert_str_eq(styles.list[0].name, "aardvark");
    ck_assert_str_eq(styles.list[styles.n_styles - 1].name, "zebra");

    ck_assert_int_eq(ar_styles_resolve(&styles, "zebra", path, sizeof(path), &reason), 0);
    snprintf(expected, sizeof(expected), "%s/zebra.safetensors", folder);
    ck_assert_str_eq(path, expected);
    ck_assert_int_eq(ar_styles_resolve(&styles, "./my.bin", path, sizeof(path), &reason), 0);
    ck_assert_str_eq(path, "./my.bin");
    ck_assert_int_eq(ar_styles_resolve(&styles, "zebr", path, sizeof(path), &reason), -ENOENT);
    ck_assert_ptr_nonnull(strstr(reason.text, "aardvark"));
}
END_TEST

static const struct ar_style *style_of(const struct ar_styles *styles, const char *name)
{
    for (uint32_t i = 0; i < styles->n_styles; i++)
        if (strcmp(styles->list[i].name, name) == 0)
            return &styles->list[i];
    ck_abort_msg("%s is not in the list", name);
}

static void write_text(const char *name, const char *text)
{
    char path[96];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_file_that_is_no_style_is_named_and_skipped)
{
    static struct ar_styles styles;

    touch("aardvark.safetensors");
    ar_styles_find(&styles, folder);
    ck_assert_str_eq(style_of(&styles, "aardvark")->problem.text, "");
    ar_styles_refresh(&styles);
    ck_assert_ptr_nonnull(strstr(style_of(&styles, "aardvark")->problem.text, folder));
    ck_assert_ptr_nonnull(strstr(style_of(&styles, "aardvark")->problem.text, "0 bytes"));

    /* Another content is looked at again, and so is a file that is new; one that went is forgotten. */
    write_text("aardvark.safetensors", "no style");
    touch("bee.safetensors");
    ar_styles_refresh(&styles);
    ck_assert_ptr_null(strstr(style_of(&styles, "aardvark")->problem.text, "0 bytes"));
    ck_assert_ptr_nonnull(strstr(style_of(&styles, "bee")->problem.text, "0 bytes"));
    ck_assert_ptr_ne(ar_styles_step(&styles, "bee", 1), style_of(&styles, "aardvark"));
}
END_TEST

START_TEST(the_state_folder_has_styles)
{
    static struct ar_styles styles;
    char command[96];

    snprintf(command, sizeof(command), "mkdir %s/styles", folder);
    ck_assert_int_eq(system(command), 0);
    touch("styles/mine.safetensors");
    ck_assert_int_eq(setenv("STATE_DIRECTORY", folder, 1), 0);
    ar_styles_find(&styles, "");
    ck_assert_int_eq(unsetenv("STATE_DIRECTORY"), 0);
    ck_assert_ptr_nonnull(strstr(style_of(&styles, "mine")->path, "/styles/mine.safetensors"));
}
END_TEST

START_TEST(stepping_goes_around_both_ends)
{
    static struct ar_styles styles = {
        .n_styles = 3, .list = { { .name = "a" }, { .name = "b" }, { .name = "c" } }
    };

    ck_assert_str_eq(ar_styles_step(&styles, "a", 1)->name, "b");
    ck_assert_str_eq(ar_styles_step(&styles, "c", 1)->name, "a");
    ck_assert_str_eq(ar_styles_step(&styles, "a", -1)->name, "c");
    ck_assert_str_eq(ar_styles_step(&styles, "b", 7)->name, "c");
    ck_assert_str_eq(ar_styles_step(&styles, "elsewhere", 1)->name, "a");
    ar_reason_set(&styles.list[1].problem, 0, "broken");
    ck_assert_str_eq(ar_styles_step(&styles, "a", 1)->name, "c");
    ck_assert_str_eq(ar_styles_step(&styles, "c", -1)->name, "a");
    ck_assert_str_eq(ar_styles_step(&styles, "b", 1)->name,
                     "c"); /* it was good when we changed to it */
    ar_reason_set(&styles.list[0].problem, 0, "broken");
    ck_assert_str_eq(ar_styles_step(&styles, "elsewhere", 1)->name, "c");
    styles.n_styles = 0;
    ck_assert_ptr_null(ar_styles_step(&styles, "a", 1));
}
END_TEST

START_TEST(sheet_pastes_every_format_in_full_range)
{
    static const uint8_t grey[3] = { 100, 90, 170 };
    enum ar_frame_format format = (enum ar_frame_format)(_i / 2);
    struct ar_frame_shape shape = { 64, 32, format, _i % 2 ? AR_FRAME_LIMITED : AR_FRAME_FULL };
    struct ar_sheet *sheet = NULL;
    struct ar_pool *pool = NULL;
    struct ar_frame *frame;
    struct ar_reason reason;
    char path[96];

    if (format == AR_FRAME_XRGB)
        shape.range = AR_FRAME_FULL;
    ck_assert_int_eq(ar_pool_create(&pool, &shape, 1), 0);
    frame = ar_pool_take(pool);
    ar_frame_fill(frame, grey);
    ck_assert_int_eq(ar_sheet_create(&sheet, 64, 32, 8), 0);
    snprintf(path, sizeof(path), "%s/sheet.jpg", folder);
    ck_assert_int_eq(ar_sheet_write(sheet, path, &reason), -ENODATA);
    for (int i = 0; i < 8; i++)
        ar_sheet_offer(sheet, frame, frame);
    ck_assert_int_eq(ar_sheet_write(sheet, path, &reason), 0);
    ck_assert_int_eq(access(path, R_OK), 0);
    ar_sheet_destroy(sheet);
    ar_frame_unref(&frame);
    ar_pool_destroy(pool);
}
END_TEST

static char text[8192];

static void print(const json_t *object)
{
    FILE *out;

    memset(text, 0, sizeof(text));
    out = fmemopen(text, sizeof(text), "w");
    ar_status_print(object, out);
    fclose(out);
}

START_TEST(status_is_complete_and_printable)
{
    struct ar_pipeline_status status = { .state = AR_PIPELINE_RUNNING,
                                         .source = "/dev/video0 (Cam) YUYV 64x48 at 30 fps",
                                         .source_state = "lost",
                                         .source_words = "camera unplugged",
                                         .measured_millihz = 14985,
                                         .n_resumed = 2,
                                         .n_guessed = 7,
                                         .style = "zebra",
                                         .tier = "scalar",
                                         .precision = "int8",
                                         .n_threads = 2,
                                         .started_us = 1000000,
                                         .budget_us = 25000,
                                         .n_outputs = 1,
                                         .outputs = {
                                             { .describe = "null 64x48", .n_shown = 9 } } };
    const struct ar_thermal_reading heat = { .celsius = 61.4 };
    json_t *object;

    ar_budget_ledger_init(&status.ledger);
    for (int i = 0; i < 10; i++) {
        ar_budget_ledger_add(&status.ledger, AR_BUDGET_PAINT, 20000);
        ar_budget_ledger_painted(&status.ledger, 20000, i == 3 ? 10000 : 25000, 1, 0.5);
    }
    object = ar_status_json(&status, &heat, 3000000);
    ck_assert_ptr_nonnull(object);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "painted")), 10);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "missed")), 1);
    ck_assert(json_number_value(json_object_get(object, "mean_width")) == 0.5);
    ck_assert(json_number_value(json_object_get(object, "fps")) == 5.0);

    print(object);
    ck_assert_ptr_nonnull(strstr(text, "zebra"));
    ck_assert_ptr_nonnull(strstr(text, "display   null 64x48\n"));
    ck_assert_ptr_nonnull(strstr(text, "at 30 fps, measured 15.0, now lost, came back 2 times, "
                                       "7 time stamps guessed\n"));
    ck_assert_ptr_nonnull(strstr(text, "10 painted, 5.0 a second, 9 shown"));
    ck_assert_ptr_nonnull(strstr(text, "1 of the deadline (10.00 %)"));
    ck_assert_ptr_nonnull(strstr(text, "61 degrees"));
    json_decref(object);

    ar_status_progress(&status, 3000000, text, sizeof(text));
    ck_assert_str_eq(text, "camera unplugged ...");

    /* Another version's reply: nothing that is printed may be taken for granted. */
    object = json_object();
    print(object);
    json_decref(object);
}
END_TEST

START_TEST(status_tells_of_each_display)
{
    struct ar_pipeline_status status = {
        .state = AR_PIPELINE_RUNNING,
        .source_state = "flowing",
        .tier = "scalar",
        .n_outputs = 2,
        .leader = 1,
        .outputs = { { .state = AR_PIPELINE_OUTPUT_FAILED,
                       .describe = "file out.y4m",
                       .why = "out.y4m: disk full",
                       .n_shown = 3 },
                     { .state = AR_PIPELINE_OUTPUT_OPEN,
                       .describe = "null 64x48",
                       .n_shown = 5,
                       .n_overtaken = 2 } },
    };
    const struct ar_thermal_reading heat = { .celsius = 20.0 };
    json_t *object;

    ar_histogram_add(&status.outputs[1].latency, 40000);
    object = ar_status_json(&status, &heat, 0);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "shown")), 5);
    ck_assert_str_eq(json_string_value(json_object_get(object, "display")), "null 64x48");
    print(object);
    json_decref(object);
    ck_assert_ptr_nonnull(strstr(text, "display   file out.y4m: 3 shown, 0 overtaken, latency "
                                       "0.0 / 0.0 ms, failed: out.y4m: disk full\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "display   null 64x48: 5 shown, 2 overtaken, latency 40.0 / 40.0 ms\n"));
}
END_TEST

START_TEST(status_tells_why_nothing_is_seen)
{
    struct ar_pipeline_status status = {
        .state = AR_PIPELINE_RUNNING,
        .source_state = "flowing",
        .source_words = "",
        .tier = "scalar",
        .n_outputs = 1,
        .outputs = { { .state = AR_PIPELINE_OUTPUT_OPEN,
                       .describe = "kms HDMI-A-1 taken",
                       .screen = { .n_resumed = 2, .n_stalled = 1 },
                       .screen_state = "taken",
                       .screen_words = "another program has the screen" } },
    };
    const struct ar_thermal_reading heat = { .celsius = 20.0 };
    json_t *object = ar_status_json(&status, &heat, 0);
    const json_t *display = json_array_get(json_object_get(object, "displays"), 0);

    ck_assert_str_eq(json_string_value(json_object_get(display, "screen")), "taken");
    print(object);
    json_decref(object);
    ck_assert_ptr_nonnull(
        strstr(text, "display   kms HDMI-A-1 taken, came back 2 times, stalled 1 times\n"));
    ar_status_progress(&status, 0, text, sizeof(text));
    ck_assert_str_eq(text, "painting on, another program has the screen ...");
}
END_TEST

/* Frames are told apart by when they were captured: numbers start again with the camera. */
START_TEST(a_trace_has_when_a_frame_was_shown)
{
    struct ar_trace *trace = ar_trace_create();
    struct ar_trace_frame frames[4];
    json_t *object;

    ck_assert_ptr_nonnull(trace);
    for (uint64_t i = 1; i <= 3; i++)
        ar_trace_add(trace, &(struct ar_trace_frame){ .sequence = 7, .capture_us = 1000 * i });
    ar_trace_shown(trace, 2000, 2500);
    ar_trace_shown(trace, 1500, 9999); /* a picture of words, which was not painted */
    ck_assert_uint_eq(ar_trace_read(trace, 1, frames, 4), 3);
    for (uint64_t i = 1; i <= 3; i++)
        ck_assert_uint_eq(frames[i - 1].shown_us, i == 2 ? 2500 : 0);
    object = ar_trace_frame_json(&frames[1]);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "sequence")), 7);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "capture_us")), 2000);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "shown_us")), 2500);
    json_decref(object);
    object = ar_trace_frame_json(&frames[0]);
    ck_assert_ptr_null(json_object_get(object, "shown_us"));
    json_decref(object);
    ar_trace_destroy(trace);
}
END_TEST

START_TEST(a_latch_keeps_its_first_result)
{
    struct ar_latch latch;

    ar_latch_init(&latch);
    ar_latch_give(&latch, -ENODEV);
    ar_latch_give(&latch, 0);
    ck_assert_int_eq(ar_latch_wait(&latch), -ENODEV);
    ar_latch_finish(&latch);
}
END_TEST

START_TEST(a_socket_path_that_is_too_long_is_refused)
{
    struct sockaddr_un address;
    struct ar_reason reason;
    char path[200];

    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    ck_assert_int_eq(ar_wire_address(&address, path, &reason), -ENAMETOOLONG);
    path[sizeof(address.sun_path) - 1] = '\0';
    ck_assert_int_eq(ar_wire_address(&address, path, &reason), 0);
}
END_TEST

START_TEST(every_command_has_an_action)
{
    for (const struct ar_command *command = ar_commands; command->name; command++) {
        ck_assert_int_eq(ar_actions_find(command->name) != NULL,
                         command->access != AR_COMMAND_LOCAL);
        ck_assert_uint_le(command->min_args, command->max_args);
        ck_assert(command->max_args <= AR_COMMANDS_MAX_ARGS ||
                  command->access == AR_COMMAND_LOCAL);
    }
    ck_assert(ar_actions_find("dance") == NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("daemon");
    TCase *files = tcase_create("files");
    TCase *pure = tcase_create("pure");

    tcase_add_checked_fixture(files, make_folder, remove_folder);
    tcase_add_test(files, styles_are_found_sorted_and_resolved);
    tcase_add_test(files, a_file_that_is_no_style_is_named_and_skipped);
    tcase_add_test(files, the_state_folder_has_styles);
    tcase_add_loop_test(files, sheet_pastes_every_format_in_full_range, 0,
                        2 * AR_FRAME_N_FORMATS);
    tcase_add_test(pure, stepping_goes_around_both_ends);
    tcase_add_test(pure, status_is_complete_and_printable);
    tcase_add_test(pure, status_tells_of_each_display);
    tcase_add_test(pure, status_tells_why_nothing_is_seen);
    tcase_add_test(pure, a_trace_has_when_a_frame_was_shown);
    tcase_add_test(pure, a_latch_keeps_its_first_result);
    tcase_add_test(pure, a_socket_path_that_is_too_long_is_refused);
    tcase_add_test(pure, every_command_has_an_action);
    suite_add_tcase(suite, files);
    suite_add_tcase(suite, pure);
    return ar_suite_run(suite);
}
