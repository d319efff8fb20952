/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "budget/cost.h"
#include "daemon/perfetto.h"
#include "tests/bench/recorded.h"
#include "tests/bench/world.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

/* A recorded trace: as a world to replay, and as ar-ctl turns it into Perfetto's format. */

static void replay(const uint8_t *data, size_t size_b)
{
    char path[INPUT_PATH_B];
    const int fd = input_open(data, size_b, path);
    struct world world;
    struct ar_cost cost;
    struct ar_reason reason;

    if (recorded_load(&world, &cost, path, &reason) == 0) {
        for (uint32_t f = 0; f < world.n_frames; f++)
            world_run(&world, world.arrival_us[f], world_period_us(&world, f));
        world_free(&world);
    }
    input_close(fd);
}

/* What a daemon may answer, line by line: the first is the head. */
static void convert(const uint8_t *data, size_t size_b)
{
    const uint8_t *end = data + size_b;
    FILE *out = fopen("/dev/null", "w");
    json_t *header = NULL;

    if (!out)
        return;
    while (data < end) {
        const uint8_t *newline = memchr(data, '\n', (size_t)(end - data));
        const size_t length = (size_t)((newline ? newline : end) - data);
        json_t *line = json_loadb((const char *)data, length, 0, NULL);

        if (!header)
            header = json_incref(line);
        else
            ar_perfetto_frame(header, line, out);
        json_decref(line);
        data += length + 1;
    }
    json_decref(header);
    fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_b)
{
    replay(data, size_b);
    convert(data, size_b);
    return 0;
}
