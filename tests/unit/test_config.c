/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/macros.h"
#include "config/config.h"
#include "config/files.h"
#include "config/suggest.h"
#include "tests/suite.h"

struct camera_params {
    char source[AR_OPTION_TEXT_MAX];
    struct ar_option_size size;
    uint32_t rate_millihz;
    uint32_t pace;
    bool loop;
};

struct work_params {
    uint64_t frame_us;
    double width;
    uint32_t n_threads;
    char note[AR_OPTION_TEXT_MAX];
};

static const char *const paces[] = { "real", "fast", NULL };

static const struct ar_option camera_options[] = {
    { .key = "source",
      .type = AR_OPTION_TEXT,
      .offset = offsetof(struct camera_params, source),
      .fallback = "auto",
      .help = "where frames come from" },
    { .key = "size",
      .type = AR_OPTION_SIZE,
      .offset = offsetof(struct camera_params, size),
      .fallback = "auto",
      .min = 16,
      .max = 1920,
      .zero_word = "auto",
      .help = "size to ask for" },
    { .key = "rate",
      .type = AR_OPTION_RATE,
      .offset = offsetof(struct camera_params, rate_millihz),
      .fallback = "30",
      .min = 1000,
      .max = 240000,
      .help = "frames a second" },
    { .key = "pace",
      .type = AR_OPTION_CHOICE,
      .offset = offsetof(struct camera_params, pace),
      .fallback = "real",
      .choices = paces,
      .help = "speed of a clip" },
    { .key = "loop",
      .type = AR_OPTION_BOOL,
      .offset = offsetof(struct camera_params, loop),
      .fallback = "no",
      .help = "start a clip again" },
    { 0 },
};

static const struct ar_option work_options[] = {
    { .key = "frame",
      .type = AR_OPTION_DURATION,
      .offset = offsetof(struct work_params, frame_us),
      .fallback = "25ms",
      .min = 1e3,
      .max = 1e6,
      .help = "time for a frame" },
    { .key = "width",
      .type = AR_OPTION_FRACTION,
      .offset = offsetof(struct work_params, width),
      .fallback = "auto",
      .min = 0.25,
      .max = 1,
      .zero_word = "auto",
      .help = "share of the channels" },
    { .key = "threads",
      .type = AR_OPTION_COUNT,
      .offset = offsetof(struct work_params, n_threads),
      .fallback = "4",
      .min = 1,
      .max = 16,
      .help = "how many work" },
    { .key = "note",
      .type = AR_OPTION_TEXT,
      .offset = offsetof(struct work_params, note),
      .fallback = "",
      .help = "a word of yours" },
    { 0 },
};

static struct camera_params camera;
static struct work_params work;
static struct ar_config_origin camera_origins[AR_ARRAY_LEN(camera_options) - 1];
static struct ar_config_origin work_origins[AR_ARRAY_LEN(work_options) - 1];
static const struct ar_config_section sections[] = {
    { "camera", camera_options, &camera, .origins = camera_origins },
    { "work", work_options, &work, .origins = work_origins },
    { 0 },
};

/* What was told, one "line: problem\n" after the other. */
struct problems {
    char text[8192];
    uint32_t n;
};

static struct problems problems;
static char directory[] = "/tmp/test_config.XXXXXX";
static char path[64];

static void note_problem(void *user, const char *where, uint32_t line, const char *problem)
{
    struct problems *const told = user;
    const size_t used = strlen(told->text);

    ck_assert_str_eq(where, path);
    snprintf(told->text + used, sizeof(told->text) - used, "%u: %s\n", line, problem);
    told->n++;
}

/* Of any file. */
static void note_any(void *user, const char *where, uint32_t line, const char *problem)
{
    ck_assert_int_eq(strncmp(where, path, strlen(path)), 0);
    note_problem(user, path, line, problem);
}

static void set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/file.conf", directory);
    memset(&camera, 0xa5, sizeof(camera));
    memset(&work, 0xa5, sizeof(work));
    ar_config_defaults(sections);
}

static void tear_down(void)
{
    char command[96];

    snprintf(command, sizeof(command), "rm -r %s", directory);
    ck_assert_int_eq(system(command), 0);
}

static void write_bytes(const char *bytes, size_t bytes_b)
{
    FILE *const file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, bytes_b, file), bytes_b);
    ck_assert_int_eq(fclose(file), 0);
}

static int read_bytes(const char *bytes, size_t bytes_b)
{
    problems = (struct problems){ 0 };
    write_bytes(bytes, bytes_b);
    return ar_config_read(sections, path, 0, note_problem, &problems);
}

static int read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

