/* SPDX-License-Identifier: MIT */
/* The processors' clock, from a made-up /sys and /proc/cpuinfo. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/macros.h"
#include "daemon/cpu_clock.h"
#include "tests/suite.h"

static char folder[32];
static struct ar_cpu_clock cpu_clock;

static void make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/ar-test-clock-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    memset(&cpu_clock, 0xa5, sizeof(cpu_clock));
}

static void remove_folder(void)
{
    char command[96];

    snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static void policy_path(char path[256], uint32_t policy, const char *name)
{
    static const char *const parts[] = { "devices", "system", "cpu", "cpufreq" };
    int used = snprintf(path, 256, "%s", folder);

    for (size_t i = 0; i < AR_ARRAY_LEN(parts); i++) {
        used += snprintf(path + used, 256 - (size_t)used, "/%s", parts[i]);
        ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
    }
    used += snprintf(path + used, 256 - (size_t)used, "/policy%u", policy);
    ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
    snprintf(path + used, 256 - (size_t)used, "/%s", name);
}

static void write_text(const char *path, const char *text)
{
    FILE *const file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_policy(uint32_t policy, const char *name, const char *text)
{
    char path[256];

    policy_path(path, policy, name);
    write_text(path, text);
}

/* NULL: no such file. */
static void add_policy(uint32_t policy, const char *driver, const char *max_khz,
                       const char *now_khz)
{
    if (driver)
        write_policy(policy, "scaling_driver", driver);
    if (max_khz)
        write_policy(policy, "cpuinfo_max_freq", max_khz);
    if (now_khz)
        write_policy(policy, "scaling_cur_freq", now_khz);
}

START_TEST(without_files_the_clock_is_unknown)
{
    ar_cpu_clock_open(&cpu_clock, folder);
    ck_assert_uint_eq(cpu_clock.n_fds, 0);
    ck_assert_uint_eq(cpu_clock.max_khz, 0);
    ck_assert_uint_eq(ar_cpu_clock_now_khz(&cpu_clock), 0);
    ar_cpu_clock_close(&cpu_clock);
}
END_TEST

START_TEST(one_policy_is_read_anew_each_time)
{
    add_policy(0, "cpufreq-dt\n", "1800000\n", "600000\n");
    ar_cpu_clock_open(&cpu_clock, folder);
    ck_assert_uint_eq(cpu_clock.max_khz, 1800000);
    ck_assert_uint_eq(ar_cpu_clock_now_khz(&cpu_clock), 600000);
    write_policy(0, "scaling_cur_freq", "1500000\n");
    ck_assert_uint_eq(ar_cpu_clock_now_khz(&cpu_clock), 1500000);
    ck_assert_uint_eq(ar_cpu_clock_now_khz(&cpu_clock), 1500000);
    ar_cpu_clock_close(&cpu_clock);
}
END_TEST

START_TEST(of_several_the_slowest_and_the_highest)
{
    add_policy(0, "cpufreq-dt\n", "1800000\n", "1700000\n");
    add_policy(4, "cpufreq-dt\n", "2400000\n", "1600000\n");
    add_policy(255, "acpi-cpufreq\n", "2000000\n", "1900000\n");
    ar_cpu_clock_open(&cpu_clock, folder);
    ck_assert_uint_eq(cpu_clock.n_fds, 3);
    ck_assert_uint_eq(cpu_clock.max_khz, 2400000);
    ck_assert_uint_eq(ar_cpu_clock_now_khz(&cpu_clock), 1600000);
    write_policy(4, "scaling_cur_freq", "<unknown>\n");
    ck_assert_uint_eq(ar_cpu_clock_now_khz(&cpu_clock), 1700000);
    ar_cpu_clock_close(&cpu_clock);
}
END_TEST

START_TEST(more_groups_than_there_is_room_for_are_left_out)
{
    for (uint32_t policy = 0; policy < AR_CPU_CLOCK_MAX_GROUPS + 4; policy++)
        add_policy(policy, NULL, "1800000\n", "1000000\n");
    ar_cpu_clock_open(&cpu_clock, folder);
    ck_assert_uint_eq(cpu_clock.n_fds, AR_CPU_CLOCK_MAX_GROUPS);
    ck_assert_uint_eq(ar_cpu_clock_now_khz(&cpu_clock), 1000000);
    ar_cpu_clock_close(&cpu_clock);
}
END_TEST

