/* SPDX-License-Identifier: MIT */
/* Calibrations in files. Measuring one is tested end to end in tests/e2e. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "daemon/calibration.h"
#include "daemon/state_folder.h"
#include "tests/suite.h"
#include "tests/unit/chance.h"
#include "tests/unit/nn_maker.h"

static char folder[64];
static struct ar_calibration_key key;
static struct ar_work work;
static struct ar_model *model;
static struct ar_calibration saved;
static struct ar_calibration loaded;
static struct ar_reason reason;

static void fill_sweep(void)
{
    ar_work_begin_sweep(&work, &saved.sweep);
    for (uint32_t rung = 0; rung < saved.sweep.n_rungs; rung++) {
        float layers_us[AR_SWEEP_MAX_LAYERS];
        float segments_us[AR_COST_MAX_SEGMENTS];

        for (uint32_t i = 0; i < saved.sweep.n_layers; i++)
            layers_us[i] = 12.5F * (float)(rung + 1) + (float)i;
        for (uint32_t i = 0; i < saved.sweep.n_segments; i++)
            segments_us[i] = 1000.25F * (float)(rung + 1) + (float)i;
        ar_sweep_add(&saved.sweep, rung, layers_us, segments_us);
    }
    ar_work_fill_cost(&work, &saved.cost);
    ck_assert_int_eq(ar_sweep_finish(&saved.sweep, ar_work_of_layer, &work, &saved.cost), 0);
    saved.clock_khz = 1500000;
    saved.after_us[AR_CALIBRATION_CAMERA] = 210.5F;
    saved.after_us[AR_CALIBRATION_FADE] = 99.25F;
}

static void set_up(void)
{
    snprintf(folder, sizeof(folder), "/tmp/ar-test-calibration-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (uint64_t seed = 1; !model; seed++) { /* the first one with several widths */
        model = nn_maker_model(seed);
        if (model->n_rungs >= 2)
            break;
        ar_model_close(model);
        model = NULL;
    }
    work = (struct ar_work){ .model = model, .width_px = 64, .height_px = 48 };
    key = (struct ar_calibration_key){ .text = "this machine, this style", .hash = 0x1234 };
    fill_sweep();
}

static void tear_down(void)
{
    char command[96];

    ar_model_close(model);
    model = NULL;
    snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static const char *file_path(void)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/calibration-%016" PRIx64 ".json", folder, key.hash);
    return path;
}

static int load(void)
{
    memset(&loaded, 0xa5, sizeof(loaded));
    reason.text[0] = '\0';
    return ar_calibration_load(&loaded, folder, &key, &work, &reason);
}

static void save(void)
{
    ck_assert_int_eq(ar_calibration_save(&saved, folder, &key, &reason), 0);
}

static void write_bytes(const char *path, const char *bytes, size_t n)
{
    FILE *const file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
}

/* To be freed. */
static char *read_bytes(size_t *n)
{
    FILE *const file = fopen(file_path(), "re");
    char *const bytes = malloc(1 << 20);

    ck_assert(file && bytes);
    *n = fread(bytes, 1, 1 << 20, file);
    ck_assert_int_eq(fclose(file), 0);
    return bytes;
}

/* ---- the key */

/* Everything that the key is made of; one of them is another in each case. */
struct setup {
    uint64_t model_hash;
    enum ar_net_precision precision;
    struct ar_frame_shape in;
    struct ar_frame_shape out;
    const char *tier;
    uint32_t n_threads;
    const char *cpu;
    uint32_t max_khz;
};

static const struct setup usual = {
    .model_hash = 0xfeed,
    .in = { .width_px = 640, .height_px = 480, .format = AR_FRAME_YUYV },
    .out = { .width_px = 640, .height_px = 480, .format = AR_FRAME_YUYV },
    .tier = "neon",
    .n_threads = 4,
    .cpu = "0x41 0xd08 3",
    .max_khz = 1800000,
};