START_TEST(defaults_are_those_of_the_tables)
{
    ck_assert_str_eq(camera.source, "auto");
    ck_assert_uint_eq(camera.size.width_px, 0);
    ck_assert_uint_eq(camera.rate_millihz, 30000);
    ck_assert(!camera.loop);
    ck_assert_uint_eq(work.frame_us, 25000);
    ck_assert_double_eq(work.width, 0.0);
    ck_assert_str_eq(work.note, "");
}
END_TEST

START_TEST(reads_every_type)
{
    ck_assert_int_eq(read_text("[camera]\n"
                               "source = file:a clip.mp4\n"
                               "size=640x360\n"
                               "rate : 29.97\n"
                               "pace = fast\n"
                               "loop = yes\n"
                               "[work]\n"
                               "frame = 8ms\n"
                               "width = 0.5\n"
                               "threads = 2\n"
                               "note ="),
                     0);
    ck_assert_uint_eq(problems.n, 0);
    ck_assert_str_eq(camera.source, "file:a clip.mp4");
    ck_assert_uint_eq(camera.size.width_px, 640);
    ck_assert_uint_eq(camera.size.height_px, 360);
    ck_assert_uint_eq(camera.rate_millihz, 29970);
    ck_assert_uint_eq(camera.pace, 1);
    ck_assert(camera.loop);
    ck_assert_uint_eq(work.frame_us, 8000);
    ck_assert_double_eq(work.width, 0.5);
    ck_assert_uint_eq(work.n_threads, 2);
    ck_assert_str_eq(work.note, "");
}
END_TEST

START_TEST(takes_the_habits_of_editors)
{
    ck_assert_int_eq(read_text("\xef\xbb\xbf; first\r\n"
                               "\r\n"
                               "  [work] # the rest\r\n"
                               "\tframe\t=\t8ms\t; short\r\n"
                               "    threads = 2\r\n"
                               "  # width = 0.5\r\n"
                               "[camera]\r\n"
                               "[work]\r\n"
                               "note = a=b: [c] # d;e"),
                     0);
    ck_assert_uint_eq(problems.n, 0);
    ck_assert_uint_eq(work.frame_us, 8000);
    ck_assert_uint_eq(work.n_threads, 2);
    ck_assert_double_eq(work.width, 0.0);
    ck_assert_str_eq(work.note, "a=b: [c] # d;e");
}
END_TEST

START_TEST(takes_an_empty_file)
{
    ck_assert_int_eq(read_text(""), 0);
    ck_assert_int_eq(read_text("\n\n"), 0);
    ck_assert_uint_eq(problems.n, 0);
}
END_TEST

/* One file, the one thing that is told about it. */
static const struct {
    const char *text;
    const char *told;
} single_problems[] = {
    { "[work]\nfrme = 8ms\n", "2: work.frme: no such key, did you mean work.frame?\n" },
    { "[work]\n\nFrame = 8ms\n", "3: work.Frame: no such key, did you mean work.frame?\n" },
    { "[camera]\nwidth = 0.5\n", "2: camera.width: no such key, did you mean work.width?\n" },
    { "[work]\ncolour = red\n", "2: work.colour: no such key\n" },
    { "[work]\n= 8ms\n", "2: work.: no such key\n" },
    { "[wrok]\nframe = 8ms\nx\n", "1: [wrok]: no such section, did you mean [work]?\n"
                                  "3: neither \"key = value\" nor \"[section]\"\n" },
    { "[paint]\nframe = 8ms\n", "1: [paint]: no such section\n" },
    { "[]\n", "1: []: no such section\n" },
    { "\n[work\nframe = 8ms\n", "2: [work: the closing \"]\" is missing\n" },
    { "[work] frame = 8ms\nthreads = 2\n",
      "1: [work]: \"frame = 8ms\" must go on a line of its own\n" },
    { "frame = 8ms\n[work]\n", "1: frame: stands before the first [section]\n" },
    { "[work]\nframe 8ms\n[camera]\n", "2: neither \"key = value\" nor \"[section]\"\n" },
    { "[work]\nframe\nwidth\n", "2: neither \"key = value\" nor \"[section]\"\n"
                                "3: neither \"key = value\" nor \"[section]\"\n" },
    { "[work]\nframe ; = 8ms", "2: neither \"key = value\" nor \"[section]\"\n" },
    { "[work]\nframe = 8ms\nwidth = 0.5\nframe = 9ms\n",
      "4: work.frame: already set on line 2\n" },
    { "[work]\nwidth = 0.5\n[camera]\n[work]\nwidth = 0.5\n",
      "5: work.width: already set on line 2\n" },
    { "[work]\nnote = a\x1b[2J\n", "2: control character 0x1b, is this a text file?\n" },
    { "[work]\nnote = a\x7f\n", "2: control character 0x7f, is this a text file?\n" },
    { "\xff\xfe[\0w\0", "1: this is UTF-16; save the file as UTF-8\n" },
    { "[work]\nnote = gr\xfcn\nnote = gr\u00fcn # gr\xfcn\n; gr\xfcn\n",
      "2: bytes that are not UTF-8; save the file as UTF-8\n"
      "3: bytes that are not UTF-8; save the file as UTF-8\n" },
    { "[work]\nnote = a\rframe = 8ms\n", "2: control character 0x0d, is this a text file?\n" },
};