/* Their clock is a mean of the past that idling lowers. */
static const char *const pasts[] = { "intel_pstate\n",   "intel_cpufreq\n", "amd-pstate\n",
                                     "amd-pstate-epp\n", "amd_pstate\n",    "intel_" };

START_TEST(a_driver_that_tells_of_the_past_is_refused)
{
    add_policy(0, pasts[_i], "4000000\n", "800000\n");
    ar_cpu_clock_open(&cpu_clock, folder);
    ck_assert_uint_eq(cpu_clock.n_fds, 0);
    ck_assert_uint_eq(cpu_clock.max_khz, 4000000);
    ck_assert_uint_eq(ar_cpu_clock_now_khz(&cpu_clock), 0);
    ar_cpu_clock_close(&cpu_clock);
}
END_TEST

START_TEST(a_driver_that_is_not_known_is_believed)
{
    static const char *const drivers[] = { NULL, "", "\n", "my_intel_pstate\n", "amd\n" };

    for (uint32_t i = 0; i < AR_ARRAY_LEN(drivers); i++)
        add_policy(i, drivers[i], "1800000\n", "1000000\n");
    ar_cpu_clock_open(&cpu_clock, folder);
    ck_assert_uint_eq(cpu_clock.n_fds, AR_ARRAY_LEN(drivers));
    ar_cpu_clock_close(&cpu_clock);
}
END_TEST

START_TEST(files_that_are_missing_are_left_out)
{
    add_policy(0, "cpufreq-dt\n", NULL, "600000\n");
    add_policy(1, "cpufreq-dt\n", "1500000\n", NULL);
    add_policy(2, NULL, "1200000\n", "900000\n");
    ar_cpu_clock_open(&cpu_clock, folder);
    ck_assert_uint_eq(cpu_clock.n_fds, 1);
    ck_assert_uint_eq(cpu_clock.max_khz, 1500000);
    ck_assert_uint_eq(ar_cpu_clock_now_khz(&cpu_clock), 900000);
    ar_cpu_clock_close(&cpu_clock);
}
END_TEST

/* The last one is longer than what is read of it. */
static const char *const not_clocks[] = {
    "",
    "\n",
    "garbage",
    "-5\n",
    "0\n",
    "4294967296\n",
    "99999999999999999999999999\n",
    "<unknown>\n",
    "\xff\xfe\x01",
    "0000000000000000000000000000000000000000000000000001800000\n",
};

START_TEST(what_is_no_clock_is_unknown)
{
    add_policy(0, NULL, "1800000\n", not_clocks[_i]);
    add_policy(1, NULL, not_clocks[_i], "600000\n");
    ar_cpu_clock_open(&cpu_clock, folder);
    ck_assert_uint_eq(cpu_clock.max_khz, 1800000);
    ck_assert_uint_eq(ar_cpu_clock_now_khz(&cpu_clock), 0);
    ar_cpu_clock_close(&cpu_clock);
}
END_TEST

START_TEST(the_largest_number_is_one)
{
    add_policy(0, NULL, "4294967295\n", "4294967295");
    ar_cpu_clock_open(&cpu_clock, folder);
    ck_assert_uint_eq(cpu_clock.max_khz, UINT32_MAX);
    ck_assert_uint_eq(ar_cpu_clock_now_khz(&cpu_clock), UINT32_MAX);
    ar_cpu_clock_close(&cpu_clock);
}
END_TEST

START_TEST(a_folder_in_place_of_a_file_is_unknown)
{
    char path[256];

    add_policy(0, NULL, "1800000\n", NULL);
    policy_path(path, 0, "scaling_cur_freq");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    policy_path(path, 0, "scaling_driver");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ar_cpu_clock_open(&cpu_clock, folder);
    ck_assert_uint_eq(ar_cpu_clock_now_khz(&cpu_clock), 0);
    ar_cpu_clock_close(&cpu_clock);
}
END_TEST

