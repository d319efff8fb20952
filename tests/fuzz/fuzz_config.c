/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "daemon/settings.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

/* A configuration file. Every problem is told with a line, and what is accepted is accepted again as it is written. */

static void on_problem(void *user, const char *where, uint32_t line, const char *problem)
{
    uint32_t *n_problems = user;

    assert(where && line >= 1 && problem[0] != '\0');
    (*n_problems)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_b)
{
    static struct ar_settings settings;
    struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1];
    char path[INPUT_PATH_B];
    const int fd = input_open(data, size_b, path);
    uint32_t n_problems = 0;
    int ret;

    memset(&settings, 0, sizeof(settings));
    ar_settings_sections(&settings, sections);
    ar_config_defaults(sections);
    ret = ar_config_read(sections, path, 0, on_problem, &n_problems);
    assert((ret == -EINVAL) == (n_problems > 0));
    input_close(fd);
    return 0;
}
