/* SPDX-License-Identifier: MIT */
#include "daemon/sensors.h"

#include <fcntl.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

#define MAX_ZONES    32
#define MAX_MILLI    150000 /* no processor is hotter and alive */
#define FLAGS_OF_NOW 0xfu

/* Zones of the processor, the best first; as the kernel's drivers name them. */
static const char *const zone_types[] = { "cpu-thermal", "cpu_thermal", "x86_pkg_temp",
                                          "soc-thermal", "soc_thermal", "acpitz" };

/* False where the file is not there or empty. */
static bool read_text(int fd, char *text, size_t text_b)
{
    const ssize_t got = fd >= 0 ? pread(fd, text, text_b - 1, 0) : -1;

    if (got <= 0)
        return false;
    text[got] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return true;
}

static int open_zone(const char *root, uint32_t zone, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/class/thermal/thermal_zone%u/%s", root, zone, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* How good a zone is: the smaller, the better; none of ours: AR_ARRAY_LEN(zone_types). */
static size_t rank_of(const char *type)
{
    size_t rank = 0;

    while (rank < AR_ARRAY_LEN(zone_types) && strcmp(type, zone_types[rank]) != 0)
        rank++;
    return rank;
}

static void open_temperature(struct ar_sensors *sensors, const char *root)
{
    size_t best = AR_ARRAY_LEN(zone_types);

    for (uint32_t zone = 0; zone < MAX_ZONES; zone++) {
        char type[32];
        const int type_fd = open_zone(root, zone, "type");
        const bool named = read_text(type_fd, type, sizeof(type));
        int fd;

        if (type_fd >= 0)
            close(type_fd);
        if (!named || rank_of(type) >= best)
            continue;
        fd = open_zone(root, zone, "temp");
        if (fd < 0)
            continue;
        if (sensors->temperature_fd >= 0)
            close(sensors->temperature_fd);
        sensors->temperature_fd = fd;
        snprintf(sensors->zone, sizeof(sensors->zone), "%s", type);
        best = rank_of(type);
    }
}

/* The firmware's node moves with the board's device tree. */
static void open_throttled(struct ar_sensors *sensors, const char *root)
{
    char pattern[256];
    glob_t found = { 0 };

    snprintf(pattern, sizeof(pattern), "%s/devices/platform/soc*/*firmware*/get_throttled",
             root);
    /* No user names are expanded. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0 && found.gl_pathc > 0)
        sensors->throttled_fd = open(found.gl_pathv[0], O_RDONLY | O_CLOEXEC);
    globfree(&found);
}

void ar_sensors_open(struct ar_sensors *sensors, const char *root)
{
    *sensors = (struct ar_sensors){ .temperature_fd = -1, .throttled_fd = -1 };
    open_temperature(sensors, root);
    open_throttled(sensors, root);
}

void ar_sensors_close(struct ar_sensors *sensors)
{
    if (sensors->temperature_fd >= 0)
        close(sensors->temperature_fd);
    if (sensors->throttled_fd >= 0)
        close(sensors->throttled_fd);
    sensors->temperature_fd = sensors->throttled_fd = -1;
}

struct ar_thermal_reading ar_sensors_read(const struct ar_sensors *sensors)
{
    struct ar_thermal_reading reading = { .celsius = (double)NAN };
    char text[32];

    if (read_text(sensors->temperature_fd, text, sizeof(text))) {
        const long milli = strtol(text, NULL, 10);

        if (milli > -MAX_MILLI && milli < MAX_MILLI)
            reading.celsius = (double)milli / 1e3;
    }
    if (read_text(sensors->throttled_fd, text, sizeof(text)))
        reading.flags = (uint32_t)strtoul(text, NULL, 16) & FLAGS_OF_NOW;
    return reading;
}