START_TEST(close_closes)
{
    int fd;

    add_policy(0, NULL, "1800000\n", "600000\n");
    ar_cpu_clock_open(&cpu_clock, folder);
    fd = cpu_clock.fds[0];
    ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
    ar_cpu_clock_close(&cpu_clock);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    ck_assert_uint_eq(cpu_clock.n_fds, 0);
    ck_assert_uint_eq(ar_cpu_clock_now_khz(&cpu_clock), 0);
    ar_cpu_clock_close(&cpu_clock);
}
END_TEST

static const struct {
    const char *cpuinfo;
    const char *part;
} parts[] = {
    { "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Some CPU @ 2.00GHz\n"
      "stepping\t: 6\nflags\t\t: fpu vme\n\nprocessor\t: 1\nmodel name\t: Another\n",
      "Some CPU @ 2.00GHz 6" },
    { "processor\t: 0\nBogoMIPS\t: 108.00\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
      "CPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\nHardware\t: BCM2835\n",
      "0x41 0xd08 3" },
    { "", "unknown" },
    { "\nmodel name\t: after the first\n", "unknown" },
    { "model name\n", "unknown" },
    { "model nameless\t: no\n", "unknown" },
    { "stepping\t: 6", "6" },
};

START_TEST(a_part_is_told_by_the_first_processor)
{
    char path[64];
    char text[96];

    snprintf(path, sizeof(path), "%s/cpuinfo", folder);
    write_text(path, parts[_i].cpuinfo);
    ar_cpu_clock_part(text, sizeof(text), path);
    ck_assert_str_eq(text, parts[_i].part);
}
END_TEST

START_TEST(a_part_without_a_file_is_unknown)
{
    char path[64];
    char text[96];

    snprintf(path, sizeof(path), "%s/cpuinfo", folder);
    ar_cpu_clock_part(text, sizeof(text), path);
    ck_assert_str_eq(text, "unknown");
}
END_TEST

/* Whatever the room, the text ends within it. */
START_TEST(a_part_that_is_too_long_is_left_out)
{
    char path[64];
    char cpuinfo[4096] = "model name\t: ";

    snprintf(path, sizeof(path), "%s/cpuinfo", folder);
    memset(cpuinfo + strlen(cpuinfo), 'x', 3000);
    strcat(cpuinfo, "\nstepping\t: 6\n");
    write_text(path, cpuinfo);
    for (size_t text_b = 1; text_b < 64; text_b++) {
        char text[65];

        memset(text, 'y', sizeof(text));
        ar_cpu_clock_part(text, text_b, path);
        ck_assert_ptr_nonnull(memchr(text, '\0', text_b));
        ck_assert_int_eq(text[text_b], 'y');
        ck_assert_ptr_null(strchr(text, 'x'));
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("cpu clock");
    TCase *const tests = tcase_create("clock");

    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, without_files_the_clock_is_unknown);
    tcase_add_test(tests, one_policy_is_read_anew_each_time);
    tcase_add_test(tests, of_several_the_slowest_and_the_highest);
    tcase_add_test(tests, more_groups_than_there_is_room_for_are_left_out);
    tcase_add_loop_test(tests, a_driver_that_tells_of_the_past_is_refused, 0,
                        AR_ARRAY_LEN(pasts));
    tcase_add_test(tests, a_driver_that_is_not_known_is_believed);
    tcase_add_test(tests, files_that_are_missing_are_left_out);
    tcase_add_loop_test(tests, what_is_no_clock_is_unknown, 0, AR_ARRAY_LEN(not_clocks));
    tcase_add_test(tests, the_largest_number_is_one);
    tcase_add_test(tests, a_folder_in_place_of_a_file_is_unknown);
    tcase_add_test(tests, close_closes);
    tcase_add_loop_test(tests, a_part_is_told_by_the_first_processor, 0, AR_ARRAY_LEN(parts));
    tcase_add_test(tests, a_part_without_a_file_is_unknown);
    tcase_add_test(tests, a_part_that_is_too_long_is_left_out);
    suite_add_tcase(suite, tests);

    return ar_suite_run(suite);
}
