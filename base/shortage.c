/* SPDX-License-Identifier: MIT */
#include "base/shortage.h"

#include <stdlib.h>

/* The library hands nothing on that this could be found by. */
static _Thread_local bool refused;

void *ar_shortage_malloc(size_t size_b)
{
    void *memory = malloc(size_b);

    if (!memory)
        refused = true;
    return memory;
}

bool ar_shortage_take(void)
{
    const bool was_refused = refused;

    refused = false;
    return was_refused;
}
