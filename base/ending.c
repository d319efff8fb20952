/* SPDX-License-Identifier: MIT */
#include "base/ending.h"

#include <stddef.h>
#include <string.h>

/* Where the ending would begin; NULL when the name is no longer than it. */
static const char *tail(const char *name, const char *ending)
{
    const size_t name_b = strlen(name);
    const size_t ending_b = strlen(ending);

    return name_b > ending_b ? name + name_b - ending_b : NULL;
}

bool ar_has_ending(const char *name, const char *ending)
{
    const char *found = tail(name, ending);

    return found && strcmp(found, ending) == 0;
}

bool ar_has_ending_of(const char *name, const char *const *endings)
{
    for (; *endings; endings++) {
        const char *found = tail(name, *endings);

        if (found && strcasecmp(found, *endings) == 0)
            return true;
    }
    return false;
}