START_TEST(tells_each_problem_with_its_line)
{
    ck_assert_int_eq(read_text(single_problems[_i].text), -EINVAL);
    ck_assert_str_eq(problems.text, single_problems[_i].told);
}
END_TEST

START_TEST(tells_what_a_value_should_be)
{
    ck_assert_int_eq(read_text("[work]\nframe = 25\n\nwidth = 2\nthreads = 8\n"), -EINVAL);
    ck_assert_uint_eq(problems.n, 2);
    ck_assert_ptr_nonnull(strstr(problems.text, "2: work.frame: \"25\""));
    ck_assert_ptr_nonnull(strstr(problems.text, "1ms..1s"));
    ck_assert_ptr_nonnull(strstr(problems.text, "4: work.width: \"2\""));
    ck_assert_ptr_nonnull(strstr(problems.text, "auto|0.25..1"));
    ck_assert_uint_eq(work.frame_us, 25000);
    ck_assert_double_eq(work.width, 0.0);
    ck_assert_uint_eq(work.n_threads, 8);
}
END_TEST

START_TEST(lines_without_a_problem_are_set)
{
    ck_assert_int_eq(read_text("threads = 3\n"
                               "[wrok]\n"
                               "width = 0.75\n"
                               "[work]\n"
                               "frame = 8ms\n"
                               "frame = 9ms\n"
                               "nonsense\n"
                               "[camera\n"
                               "loop = yes\n"
                               "[camera]\n"
                               "pace = slow\n"
                               "rate = 15\n"),
                     -EINVAL);
    ck_assert_uint_eq(problems.n, 6);
    ck_assert_uint_eq(work.n_threads, 4);
    ck_assert_double_eq(work.width, 0.0);
    ck_assert_uint_eq(work.frame_us, 8000);
    ck_assert(!camera.loop);
    ck_assert_uint_eq(camera.pace, 0);
    ck_assert_uint_eq(camera.rate_millihz, 15000);
}
END_TEST

/* The longest line that inih holds is taken; one byte more is told, and changes nothing else. */
START_TEST(tells_a_line_that_is_too_long)
{
    char text[600];
    const int longest = 198;
    const int length = longest + _i;

    snprintf(text, sizeof(text), "[work]\nnote = %0*d\nthreads = 2\n", length - 7, 0);
    if (_i == 0) {
        ck_assert_int_eq(read_text(text), 0);
        ck_assert_uint_eq(strlen(work.note), (size_t)longest - 7);
    } else {
        char told[100];

        snprintf(told, sizeof(told),
                 "2: \"note = 0000000000000...\": %d bytes, a line may have %d\n", length,
                 longest);
        ck_assert_int_eq(read_text(text), -EINVAL);
        ck_assert_str_eq(problems.text, told);
        ck_assert_str_eq(work.note, "");
    }
    ck_assert_uint_eq(work.n_threads, 2);
}
END_TEST

START_TEST(tells_bytes_that_are_no_text)
{
    static const char zeros[] = "[work]\nframe = 8ms\0\nwidth = 0.5\n\0width = 1\n";

    ck_assert_int_eq(read_bytes(zeros, sizeof(zeros) - 1), -EINVAL);
    ck_assert_str_eq(problems.text, "2: control character 0x00, is this a text file?\n"
                                    "4: control character 0x00, is this a text file?\n");
    ck_assert_uint_eq(work.frame_us, 25000);
    ck_assert_double_eq(work.width, 0.5);
}
END_TEST

/* Bytes at random, many of them with a meaning: whatever is told, nothing breaks, and lines are real. */
START_TEST(survives_garbage)
{
    static const char letters[] = "[]=:;# \t\r\n\n\nworkframecamera.0\xff\x01";
    static char text[4096];
    uint32_t seed = 1u + (uint32_t)_i;

    for (size_t i = 0; i < sizeof(text); i++) {
        seed = seed * 1664525u + 1013904223u;
        text[i] = letters[(seed >> 16) % (sizeof(letters) - 1)];
    }
    const int ret = read_bytes(text, sizeof(text));

    ck_assert(ret == (problems.n > 0 ? -EINVAL : 0));
}
END_TEST

START_TEST(gives_the_error_of_the_file)
{
    problems = (struct problems){ 0 };
    ck_assert_int_eq(ar_config_read(sections, path, 0, note_problem, &problems), -ENOENT);
    ck_assert_int_eq(ar_config_read(sections, directory, 0, note_problem, &problems), -EISDIR);
    if (geteuid() != 0) {
        write_bytes("", 0);
        ck_assert_int_eq(chmod(path, 0), 0);
        ck_assert_int_eq(ar_config_read(sections, path, 0, note_problem, &problems), -EACCES);
    }
    ck_assert_uint_eq(problems.n, 0);
}
END_TEST