static struct ar_calibration_key key_of(const struct setup *setup)
{
    static struct ar_model with_hash;
    const struct ar_painter painter = { .model = &with_hash, .precision = setup->precision };
    struct ar_calibration_key made;

    with_hash.info.hash = setup->model_hash;
    ar_calibration_key_make(&made, &painter, &setup->in, &setup->out, setup->tier,
                            setup->n_threads, setup->cpu, setup->max_khz);
    return made;
}

START_TEST(a_key_differs_with_each_of_its_parts)
{
    struct setup setups[10];
    struct ar_calibration_key keys[AR_ARRAY_LEN(setups)];

    for (size_t i = 0; i < AR_ARRAY_LEN(setups); i++)
        setups[i] = usual;
    setups[1].model_hash++;
    setups[2].precision = AR_NET_INT8;
    setups[3].in.width_px++;
    setups[4].in.height_px++;
    setups[5].in.format = AR_FRAME_NV12;
    setups[6].out.format = AR_FRAME_NV12;
    setups[7].tier = "dotprod";
    setups[8].n_threads++;
    setups[9].cpu = "0x41 0xd08 4";
    for (size_t i = 0; i < AR_ARRAY_LEN(setups); i++) {
        keys[i] = key_of(&setups[i]);
        for (size_t k = 0; k < i; k++) {
            ck_assert_str_ne(keys[i].text, keys[k].text);
            ck_assert(keys[i].hash != keys[k].hash);
        }
    }
    setups[0].max_khz++;
    ck_assert_str_ne(key_of(&setups[0]).text, keys[0].text);
    ck_assert(key_of(&setups[0]).hash != keys[0].hash);
}
END_TEST

START_TEST(a_key_is_the_same_each_time)
{
    const struct ar_calibration_key one = key_of(&usual);
    const struct ar_calibration_key two = key_of(&usual);

    ck_assert_str_eq(one.text, two.text);
    ck_assert(one.hash == two.hash);
    ck_assert_ptr_nonnull(strstr(one.text, AR_VERSION));
}
END_TEST

/* ---- the folder */

static const struct {
    const char *state;
    const char *xdg;
    const char *home;
    const char *folder; /* NULL: none */
} places[] = {
    { "/var/lib/ar-daemon", "/x", "/home/me", "/var/lib/ar-daemon" },
    { "/var/lib/one:/var/lib/two", NULL, NULL, "/var/lib/one" },
    { NULL, "/x", "/home/me", "/x/ar-daemon" },
    { "", "", "/home/me", "/home/me/.local/state/ar-daemon" },
    { "relative", "relative", "/home/me", "/home/me/.local/state/ar-daemon" },
    { NULL, NULL, "relative", NULL },
    { NULL, NULL, NULL, NULL },
};

