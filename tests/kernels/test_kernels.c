/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sys/mman.h>

#include "base/macros.h"
#include "nn/cpu.h"
#include "tests/kernels/kcheck.h"

/*
 * Every kernel of every tier that this machine has, or of the one that is named: a test that is skipped where the
 * machine lacks it. Check forks for each test, so that a stray access ends only its own; what ran is counted in memory
 * that the forks share.
 */

static const struct {
    const char *name;
    uint32_t flags; /* all of them are needed; 0 is the reference */
    bool has_fast_int8;
} tiers[] = {
    { "scalar", 0, false },
    { "avx2", AR_CPU_AVX2, false },
    { "avxvnni", AR_CPU_AVXVNNI, true },
    { "avx512", AR_CPU_AVX512, false },
    { "vnni512", AR_CPU_VNNI512, true },
    { "neon", AR_CPU_NEON, false },
    { "dotprod", AR_CPU_DOTPROD, true },
};

#define N_TIERS ((int)AR_ARRAY_LEN(tiers))
#define SKIP    77 /* what Meson takes for it */

static uint64_t seed;
static uint32_t cpu_flags;
static uint32_t *n_ran; /* per tier */

static bool has_tier(int tier)
{
    return (cpu_flags & tiers[tier].flags) == tiers[tier].flags;
}

static void run(int tier, void (*checks)(struct kcheck *check))
{
    struct kcheck check;

    if (!has_tier(tier))
        return;
    ck_assert(kcheck_init(&check, tiers[tier].flags, seed));
    ck_assert_str_eq(check.tier.tier, tiers[tier].name);
    ck_assert_int_eq(check.tier.has_fast_int8, tiers[tier].has_fast_int8);
    checks(&check);
    n_ran[tier] += check.n_ran;
    kcheck_finish(&check);
    ck_assert_msg(!check.failed, "%s", check.failure);
}

START_TEST(dwconv)
{
    run(_i, kcheck_dwconv);
}
END_TEST

START_TEST(pwconv)
{
    run(_i, kcheck_pwconv);
}
END_TEST

START_TEST(resample)
{
    run(_i, kcheck_resample);
}
END_TEST

START_TEST(int8)
{
    run(_i, kcheck_int8);
}
END_TEST

START_TEST(ingest)
{
    run(_i, kcheck_ingest);
}
END_TEST

START_TEST(emit)
{
    run(_i, kcheck_emit);
}
END_TEST

START_TEST(calm)
{
    run(_i, kcheck_calm);
}
END_TEST

START_TEST(orient)
{
    run(_i, kcheck_orient);
}
END_TEST

START_TEST(round_trip)
{
    run(_i, kcheck_round_trip);
}
END_TEST

#ifdef AR_TEST_HOOKS
static int masked_flags(const char *mask, uint32_t *flags, struct ar_reason *reason)
{
    *flags = UINT32_MAX;
    ck_assert_int_eq(setenv("AR_CPU_MASK", mask, 1), 0);
    return ar_cpu_flags(flags, reason);
}

START_TEST(cpu_mask_limits)
{
    struct ar_reason reason;
    uint32_t flags;

    ck_assert_int_eq(masked_flags("scalar", &flags, &reason), 0);
    ck_assert_uint_eq(flags, 0);
    ck_assert_int_eq(masked_flags("avx2", &flags, &reason), 0);
    ck_assert_uint_eq(flags & ~AR_CPU_AVX2, 0);
    ck_assert_int_eq(masked_flags("avxvnni", &flags, &reason), 0);
    ck_assert_uint_eq(flags & ~AR_CPU_AVXVNNI, 0);
    ck_assert_int_eq(masked_flags("avx512", &flags, &reason), 0);
    ck_assert_uint_eq(flags & ~AR_CPU_AVX512, 0);
    ck_assert_int_eq(masked_flags("scalar,neon", &flags, &reason), 0);
    ck_assert_uint_eq(flags & ~AR_CPU_NEON, 0);
}
END_TEST