START_TEST(refuses_a_file_without_end)
{
    static char text[64 * 1024 + 1];

    memset(text, '\n', sizeof(text));
    ck_assert_int_eq(read_bytes(text, sizeof(text) - 1), 0);
    ck_assert_int_eq(read_bytes(text, sizeof(text)), -EFBIG);
    ck_assert_uint_eq(problems.n, 0);
}
END_TEST

START_TEST(refuses_what_keeps_waiting)
{
    problems = (struct problems){ 0 };
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(ar_config_read(sections, path, 0, note_problem, &problems), -ESPIPE);
    ck_assert_int_eq(ar_config_read(sections, "/dev/null", 0, note_problem, &problems), 0);
    ck_assert_uint_eq(problems.n, 0);
}
END_TEST

/* In the test's folder; what is left is removed with it. */
static void write_file(const char *name, const char *text)
{
    char file[128];
    FILE *out;

    snprintf(file, sizeof(file), "%s%s", path, name);
    out = fopen(file, "we");
    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    ck_assert_int_eq(fclose(out), 0);
}

static void make_drop_ins(void)
{
    char folder[96];

    snprintf(folder, sizeof(folder), "%s.d", path);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    write_file(".d/20-b.conf", "[work]\nframe = 20ms\nthreads = 2\n");
    write_file(".d/10-a.conf", "[work]\nframe = 10ms\nwidth = 0.5\n");
    write_file(".d/B.conf", "[work]\nnote = capitals come before\n");
    write_file(".d/a.conf", "[work]\nnote = small letters\n");
    write_file(".d/.hidden.conf", "[work]\nframe = 30ms\n");
    write_file(".d/30-c.conf~", "[work]\nframe = 30ms\n");
    write_file(".d/.conf", "[work]\nframe = 30ms\n");
}

static struct ar_config_files found;

START_TEST(finds_drop_ins_by_name)
{
    char where[160];
    char expected[160];

    make_drop_ins();
    write_file("", "[work]\nframe = 5ms\nthreads = 1\n");
    found.n = 0;
    ck_assert_int_eq(ar_config_files_find(&found, path, true, note_any, &problems), 0);
    ck_assert_uint_eq(found.n, 5);
    ck_assert_int_eq(ar_config_files_read(&found, sections, note_any, &problems), 0);
    ck_assert_uint_eq(work.frame_us, 20000);
    ck_assert_double_eq(work.width, 0.5);
    ck_assert_uint_eq(work.n_threads, 2);
    ck_assert_str_eq(work.note, "small letters");
    ar_config_files_describe(&found, &work_origins[1], where, sizeof(where));
    snprintf(expected, sizeof(expected), "%s.d/10-a.conf:3", path);
    ck_assert_str_eq(where, expected);
    ar_config_files_describe(&found, &camera_origins[0], where, sizeof(where));
    ck_assert_str_eq(where, "default");
}
END_TEST

START_TEST(tells_of_files_that_cannot_be_read)
{
    char name[16];
    char folder[96];

    make_drop_ins();
    snprintf(folder, sizeof(folder), "%s.d/50.conf", path);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    found.n = 0;
    problems = (struct problems){ 0 };
    ck_assert_int_eq(ar_config_files_find(&found, path, true, note_any, &problems), 0);
    ck_assert_int_eq(ar_config_files_read(&found, sections, note_any, &problems), -EISDIR);
    ck_assert_str_eq(problems.text, "0: cannot be read: No such file or directory\n"
                                    "0: cannot be read: Is a directory\n");
    for (uint32_t i = 0; i < AR_CONFIG_FILES_MAX; i++) {
        snprintf(name, sizeof(name), ".d/z%u.conf", i);
        write_file(name, "");
    }
    found.n = 0;
    problems = (struct problems){ 0 };
    ck_assert_int_eq(ar_config_files_find(&found, path, true, note_any, &problems), -EINVAL);
    ck_assert_ptr_nonnull(strstr(problems.text, "room for 32"));
}
END_TEST

START_TEST(sets_one_key)
{
    struct ar_reason reason;

    ck_assert_int_eq(ar_config_set(sections, "work.frame", "8ms", AR_CONFIG_SET, &reason), 0);
    ck_assert_uint_eq(work.frame_us, 8000);

    ck_assert_int_eq(ar_config_set(sections, "work.frame", "9", AR_CONFIG_SET, &reason),
                     -EINVAL);
    ck_assert_int_eq(strncmp(reason.text, "work.frame: \"9\"", 15), 0);
    ck_assert_ptr_nonnull(strstr(reason.text, "1ms..1s"));
    ck_assert_uint_eq(work.frame_us, 8000);
    ck_assert_int_eq(ar_config_set(sections, "work.frame", "9", AR_CONFIG_SET, NULL), -EINVAL);
}
END_TEST