static void set_variable(const char *name, const char *value)
{
    ck_assert_int_eq(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

START_TEST(the_folder_is_the_state_folder)
{
    char path[64];

    set_variable("STATE_DIRECTORY", places[_i].state);
    set_variable("XDG_STATE_HOME", places[_i].xdg);
    set_variable("HOME", places[_i].home);
    ck_assert_int_eq(ar_state_folder(path, sizeof(path)), places[_i].folder ? 0 : -ENOENT);
    if (places[_i].folder) {
        ck_assert_str_eq(path, places[_i].folder);
        ck_assert_int_eq(ar_state_folder(path, strlen(places[_i].folder) + 1), 0);
        ck_assert_int_eq(ar_state_folder(path, strlen(places[_i].folder)), -ENAMETOOLONG);
    }
}
END_TEST

/* ---- save and load */

START_TEST(what_is_saved_is_loaded)
{
    struct ar_work known;

    save();
    ck_assert_int_eq(load(), 0);
    ck_assert(loaded.kept);
    known = ar_calibration_work(&loaded);
    ck_assert(ar_work_is_same(&known, &work));
    ck_assert_uint_eq(loaded.clock_khz, saved.clock_khz);
    for (uint32_t i = 0; i < AR_CALIBRATION_N_AFTER; i++)
        ck_assert(loaded.after_us[i] == saved.after_us[i]);
    ck_assert_uint_eq(loaded.cost.n_rungs, saved.cost.n_rungs);
    for (uint32_t rung = 0; rung < saved.sweep.n_rungs; rung++) {
        ck_assert_double_eq(loaded.cost.widths[rung], saved.cost.widths[rung]);
        for (uint32_t i = 0; i < saved.sweep.n_layers; i++)
            ck_assert_double_eq_tol(ar_sweep_layer_us(&loaded.sweep, i, rung),
                                    ar_sweep_layer_us(&saved.sweep, i, rung), 1e-2);
        for (uint32_t s = 0; s < saved.sweep.n_segments; s++)
            for (uint32_t before = 0; before < saved.sweep.n_rungs; before++)
                ck_assert_double_eq_tol(ar_cost_us(&loaded.cost, s, before, rung),
                                        ar_cost_us(&saved.cost, s, before, rung),
                                        1e-4 * ar_cost_us(&saved.cost, s, before, rung));
    }
}
END_TEST

START_TEST(rungs_that_were_not_measured_are_not_made_up)
{
    const uint32_t last = saved.sweep.n_rungs - 1;

    saved.sweep.n_runs[last] = 0;
    save();
    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(loaded.sweep.n_runs[0], 1);
    ck_assert_uint_eq(loaded.sweep.n_runs[last], 0);
}
END_TEST

START_TEST(a_newer_one_takes_the_place_of_an_older)
{
    save();
    saved.clock_khz = 600000;
    save();
    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(loaded.clock_khz, 600000);
}
END_TEST

START_TEST(no_file_is_no_calibration)
{
    ck_assert_int_eq(load(), -ENOENT);
    snprintf(folder + strlen(folder), 16, "/not/there");
    ck_assert_int_eq(load(), -ENOENT);
    folder[strlen(folder) - strlen("/not/there")] = '\0';
}
END_TEST

START_TEST(a_file_cut_off_anywhere_is_refused)
{
    size_t n;
    char *bytes;

    save();
    bytes = read_bytes(&n);
    for (size_t length = 0; length < n; length++) {
        write_bytes(file_path(), bytes, length);
        ck_assert_int_eq(load(), -EINVAL);
    }
    ck_assert_ptr_nonnull(strstr(reason.text, file_path()));
    write_bytes(file_path(), bytes, n);
    ck_assert_int_eq(load(), 0);
    free(bytes);
}
END_TEST

/* Any byte another: what is still accepted has times that are numbers. */
START_TEST(a_spoiled_byte_is_refused_or_harmless)
{
    uint64_t seed = 7;
    uint32_t n_refused = 0;
    size_t n;
    char *bytes;

    save();
    bytes = read_bytes(&n);
    for (int round = 0; round < 1000; round++) {
        const size_t at = chance_below(&seed, (uint32_t)n);
        const char was = bytes[at];
        int ret;

        bytes[at] = (char)chance_below(&seed, 256);
        write_bytes(file_path(), bytes, n);
        ret = load();
        ck_assert(ret == 0 || ret == -EINVAL);
        n_refused += ret < 0;
        for (uint32_t rung = 0; ret == 0 && rung < loaded.cost.n_rungs; rung++)
            ck_assert(isfinite(ar_cost_frame_us(&loaded.cost, rung)));
        bytes[at] = was;
    }
    ck_assert_uint_gt(n_refused, 300);
    free(bytes);
}
END_TEST

START_TEST(a_file_of_another_set_up_is_refused)
{
    save();
    snprintf(key.text, sizeof(key.text), "another machine with the same hash");
    ck_assert_int_eq(load(), -EINVAL);
    key.hash++;
    ck_assert_int_eq(load(), -ENOENT);
}
END_TEST

/* Files that are JSON but no calibration of this style: `to` in place of the first member `at`, and what is in there. */
static const struct {
    const char *path[3]; /* keys, or numbers of an array; ends with NULL */
    const char *json;    /* in its place; NULL: nothing */
} spoilings[] = {
    { { "version" }, "0" },
    { { "version" }, "1" },
    { { "version" }, "2.0" },
    { { "version" }, "\"2\"" },
    { { "version" }, NULL },
    { { "key" }, "\"\"" },
    { { "key" }, "17" },
    { { "key" }, NULL },
    { { "clock_khz" }, "-1" },
    { { "clock_khz" }, "4294967296" },
    { { "after_us" }, NULL },
    { { "after_us" }, "[1]" },
    { { "after_us" }, "[1, 2, 3]" },
    { { "after_us" }, "[1, -1]" },
    { { "after_us" }, "[1, \"2\"]" },
    { { "rungs" }, NULL },
    { { "rungs" }, "[]" },
    { { "rungs" }, "{}" },
    { { "rungs" }, "\"0\"" },
    { { "rungs", "0" }, "[]" },
    { { "rungs", "0" }, "null" },
    { { "rungs", "0", "rung" }, "-1" },
    { { "rungs", "0", "rung" }, "32" },
    { { "rungs", "0", "rung" }, "4294967296" },
    { { "rungs", "0", "rung" }, "9223372036854775807" },
    { { "rungs", "0", "rung" }, "0.0" },
    { { "rungs", "0", "rung" }, "\"0\"" },
    { { "rungs", "0", "rung" }, "1" }, /* the second one's */
    { { "rungs", "0", "rung" }, NULL },
    { { "rungs", "0", "layers_us" }, NULL },
    { { "rungs", "0", "layers_us" }, "[]" },
    { { "rungs", "0", "layers_us" }, "[1]" },
    { { "rungs", "0", "layers_us" }, "12.5" },
    { { "rungs", "0", "segments_us" }, NULL },
    { { "rungs", "0", "segments_us" }, "[]" },
    { { "rungs", "0", "segments_us" }, "{ \"0\": 1 }" },
};

static json_t *member(json_t *parent, const char *name)
{
    return json_is_array(parent) ? json_array_get(parent, strtoul(name, NULL, 10))
                                 : json_object_get(parent, name);
}

static void replace(json_t *parent, const char *name, const char *json)
{
    json_t *const value = json ? json_loads(json, JSON_DECODE_ANY, NULL) : NULL;

    ck_assert(!json || value);
    ck_assert_ptr_nonnull(member(parent, name));
    if (json_is_array(parent))
        ck_assert_int_eq(json_array_set_new(parent, strtoul(name, NULL, 10), value), 0);
    else if (value)
        ck_assert_int_eq(json_object_set_new(parent, name, value), 0);
    else
        ck_assert_int_eq(json_object_del(parent, name), 0);
}

START_TEST(what_breaks_a_rule_is_refused)
{
    json_t *root;
    json_t *parent;
    uint32_t depth = 0;

    save();
    root = json_load_file(file_path(), 0, NULL);
    ck_assert_ptr_nonnull(root);
    for (parent = root; depth + 1 < 3 && spoilings[_i].path[depth + 1]; depth++)
        parent = member(parent, spoilings[_i].path[depth]);
    replace(parent, spoilings[_i].path[depth], spoilings[_i].json);
    ck_assert_int_eq(json_dump_file(root, file_path(), 0), 0);
    json_decref(root);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert(!loaded.kept);
}
END_TEST

/* In place of a time. */
static const struct {
    const char *json;
    bool good;
} times[] = {
    { "0", true },      { "0.0", true },    { "1e8", true },    { "1", true },
    { "-1", false },    { "-1e-9", false }, { "1.1e8", false }, { "1e300", false },
    { "1e999", false }, { "NaN", false },   { "nan", false },   { "Infinity", false },
    { "\"5\"", false }, { "null", false },  { "true", false },  { "[5]", false },
};

/* The first number of the last list, as text: JSON itself has no word for some of these. */
START_TEST(a_time_is_a_number_that_can_be_one)
{
    size_t n;
    char *bytes;
    char spoiled[1 << 16];
    char *start;
    size_t length;

    save();
    bytes = read_bytes(&n);
    bytes[n] = '\0';
    start = strstr(bytes, "\"layers_us\"");
    ck_assert_ptr_nonnull(start);
    start = strchr(start, '[') + 1;
    length = strcspn(start, ",]");
    snprintf(spoiled, sizeof(spoiled), "%.*s%s%s", (int)(start - bytes), bytes, times[_i].json,
             start + length);
    write_bytes(file_path(), spoiled, strlen(spoiled));
    ck_assert_int_eq(load(), times[_i].good ? 0 : -EINVAL);
    free(bytes);
}
END_TEST

START_TEST(a_key_given_twice_is_refused)
{
    static const char twice[] = "{ \"version\": 1, \"version\": 1, ";
    size_t n;
    char *bytes;
    char spoiled[1 << 16];

    save();
    bytes = read_bytes(&n);
    bytes[n] = '\0';
    snprintf(spoiled, sizeof(spoiled), "%s%s", twice, strchr(bytes, ',') + 1);
    write_bytes(file_path(), spoiled, strlen(spoiled));
    ck_assert_int_eq(load(), -EINVAL);
    free(bytes);
}
END_TEST

START_TEST(a_file_of_a_megabyte_is_refused)
{
    char *const bytes = malloc((1 << 20) + 1);
    size_t n;
    char *good;

    ck_assert_ptr_nonnull(bytes);
    save();
    good = read_bytes(&n);
    memset(bytes, ' ', (1 << 20) + 1);
    memcpy(bytes, good, n);
    write_bytes(file_path(), bytes, (1 << 20) - 1);
    ck_assert_int_eq(load(), 0);
    write_bytes(file_path(), bytes, (1 << 20) + 1);
    ck_assert_int_eq(load(), -EINVAL);
    free(good);
    free(bytes);
}
END_TEST

START_TEST(a_folder_in_place_of_the_file_is_refused)
{
    ck_assert_int_eq(mkdir(file_path(), 0700), 0);
    ck_assert_int_eq(load(), -EINVAL);
    ck_assert_int_lt(ar_calibration_save(&saved, folder, &key, &reason), 0);
    ck_assert_ptr_nonnull(strstr(reason.text, file_path()));
}
END_TEST

START_TEST(a_link_at_the_new_file_is_not_followed)
{
    char fresh[160];
    char victim[128];
    char text[16] = "";
    FILE *file;

    snprintf(fresh, sizeof(fresh), "%s.new", file_path());
    snprintf(victim, sizeof(victim), "%s/victim", folder);
    write_bytes(victim, "mine", 4);
    ck_assert_int_eq(symlink(victim, fresh), 0);
    save();
    ck_assert_int_eq(load(), 0);
    file = fopen(victim, "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(text, 1, sizeof(text) - 1, file), 4);
    fclose(file);
    ck_assert_str_eq(text, "mine");
    ck_assert_int_eq(access(fresh, F_OK), -1);
}
END_TEST

START_TEST(missing_folders_are_made)
{
    const size_t length = strlen(folder);

    strcat(folder, "/a/b/c");
    save();
    save();
    ck_assert_int_eq(load(), 0);
    folder[length] = '\0';
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_told)
{
    const size_t length = strlen(folder);

    strcat(folder, "/file");
    write_bytes(folder, "", 0);
    ck_assert_int_eq(ar_calibration_save(&saved, folder, &key, &reason), -ENOTDIR);
    strcat(folder, "/below");
    ck_assert_int_eq(ar_calibration_save(&saved, folder, &key, &reason), -ENOTDIR);
    ck_assert_ptr_nonnull(strstr(reason.text, folder));
    folder[length] = '\0';
}
END_TEST

/* In a process of its own: root may write anywhere, and becomes nobody here. */
START_TEST(a_folder_that_cannot_be_written_is_told)
{
    ck_assert_int_eq(chmod(folder, 0555), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    ck_assert_int_eq(ar_calibration_save(&saved, folder, &key, &reason), -EACCES);
    ck_assert_ptr_nonnull(strstr(reason.text, file_path()));
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(chmod(folder, 0755), 0);
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_one)
{
    const struct rlimit little = { .rlim_cur = 64, .rlim_max = RLIM_INFINITY };
    const struct rlimit enough = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };

    save();
    saved.clock_khz = 600000;
    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &little), 0);
    ck_assert_int_lt(ar_calibration_save(&saved, folder, &key, NULL), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &enough), 0);
    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(loaded.clock_khz, 1500000);
}
END_TEST

