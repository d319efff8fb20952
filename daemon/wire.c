/* SPDX-License-Identifier: MIT */
#include "daemon/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

int ar_wire_default_path(char *path, size_t path_b)
{
    /* No thread changes the environment. NOLINTBEGIN(concurrency-mt-unsafe) */
    const char *runtime = getenv("RUNTIME_DIRECTORY");
    const char *session = getenv("XDG_RUNTIME_DIR");
    /* NOLINTEND(concurrency-mt-unsafe) */

    if (runtime && runtime[0] == '/')
        snprintf(path, path_b, "%s/control.sock", runtime);
    else if (geteuid() == 0)
        snprintf(path, path_b, "/run/ar-daemon/control.sock");
    else if (session && session[0] == '/')
        snprintf(path, path_b, "%s/ar-daemon/control.sock", session);
    else
        return -ENOENT;
    return 0;
}

int ar_wire_address(struct sockaddr_un *address, const char *path, struct ar_reason *reason)
{
    size_t length = strlen(path);

    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (length >= sizeof(address->sun_path))
        return ar_reason_set(reason, -ENAMETOOLONG,
                             "socket %s: %zu bytes long; a socket's path has at most %zu", path,
                             length, sizeof(address->sun_path) - 1);
    memcpy(address->sun_path, path, length + 1);
    return 0;
}

char *ar_wire_line(json_t *object, size_t *length)
{
    char *text = json_dumps(object, JSON_COMPACT);
    char *line = NULL;

    json_decref(object);
    if (!text)
        return NULL;
    *length = strlen(text) + 1;
    line = realloc(text, *length + 1);
    if (!line) {
        free(text);
        return NULL;
    }
    line[*length - 1] = '\n';
    line[*length] = '\0';
    return line;
}
