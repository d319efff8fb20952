/* SPDX-License-Identifier: MIT */
#include "tests/kernels/kcheck.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>

#include "base/macros.h"

#define BUFFER_B ((size_t)256 << 10) /* a multiple of every page size in use */
#define GUARD_B  ((size_t)64 << 10)
#define MARGIN_B 64 /* watched beside a buffer */
#define POISON   0xFF
#define MARGIN   0xC3

static bool map_buffer(struct kcheck *check, uint32_t index)
{
    uint8_t *const all =
        mmap(NULL, BUFFER_B + 2 * GUARD_B, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (all == MAP_FAILED)
        return false;
    check->buffers[index].pages = all + GUARD_B;
    return mprotect(all + GUARD_B, BUFFER_B, PROT_READ | PROT_WRITE) == 0;
}

bool kcheck_init(struct kcheck *check, uint32_t cpu_flags, uint64_t seed)
{
    *check = (struct kcheck){ .random = seed | 1 };
    ar_kernels_init(&check->reference, 0);
    ar_kernels_init(&check->tier, cpu_flags);
    for (uint32_t i = 0; i < KCHECK_N_BUFFERS; i++) {
        if (!map_buffer(check, i))
            return false;
    }
    return true;
}

void kcheck_finish(struct kcheck *check)
{
    for (uint32_t i = 0; i < KCHECK_N_BUFFERS; i++) {
        if (check->buffers[i].pages)
            munmap(check->buffers[i].pages - GUARD_B, BUFFER_B + 2 * GUARD_B);
        check->buffers[i].pages = NULL;
    }
}

bool kcheck_is_reference(const struct kcheck *check)
{
    return strcmp(check->tier.tier, check->reference.tier) == 0;
}

void kcheck_fail(struct kcheck *check, const char *format, ...)
{
    va_list args;

    if (check->failed)
        return;
    check->failed = true;
    va_start(args, format);
    vsnprintf(check->failure, sizeof(check->failure), format, args);
    va_end(args);
}

void kcheck_where(struct kcheck *check, const char *format, ...)
{
    const size_t length = strlen(check->failure);
    va_list args;

    if (!check->failed || check->located)
        return;
    check->located = true;
    snprintf(check->failure + length, sizeof(check->failure) - length, " in ");
    va_start(args, format);
    vsnprintf(check->failure + length + 4, sizeof(check->failure) - length - 4, format, args);
    va_end(args);
}

void *kcheck_place(struct kcheck *check, uint32_t index, size_t size_b)
{
    uint8_t *const pages = check->buffers[index].pages;
    uint8_t *at = pages;

    if (size_b + MARGIN_B > BUFFER_B) {
        kcheck_fail(check, "buffer %u: %zu bytes do not fit", index, size_b);
        size_b = BUFFER_B - MARGIN_B;
    }
    if (check->edge == KCHECK_LAST_BYTE) {
        at = pages + BUFFER_B - size_b;
        memset(at - MARGIN_B, MARGIN, MARGIN_B);
    } else {
        memset(at + size_b, MARGIN, MARGIN_B);
    }
    memset(at, POISON, size_b);
    check->buffers[index].at = at;
    check->buffers[index].size_b = size_b;
    return at;
}

static bool is_filled(const uint8_t *bytes, size_t size_b, uint8_t value)
{
    for (size_t i = 0; i < size_b; i++) {
        if (bytes[i] != value)
            return false;
    }
    return true;
}

bool kcheck_is_intact(const struct kcheck *check, uint32_t index)
{
    const uint8_t *const at = check->buffers[index].at;

    return is_filled(check->edge == KCHECK_LAST_BYTE ? at - MARGIN_B
                                                     : at + check->buffers[index].size_b,
                     MARGIN_B, MARGIN);
}

bool kcheck_is_poison(const void *memory, size_t size_b)
{
    return is_filled(memory, size_b, POISON);
}

/* xorshift64*, by Marsaglia and Vigna. */
static uint32_t draw_bits(struct kcheck *check)
{
    uint64_t x = check->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    check->random = x;
    return (uint32_t)((x * 0x2545F4914F6CDD1Du) >> 32);
}

uint32_t kcheck_draw_below(struct kcheck *check, uint32_t limit)
{
    return (uint32_t)(((uint64_t)draw_bits(check) * limit) >> 32);
}

uint32_t kcheck_width(uint32_t index)
{
    static const uint32_t wide[] = { 47, 48, 49, 63,  64,  65,  79, 80,
                                     81, 95, 97, 112, 127, 129, 161 };
    const uint32_t n_narrow = KCHECK_N_WIDTHS - (uint32_t)AR_ARRAY_LEN(wide);

    return index < n_narrow ? index + 1 : wide[index - n_narrow];
}

float kcheck_draw(struct kcheck *check)
{
    return (float)(draw_bits(check) >> 8) * 0x1p-23F - 1.0F;
}

float kcheck_draw_kind(struct kcheck *check, enum kcheck_kind kind, float extreme)
{
    switch (kind) {
    case KCHECK_LARGE:
        return kcheck_draw(check) * 1e6F;
    case KCHECK_ZERO:
        return 0.0F;
    case KCHECK_DENORMAL:
        return kcheck_draw(check) * 1e-39F;
    case KCHECK_EXTREME:
        return kcheck_draw(check) < 0.0F ? -extreme : extreme;
    default:
        return kcheck_draw(check);
    }
}

const char *kcheck_kind_name(enum kcheck_kind kind)
{
    static const char *const names[KCHECK_N_KINDS] = { "normal", "large", "zero", "denormal",
                                                       "extreme" };

    return names[kind];
}

const char *kcheck_edge_name(enum kcheck_edge edge)
{
    return edge == KCHECK_LAST_BYTE ? "unmapped page after" : "unmapped page before";
}