START_TEST(cpu_mask_rejects_unknown_names)
{
    static const char *const masks[] = { "", "avx", "avx22", "scalar,", ",avx2", "avx2 " };

    for (size_t i = 0; i < AR_ARRAY_LEN(masks); i++) {
        struct ar_reason reason = { .text = "" };
        uint32_t flags;

        ck_assert_int_eq(masked_flags(masks[i], &flags, &reason), -EINVAL);
        ck_assert_uint_eq(flags, UINT32_MAX);
        ck_assert_ptr_nonnull(strstr(reason.text, "AR_CPU_MASK"));
    }
}
END_TEST
#endif

/* Of the tiers from `first` up to `end`. */
static Suite *suite(int first, int end)
{
    Suite *const kernels = suite_create("kernels");
    TCase *const tier = tcase_create("tier");

    tcase_set_timeout(tier, 300);
    tcase_add_loop_test(tier, dwconv, first, end);
    tcase_add_loop_test(tier, pwconv, first, end);
    tcase_add_loop_test(tier, resample, first, end);
    tcase_add_loop_test(tier, int8, first, end);
    tcase_add_loop_test(tier, ingest, first, end);
    tcase_add_loop_test(tier, emit, first, end);
    tcase_add_loop_test(tier, calm, first, end);
    tcase_add_loop_test(tier, orient, first, end);
    tcase_add_loop_test(tier, round_trip, first, end);
    suite_add_tcase(kernels, tier);
#ifdef AR_TEST_HOOKS
    TCase *const mask = tcase_create("cpu mask");

    tcase_add_test(mask, cpu_mask_limits);
    tcase_add_test(mask, cpu_mask_rejects_unknown_names);
    suite_add_tcase(kernels, mask);
#endif
    return kernels;
}

/* Says what ran. A tier that the machine has and of which nothing ran is a failure. */
static int summarise(int first, int end)
{
    int n_idle = 0;

    for (int i = first; i < end; i++) {
        if (!has_tier(i)) {
            printf("%s: skipped, not on this machine\n", tiers[i].name);
        } else {
            printf("%s: %u kernels ran\n", tiers[i].name, n_ran[i]);
            n_idle += n_ran[i] == 0;
        }
    }
    return n_idle;
}

/* Number of failures. */
static int run_all(int first, int end)
{
    SRunner *const runner = srunner_create(suite(first, end));
    int n_failed;

    srunner_run_all(runner, CK_NORMAL);
    n_failed = srunner_ntests_failed(runner) + summarise(first, end);
    srunner_free(runner);
    return n_failed;
}

static int find_tier(const char *name)
{
    for (int i = 0; i < N_TIERS; i++)
        if (strcmp(tiers[i].name, name) == 0)
            return i;
    return -1;
}

int main(int argc, char **argv)
{
    const char *const replay = secure_getenv("KCHECK_SEED");
    const int named = argc > 1 ? find_tier(argv[1]) : 0;
    struct ar_reason reason;

    if (ar_cpu_flags(&cpu_flags, &reason) < 0) {
        fprintf(stderr, "%s\n", reason.text);
        return EXIT_FAILURE;
    }
    if (named < 0) {
        fprintf(stderr, "'%s' is no tier\n", argv[1]);
        return EXIT_FAILURE;
    }
    if (!has_tier(named)) {
        printf("SKIPPED: this machine has no %s, whose kernels did not run\n", argv[1]);
        return SKIP;
    }
    seed = replay ? strtoull(replay, NULL, 0) : (uint64_t)time(NULL);
    printf("KCHECK_SEED=%" PRIu64 "\n", seed);
    n_ran = mmap(NULL, sizeof(*n_ran) * AR_ARRAY_LEN(tiers), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (n_ran == MAP_FAILED)
        return EXIT_FAILURE;
    return run_all(named, argc > 1 ? named + 1 : N_TIERS) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