/* Names that leave no room for the file's: nothing else is touched in its place. */
START_TEST(a_name_that_is_too_long_is_told)
{
    char path[600];

    for (size_t length = 400; length < 520; length++) {
        int ret;

        snprintf(path, sizeof(path), "%s/", folder);
        while (strlen(path) < length)
            strcat(path, strlen(path) % 100 == 99 ? "/" : "x");
        if (path[length - 1] == '/')
            continue;
        ret = ar_calibration_save(&saved, path, &key, &reason);
        ck_assert(ret == 0 || ret == -ENAMETOOLONG);
        ret = ar_calibration_load(&loaded, path, &key, &work, &reason) == 0 ? 0 : ret;
        ck_assert(ret == 0 || ret == -ENAMETOOLONG);
        strcat(path, "/calibration-0000000000001234.json");
        ck_assert_int_eq(access(path, R_OK) == 0, ret == 0);
    }
}
END_TEST

static void add_keys(Suite *suite)
{
    TCase *const keys = tcase_create("key");

    tcase_set_timeout(keys, 30);
    tcase_add_test(keys, a_key_differs_with_each_of_its_parts);
    tcase_add_test(keys, a_key_is_the_same_each_time);
    tcase_add_loop_test(keys, the_folder_is_the_state_folder, 0, AR_ARRAY_LEN(places));
    suite_add_tcase(suite, keys);
}

