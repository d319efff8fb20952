/* SPDX-License-Identifier: MIT */
#include "nn/cpu.h"

#if defined(__x86_64__)
#    include <cpuid.h>
#    include <stdbool.h>
#elif defined(__aarch64__)
#    include <asm/hwcap.h>
#    include <sys/auxv.h>
#endif

#ifdef AR_TEST_HOOKS
#    include <errno.h>
#    include <stdlib.h>
#    include <string.h>

#    include "base/macros.h"
#endif

#if defined(__x86_64__)
/* The compilers' builtins know it too, but not those of clang 14. Leaf 7 says how many more parts it has. */
static bool has_avxvnni(void)
{
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;

    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || eax == 0)
        return false;
    return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax & (1u << 4));
}
#endif

static uint32_t detect(void)
{
#if defined(__x86_64__)
    uint32_t flags = 0;

    /* The builtin reads XCR0 too: an OS that does not save ymm or zmm makes it say no. */
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return 0;
    flags |= AR_CPU_AVX2;
    if (has_avxvnni())
        flags |= AR_CPU_AVXVNNI;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        flags |= AR_CPU_AVX512;
    if (flags & AR_CPU_AVX512 && __builtin_cpu_supports("avx512vnni") &&
        __builtin_cpu_supports("avx512vbmi"))
        flags |= AR_CPU_VNNI512;
    return flags;
#elif defined(__aarch64__)
    return AR_CPU_NEON | (getauxval(AT_HWCAP) & HWCAP_ASIMDDP ? AR_CPU_DOTPROD : 0);
#else
    return 0;
#endif
}

#ifdef AR_TEST_HOOKS
static const struct {
    const char *name;
    uint32_t flag;
} tiers[] = {
    { "scalar", 0 },
    { "avx2", AR_CPU_AVX2 },
    { "avxvnni", AR_CPU_AVXVNNI },
    { "avx512", AR_CPU_AVX512 },
    { "vnni512", AR_CPU_VNNI512 },
    { "neon", AR_CPU_NEON },
    { "dotprod", AR_CPU_DOTPROD },
};

static int find_tier(const char *name, size_t length, uint32_t *flag)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(tiers); i++) {
        if (strlen(tiers[i].name) == length && memcmp(tiers[i].name, name, length) == 0) {
            *flag = tiers[i].flag;
            return 0;
        }
    }
    return -ENOENT;
}

static int parse_mask(const char *names, uint32_t *mask, struct ar_reason *reason)
{
    *mask = 0;
    for (;;) {
        const size_t length = strcspn(names, ",");
        uint32_t flag = 0;

        if (find_tier(names, length, &flag) < 0)
            return ar_reason_set(
                reason, -EINVAL,
                "AR_CPU_MASK: unknown tier '%.*s', known are scalar, avx2, avxvnni, avx512, vnni512, "
                "neon, dotprod",
                (int)length, names);
        *mask |= flag;
        if (names[length] == '\0')
            return 0;
        names += length + 1;
    }
}
#endif

int ar_cpu_flags(uint32_t *flags, struct ar_reason *reason)
{
    uint32_t mask = UINT32_MAX;

#ifdef AR_TEST_HOOKS
    const char *names = secure_getenv("AR_CPU_MASK");
    const int ret = names ? parse_mask(names, &mask, reason) : 0;

    if (ret < 0)
        return ret;
#else
    (void)reason;
#endif
    *flags = detect() & mask;
    return 0;
}
