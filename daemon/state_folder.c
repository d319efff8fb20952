/* SPDX-License-Identifier: MIT */
#include "daemon/state_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The environment does not change while we run. NOLINTBEGIN(concurrency-mt-unsafe) */
int ar_state_folder(char *path, size_t path_b)
{
    const char *state = getenv("STATE_DIRECTORY");
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int length;

    if (state && state[0] == '/') /* the first of several */
        length = snprintf(path, path_b, "%.*s", (int)strcspn(state, ":"), state);
    else if (xdg && xdg[0] == '/')
        length = snprintf(path, path_b, "%s/ar-daemon", xdg);
    else if (home && home[0] == '/')
        length = snprintf(path, path_b, "%s/.local/state/ar-daemon", home);
    else
        return -ENOENT;
    return length > 0 && (size_t)length < path_b ? 0 : -ENAMETOOLONG;
}
/* NOLINTEND(concurrency-mt-unsafe) */
