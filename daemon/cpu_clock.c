/* SPDX-License-Identifier: MIT */
#include "daemon/cpu_clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

#define MAX_POLICIES 256 /* named after their first processor */

/* A number at the start of a file; 0 where there is none. */
static uint32_t read_number(int fd)
{
    char text[24];
    const ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
    unsigned long number;

    if (got <= 0)
        return 0;
    text[got] = '\0';
    number = strtoul(text, NULL, 10);
    return number <= UINT32_MAX ? (uint32_t)number : 0;
}

static int open_file(const char *root, uint32_t policy, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/devices/system/cpu/cpufreq/policy%u/%s", root, policy,
             name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static uint32_t read_once(const char *root, uint32_t policy, const char *name)
{
    const int fd = open_file(root, policy, name);
    const uint32_t number = fd >= 0 ? read_number(fd) : 0;

    if (fd >= 0)
        close(fd);
    return number;
}

/* Drivers that report what the clock was in the mean, not what it is set to. */
static int reports_past(const char *root, uint32_t policy)
{
    static const char *const drivers[] = { "intel_", "amd-pstate", "amd_pstate" };
    char text[32] = "";
    const int fd = open_file(root, policy, "scaling_driver");

    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof(text) - 1) < 0)
        text[0] = '\0';
    close(fd);
    for (size_t i = 0; i < AR_ARRAY_LEN(drivers); i++)
        if (strncmp(text, drivers[i], strlen(drivers[i])) == 0)
            return 1;
    return 0;
}

void ar_cpu_clock_open(struct ar_cpu_clock *clock, const char *root)
{
    *clock = (struct ar_cpu_clock){ .max_khz = 0 };
    for (uint32_t policy = 0; policy < MAX_POLICIES && clock->n_fds < AR_CPU_CLOCK_MAX_GROUPS;
         policy++) {
        const uint32_t max_khz = read_once(root, policy, "cpuinfo_max_freq");
        int fd;

        if (max_khz == 0)
            continue;
        clock->max_khz = ar_max_u32(clock->max_khz, max_khz);
        if (reports_past(root, policy))
            continue;
        fd = open_file(root, policy, "scaling_cur_freq");
        if (fd >= 0)
            clock->fds[clock->n_fds++] = fd;
    }
}

void ar_cpu_clock_close(struct ar_cpu_clock *clock)
{
    for (uint32_t i = 0; i < clock->n_fds; i++)
        close(clock->fds[i]);
    clock->n_fds = 0;
}

uint32_t ar_cpu_clock_now_khz(const struct ar_cpu_clock *clock)
{
    uint32_t least_khz = 0;

    for (uint32_t i = 0; i < clock->n_fds; i++) {
        const uint32_t khz = read_number(clock->fds[i]);

        if (khz > 0 && (least_khz == 0 || khz < least_khz))
            least_khz = khz;
    }
    return least_khz;
}

/* "key : value", one of those that name a processor. */
static const char *value_of(const char *line, const char *key)
{
    const size_t length = strlen(key);

    if (strncmp(line, key, length) != 0)
        return NULL;
    line += length + strspn(line + length, " \t");
    return *line == ':' ? line + 1 + strspn(line + 1, " \t") : NULL;
}

void ar_cpu_clock_part(char *text, size_t text_b, const char *cpuinfo_path)
{
    static const char *const keys[] = { "model name", "stepping", "CPU implementer", "CPU part",
                                        "CPU revision" };
    FILE *file = fopen(cpuinfo_path, "re");
    char line[512];
    size_t used = 0;

    text[0] = '\0';
    while (file && fgets(line, sizeof(line), file) && line[0] != '\n') { /* the first one's */
        line[strcspn(line, "\n")] = '\0';
        for (size_t i = 0; i < AR_ARRAY_LEN(keys); i++) {
            const char *value = value_of(line, keys[i]);

            if (value && used + strlen(value) + 2 < text_b)
                used += (size_t)snprintf(text + used, text_b - used, "%s%s",
                                         used > 0 ? " " : "", value);
        }
    }
    if (file)
        fclose(file);
    if (used == 0)
        snprintf(text, text_b, "unknown");
}