static void add_loads(Suite *suite)
{
    TCase *const loads = tcase_create("load");

    tcase_set_timeout(loads, 30);
    tcase_add_checked_fixture(loads, set_up, tear_down);
    tcase_add_test(loads, what_is_saved_is_loaded);
    tcase_add_test(loads, rungs_that_were_not_measured_are_not_made_up);
    tcase_add_test(loads, a_newer_one_takes_the_place_of_an_older);
    tcase_add_test(loads, no_file_is_no_calibration);
    tcase_add_test(loads, a_file_cut_off_anywhere_is_refused);
    tcase_add_test(loads, a_spoiled_byte_is_refused_or_harmless);
    tcase_add_test(loads, a_file_of_another_set_up_is_refused);
    tcase_add_loop_test(loads, what_breaks_a_rule_is_refused, 0, AR_ARRAY_LEN(spoilings));
    tcase_add_loop_test(loads, a_time_is_a_number_that_can_be_one, 0, AR_ARRAY_LEN(times));
    tcase_add_test(loads, a_key_given_twice_is_refused);
    tcase_add_test(loads, a_file_of_a_megabyte_is_refused);
    tcase_add_test(loads, a_folder_in_place_of_the_file_is_refused);
    suite_add_tcase(suite, loads);
}

static void add_saves(Suite *suite)
{
    TCase *const saves = tcase_create("save");

    tcase_set_timeout(saves, 30);
    tcase_add_checked_fixture(saves, set_up, tear_down);
    tcase_add_test(saves, a_link_at_the_new_file_is_not_followed);
    tcase_add_test(saves, missing_folders_are_made);
    tcase_add_test(saves, a_folder_that_cannot_be_made_is_told);
    tcase_add_test(saves, a_folder_that_cannot_be_written_is_told);
    tcase_add_test(saves, a_full_disk_leaves_the_old_one);
    tcase_add_test(saves, a_name_that_is_too_long_is_told);
    suite_add_tcase(suite, saves);
}

int main(void)
{
    Suite *const suite = suite_create("calibration");

    add_keys(suite);
    add_loads(suite);
    add_saves(suite);
    return ar_suite_run(suite);
}
