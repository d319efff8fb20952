/* SPDX-License-Identifier: MIT */
#include "tests/bench/peak.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/macros.h"
#include "tests/bench/clock.h"
#include "tests/bench/peak_loops.h"

#if defined(__x86_64__)
#    include <cpuid.h>
#elif defined(__aarch64__)
#    include <asm/hwcap.h>
#    include <sys/auxv.h>
#endif

#define ROUNDS_AT_ONCE 4096
#define SETTLE_NS      100000000
#define SAMPLE_NS      4000000
#define TRY_NS         20000000

static bool always(void)
{
    return true;
}

#if defined(__x86_64__)
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/* The compilers' builtins know it too, but not those of clang 14. */
static bool has_avxvnni(void)
{
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;

    return has_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 4));
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

static bool has_avx512vnni(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512vnni");
}
#elif defined(__aarch64__)
static bool has_dotprod(void)
{
    return getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
}
#endif

static const struct loop {
    const char *isa;
    enum bench_precision precision;
    bool (*is_there)(void);
    bench_peak_loop *run;
} loops[] = {
    { "scalar", BENCH_F32, always, bench_peak_scalar_f32 },
    { "scalar", BENCH_INT8, always, bench_peak_scalar_int8 },
#if defined(__x86_64__)
    { "avx2", BENCH_F32, has_avx2, bench_peak_avx2_f32 },
    { "avx2", BENCH_INT8, has_avx2, bench_peak_avx2_int8 },
    { "avxvnni", BENCH_INT8, has_avxvnni, bench_peak_avxvnni_int8 },
    { "avx512", BENCH_F32, has_avx512, bench_peak_avx512_f32 },
    { "avx512", BENCH_INT8, has_avx512, bench_peak_avx512_int8 },
    { "avx512vnni", BENCH_INT8, has_avx512vnni, bench_peak_avx512vnni_int8 },
#elif defined(__aarch64__)
    { "neon", BENCH_F32, always, bench_peak_neon_f32 },
    { "neon", BENCH_INT8, always, bench_peak_neon_int8 },
    { "dotprod", BENCH_INT8, has_dotprod, bench_peak_dotprod_int8 },
#endif
};

/* MACs a nanosecond over at least so long. */
static double run_for(const struct loop *loop, uint64_t least_ns)
{
    _Alignas(64) uint8_t sink[BENCH_PEAK_SINK_B] = { 0 };
    const uint64_t start_ns = bench_now_ns();
    uint64_t n_macs = 0;
    uint64_t spent_ns;

    do {
        n_macs += loop->run(ROUNDS_AT_ONCE, sink);
        spent_ns = bench_now_ns() - start_ns;
    } while (spent_ns < least_ns);
    return (double)n_macs / (double)spent_ns;
}

static void take(struct bench_peak *peak, const struct loop *loop, uint64_t least_ns)
{
    const double gmacs = run_for(loop, least_ns);

    if (gmacs <= peak->gmacs)
        return;
    peak->gmacs = gmacs;
    peak->isa = loop->isa;
}

static const struct loop *find(const struct bench_peak *peak, size_t from)
{
    for (size_t i = from; i < AR_ARRAY_LEN(loops); i++)
        if (loops[i].precision == peak->precision && loops[i].is_there())
            return &loops[i];
    return NULL;
}

void bench_peak_init(struct bench_peak *peak, enum bench_precision precision)
{
    *peak = (struct bench_peak){ .precision = precision };
    run_for(find(peak, 0), SETTLE_NS);
    for (const struct loop *loop = find(peak, 0); loop;
         loop = find(peak, (size_t)(loop - loops) + 1))
        take(peak, loop, TRY_NS);
}

void bench_peak_sample(struct bench_peak *peak)
{
    const struct loop *loop = find(peak, 0);

    while (loop && loop->isa != peak->isa)
        loop = find(peak, (size_t)(loop - loops) + 1);
    if (loop)
        take(peak, loop, SAMPLE_NS);
}

void bench_peak_print(const struct bench_peak *peak)
{
    printf("%s peak of one core: %.1f GMAC/s (%s)\n", bench_precision_name(peak->precision),
           peak->gmacs, peak->isa);
}