static const struct {
    const char *key;
    const char *reason;
} unknown_keys[] = {
    { "work.treads", "work.treads: no such key, did you mean work.threads?" },
    { "wrok.frame", "wrok.frame: no such key, did you mean work.frame?" },
    { "cmaera.lop", "cmaera.lop: no such key, did you mean camera.loop?" },
    { "frame", "frame: no such key, did you mean work.frame?" },
    { "screen.mode", "screen.mode: no such key" },
    { "screen.fraim", "screen.fraim: no such key" },
    { "work.frame.us", "work.frame.us: no such key" },
    { "", ": no such key" },
    { ".", ": no such key" },
    { "work.", "work.: no such key" },
    { "a\x1b[2J\n.b", "a?[2J?.b: no such key" },
};

START_TEST(suggests_for_an_unknown_key)
{
    struct ar_reason reason;

    ck_assert_int_eq(ar_config_set(sections, unknown_keys[_i].key, "1", AR_CONFIG_SET, &reason),
                     -ENOENT);
    ck_assert_str_eq(reason.text, unknown_keys[_i].reason);
}
END_TEST

START_TEST(survives_a_long_key)
{
    struct ar_reason reason;
    char key[1000];

    memset(key, 'x', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    ck_assert_int_eq(ar_config_set(sections, key, "1", AR_CONFIG_SET, &reason), -ENOENT);
    key[500] = '.';
    ck_assert_int_eq(ar_config_set(sections, key, "1", AR_CONFIG_SET, &reason), -ENOENT);
    key[500] = 'x';
    key[63] = '.';
    ck_assert_int_eq(ar_config_set(sections, key, "1", AR_CONFIG_SET, &reason), -ENOENT);
}
END_TEST

START_TEST(finds_an_option_and_its_params)
{
    struct ar_config_key key;

    ck_assert(ar_config_find(sections, "work.width", &key));
    ck_assert_ptr_eq(key.section, &sections[1]);
    ck_assert_ptr_eq(key.option, &work_options[1]);
    ck_assert_ptr_eq(key.params, &work);
    ck_assert_ptr_eq(key.origin, &work_origins[1]);
    ck_assert_str_eq(key.name, "width");
    ck_assert(ar_config_find(sections, "camera.source", &key));
    ck_assert_ptr_eq(key.option, &camera_options[0]);
    ck_assert_ptr_eq(key.params, &camera);
    ck_assert(!ar_config_find(sections, "camera.width", &key));
    ck_assert(!ar_config_find(sections, "width", &key));
    ck_assert(!ar_config_find(sections, "work.", &key));
}
END_TEST

START_TEST(walks_over_all_keys)
{
    static const char *const names[] = { "source", "size",  "rate",    "pace", "loop",
                                         "frame",  "width", "threads", "note" };
    struct ar_config_key key;
    uint32_t n = 0;

    for (; ar_config_at(sections, n, &key); n++)
        ck_assert_str_eq(key.name, names[n]);
    ck_assert_uint_eq(n, AR_ARRAY_LEN(names));
}
END_TEST

/* A file says more than the one before it, the command line more than any file. */
START_TEST(remembers_where_a_value_comes_from)
{
    struct ar_reason reason;

    ck_assert_int_eq(read_text("[work]\n\nframe = 8ms\nwidth = 0.5\n"), 0);
    ck_assert_uint_eq(work_origins[0].layer, AR_CONFIG_FILE);
    ck_assert_uint_eq(work_origins[0].file, 0);
    ck_assert_uint_eq(work_origins[0].line, 3);
    write_bytes("[work]\nframe = 9ms\n", 19);
    ck_assert_int_eq(ar_config_read(sections, path, 7, note_problem, &problems), 0);
    ck_assert_uint_eq(work.frame_us, 9000);
    ck_assert_uint_eq(work_origins[0].file, 7);
    ck_assert_uint_eq(work_origins[0].line, 2);
    ck_assert_uint_eq(work_origins[1].line, 4);
    ck_assert_int_eq(ar_config_set(sections, "work.frame", "5ms", AR_CONFIG_COMMAND_LINE,
                                   &reason),
                     0);
    ck_assert_uint_eq(work_origins[0].layer, AR_CONFIG_COMMAND_LINE);
    ck_assert_int_eq(ar_config_set(sections, "work.width", "9", AR_CONFIG_SET, &reason),
                     -EINVAL);
    ck_assert_uint_eq(work_origins[1].layer, AR_CONFIG_FILE);
    ck_assert_uint_eq(work_origins[2].layer, AR_CONFIG_DEFAULT);
}
END_TEST

/* What is written is read back as it was, or refused. */
static const struct {
    const char *value;
    bool is_good;
} notes[] = {
    { "", true },          { "a b", true }, { "#a;b=c: [d]", true }, { "\"a\"", true },
    { "gr\u00fcn", true }, { " a", false }, { "a ", false },         { "a ;b", false },
    { ";", false },        { "a;b", true },
};

START_TEST(writes_what_it_reads)
{
    char line[AR_CONFIG_LINE_MAX_B];
    char text[AR_CONFIG_LINE_MAX_B + 16];
    struct ar_config_key key;

    ck_assert_int_eq(ar_config_set(sections, "work.note", notes[_i].value, AR_CONFIG_SET, NULL),
                     0);
    ck_assert(ar_config_find(sections, "work.note", &key));
    ck_assert_int_eq(ar_config_format_line(&key, line, NULL), notes[_i].is_good ? 0 : -EINVAL);
    snprintf(text, sizeof(text), "[work]\nnote = %s\n", notes[_i].value);
    snprintf(work.note, sizeof(work.note), "x");
    read_text(text);
    ck_assert_int_eq(strcmp(work.note, notes[_i].value) == 0, notes[_i].is_good);
}
END_TEST

START_TEST(refuses_to_write_a_line_that_is_too_long)
{
    char note[200];
    char line[AR_CONFIG_LINE_MAX_B];
    struct ar_config_key key;

    snprintf(note, sizeof(note), "%0*d", 198 - 7 + _i, 0);
    ck_assert_int_eq(ar_config_set(sections, "work.note", note, AR_CONFIG_SET, NULL), 0);
    ck_assert(ar_config_find(sections, "work.note", &key));
    ck_assert_int_eq(ar_config_format_line(&key, line, NULL), _i == 0 ? 0 : -EINVAL);
}
END_TEST

START_TEST(counts_slips)
{
    ck_assert_uint_eq(ar_config_slips("frame", "frame"), 0);
    ck_assert_uint_eq(ar_config_slips("FRAME", "frame"), 0);
    ck_assert_uint_eq(ar_config_slips("frrame", "frame"), 1);
    ck_assert_uint_eq(ar_config_slips("fame", "frame"), 1);
    ck_assert_uint_eq(ar_config_slips("fraim", "frame"), 2);
    ck_assert_uint_eq(ar_config_slips("farme", "frame"), 1);
    ck_assert_uint_eq(ar_config_slips("famer", "frame"), 2);
    ck_assert_uint_eq(ar_config_slips("pace", "rate"), AR_CONFIG_NOT_NEAR);
    ck_assert_uint_eq(ar_config_slips("flour", "frame"), AR_CONFIG_NOT_NEAR);
    ck_assert_uint_eq(ar_config_slips("f", "frame"), AR_CONFIG_NOT_NEAR);
    ck_assert_uint_eq(ar_config_slips("", "frame"), AR_CONFIG_NOT_NEAR);
    ck_assert_uint_eq(ar_config_slips("", ""), 0);
}
END_TEST

START_TEST(does_not_count_slips_in_long_words)
{
    char word[65];

    memset(word, 'x', 64);
    word[64] = '\0';
    ck_assert_uint_eq(ar_config_slips(word, word), AR_CONFIG_NOT_NEAR);
    ck_assert_uint_eq(ar_config_slips(word + 1, word), AR_CONFIG_NOT_NEAR);
    ck_assert_uint_eq(ar_config_slips(word, word + 1), AR_CONFIG_NOT_NEAR);
    ck_assert_uint_eq(ar_config_slips(word + 2, word + 1), 1);
}
END_TEST

/* What a print function writes. The caller frees it. */
static char *printed(void (*print)(const struct ar_config_section *, FILE *))
{
    char *text = NULL;
    size_t text_b = 0;
    FILE *const stream = open_memstream(&text, &text_b);

    ck_assert_ptr_nonnull(stream);
    print(sections, stream);
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_ptr_nonnull(text);
    return text;
}

START_TEST(help_is_aligned)
{
    char *const text = printed(ar_config_print_help);

    ck_assert_str_eq(text,
                     "  camera.source  text                   (auto)   where frames come from\n"
                     "  camera.size    auto|16x16..1920x1920  (auto)   size to ask for\n"
                     "  camera.rate    1..240                 (30)     frames a second\n"
                     "  camera.pace    real|fast              (real)   speed of a clip\n"
                     "  camera.loop    yes|no                 (no)     start a clip again\n"
                     "  work.frame     1ms..1s                (25ms)   time for a frame\n"
                     "  work.width     auto|0.25..1           (auto)   share of the channels\n"
                     "  work.threads   1..16                  (4)      how many work\n"
                     "  work.note      text                   (empty)  a word of yours\n");
    free(text);
}
END_TEST

START_TEST(file_is_commented_and_grouped)
{
    char *const text = printed(ar_config_print_file);

    ck_assert_ptr_nonnull(strstr(text,
                                 "\n\n[camera]\n\n# where frames come from\n# text; live\n"
                                 "#source = auto\n\n# size to ask for\n"));
    ck_assert_ptr_nonnull(strstr(text, "#loop = no\n\n[work]\n\n# time for a frame\n"
                                       "# 1ms..1s; live\n#frame = 25ms\n"));
    free(text);
}
END_TEST

/* As printed, and with every "#key" uncommented, the file is read as the defaults. */
START_TEST(file_reads_as_the_defaults)
{
    char *const text = printed(ar_config_print_file);
    const struct camera_params default_camera = camera;
    const struct work_params default_work = work;
    uint32_t n_keys = 0;

    for (char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (_i == 1 && line[0] == '#' && line[1] != ' ') {
            line[0] = ' ';
            n_keys++;
        }
    }
    if (_i == 1) {
        memset(&camera, 0x5a, sizeof(camera));
        memset(&work, 0x5a, sizeof(work));
        ck_assert_uint_eq(n_keys,
                          AR_ARRAY_LEN(camera_options) + AR_ARRAY_LEN(work_options) - 2);
    }
    ck_assert_int_eq(read_text(text), 0);
    ck_assert_str_eq(camera.source, default_camera.source);
    ck_assert_mem_eq(&camera.size, &default_camera.size, sizeof(camera.size));
    ck_assert_uint_eq(camera.rate_millihz, default_camera.rate_millihz);
    ck_assert_uint_eq(camera.pace, default_camera.pace);
    ck_assert_uint_eq(camera.loop, default_camera.loop);
    ck_assert_uint_eq(work.frame_us, default_work.frame_us);
    ck_assert_double_eq(work.width, default_work.width);
    ck_assert_uint_eq(work.n_threads, default_work.n_threads);
    ck_assert_str_eq(work.note, default_work.note);
    free(text);
}
END_TEST

static struct ar_entries knobs;
static struct ar_config_origin knob_origins[AR_ENTRIES_MAX];
static const struct ar_config_section open_sections[] = {
    { "camera", camera_options, &camera, .origins = camera_origins },
    { .name = "camera.knobs",
      .options = &camera_options[AR_ARRAY_LEN(camera_options) - 1],
      .entries = &knobs,
      .entry_help = "what the camera calls so",
      .origins = knob_origins },
    { 0 },
};

static int set(const char *key, const char *text, struct ar_reason *reason)
{
    return ar_config_set(open_sections, key, text, AR_CONFIG_SET, reason);
}

START_TEST(an_open_section_takes_any_key)
{
    struct ar_reason reason;
    struct ar_config_key key;

    ar_config_defaults(open_sections);
    ck_assert_int_eq(set("camera.knobs.gain", "7", &reason), 0);
    ck_assert_int_eq(set("camera.knobs.auto_exposure", "Manual Mode", &reason), 0);
    ck_assert_int_eq(set("camera.knobs.gain", "8", &reason), 0);
    ck_assert_int_eq(set("camera.loop", "yes", &reason), 0);
    ck_assert(camera.loop);
    ck_assert_uint_eq(knobs.n, 2);
    ck_assert_str_eq(knobs.list[0].key, "gain");
    ck_assert_str_eq(knobs.list[0].text, "8");
    ck_assert_str_eq(ar_entries_find(&knobs, "auto_exposure")->text, "Manual Mode");
    ck_assert(ar_config_find(open_sections, "camera.knobs.gain", &key));
    ck_assert_ptr_eq(key.option, &ar_entry_option);
    ck_assert_ptr_eq(key.params, &knobs.list[0]);
    ck_assert_ptr_eq(key.origin, &knob_origins[0]);
    ck_assert(!ar_config_find(open_sections, "camera.knobs.focus", &key));
    ar_config_defaults(open_sections);
    ck_assert_uint_eq(knobs.n, 0);
}
END_TEST

START_TEST(an_open_section_takes_no_nonsense)
{
    struct ar_reason reason;
    char key[AR_ENTRY_KEY_MAX + 20];

    ar_config_defaults(open_sections);
    ck_assert_int_eq(set("camera.knobs.", "7", &reason), -EINVAL);
    ck_assert_int_eq(set("camera.knobs.a b", "7", &reason), -EINVAL);
    ck_assert_ptr_nonnull(strstr(reason.text, "camera.knobs.a b: a name has letters"));
    ck_assert_int_eq(set("camera.knobs.gain", "a\x1b[2J", &reason), -EINVAL);
    snprintf(key, sizeof(key), "camera.knobs.%0*d", AR_ENTRY_KEY_MAX, 0);
    ck_assert_int_eq(set(key, "7", &reason), -EINVAL);
    ck_assert_int_eq(set("camera.knob.gain", "7", &reason), -ENOENT);
    ck_assert_ptr_nonnull(strstr(reason.text, "did you mean camera.knobs.gain?"));
    ck_assert_uint_eq(knobs.n, 0);
    for (uint32_t i = 0; i < AR_ENTRIES_MAX; i++) {
        snprintf(key, sizeof(key), "camera.knobs.k%u", i);
        ck_assert_int_eq(set(key, "7", &reason), 0);
    }
    ck_assert_int_eq(set("camera.knobs.one_more", "7", &reason), -ENOSPC);
    ck_assert_int_eq(set("camera.knobs.k31", "8", &reason), 0);
}
END_TEST

START_TEST(an_open_section_in_a_file)
{
    static const char text[] = "[camera.knobs]\ngain = 7\nauto_exposure = 1\ngain = 8\n"
                               "a-b = 1\n";

    ar_config_defaults(open_sections);
    problems = (struct problems){ 0 };
    write_bytes(text, strlen(text));
    ck_assert_int_eq(ar_config_read(open_sections, path, 0, note_problem, &problems), -EINVAL);
    ck_assert_str_eq(problems.text,
                     "4: camera.knobs.gain: already set on line 2\n"
                     "5: camera.knobs.a-b: a name has letters, digits and \"_\", at most 47\n");
    ck_assert_uint_eq(knobs.n, 2);
    ck_assert_str_eq(ar_entries_find(&knobs, "gain")->text, "7");
}
END_TEST

START_TEST(an_open_section_in_print)
{
    char *text = NULL;
    size_t text_b = 0;
    FILE *const stream = open_memstream(&text, &text_b);

    ar_config_print_help(open_sections, stream);
    ar_config_print_file(open_sections, stream);
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_ptr_nonnull(strstr(text, "  camera.knobs.NAME  VALUE                  (none)  "
                                       "what the camera calls so\n"));
    ck_assert_ptr_nonnull(
        strstr(text,
               "\n[camera.knobs]\n\n# what the camera calls so\n# live\n# NAME = VALUE\n"));
    free(text);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("config");
    TCase *const files = tcase_create("read");
    TCase *const keys = tcase_create("set");
    TCase *const prints = tcase_create("print");

    tcase_add_checked_fixture(files, set_up, tear_down);
    tcase_add_test(files, defaults_are_those_of_the_tables);
    tcase_add_test(files, reads_every_type);
    tcase_add_test(files, takes_the_habits_of_editors);
    tcase_add_test(files, takes_an_empty_file);
    tcase_add_loop_test(files, tells_each_problem_with_its_line, 0,
                        AR_ARRAY_LEN(single_problems));
    tcase_add_test(files, tells_what_a_value_should_be);
    tcase_add_test(files, lines_without_a_problem_are_set);
    tcase_add_loop_test(files, tells_a_line_that_is_too_long, 0, 2);
    tcase_add_test(files, tells_bytes_that_are_no_text);
    tcase_add_loop_test(files, survives_garbage, 0, 20);
    tcase_add_test(files, gives_the_error_of_the_file);
    tcase_add_test(files, refuses_a_file_without_end);
    tcase_add_test(files, refuses_what_keeps_waiting);
    tcase_add_test(files, remembers_where_a_value_comes_from);
    tcase_add_test(files, finds_drop_ins_by_name);
    tcase_add_test(files, tells_of_files_that_cannot_be_read);
    suite_add_tcase(suite, files);

    tcase_add_checked_fixture(keys, set_up, tear_down);
    tcase_add_test(keys, sets_one_key);
    tcase_add_loop_test(keys, suggests_for_an_unknown_key, 0, AR_ARRAY_LEN(unknown_keys));
    tcase_add_test(keys, survives_a_long_key);
    tcase_add_test(keys, finds_an_option_and_its_params);
    tcase_add_test(keys, an_open_section_takes_any_key);
    tcase_add_test(keys, an_open_section_takes_no_nonsense);
    tcase_add_test(keys, an_open_section_in_a_file);
    tcase_add_test(keys, an_open_section_in_print);
    tcase_add_test(keys, walks_over_all_keys);
    tcase_add_loop_test(keys, writes_what_it_reads, 0, AR_ARRAY_LEN(notes));
    tcase_add_loop_test(keys, refuses_to_write_a_line_that_is_too_long, 0, 2);
    tcase_add_test(keys, counts_slips);
    tcase_add_test(keys, does_not_count_slips_in_long_words);
    suite_add_tcase(suite, keys);

    tcase_add_checked_fixture(prints, set_up, tear_down);
    tcase_add_test(prints, help_is_aligned);
    tcase_add_test(prints, file_is_commented_and_grouped);
    tcase_add_loop_test(prints, file_reads_as_the_defaults, 0, 2);
    suite_add_tcase(suite, prints);

    return ar_suite_run(suite);
}
