/* SPDX-License-Identifier: MIT */
#include "daemon/wire.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include "base/macros.h"
#include "base/shortage.h"

static const char *const code_names[] = {
    [AR_WIRE_OK] = "ok",           [AR_WIRE_MALFORMED] = "malformed",
    [AR_WIRE_UNKNOWN] = "unknown", [AR_WIRE_OTHER_PROTOCOL] = "protocol",
    [AR_WIRE_USAGE] = "usage",     [AR_WIRE_DENIED] = "denied",
    [AR_WIRE_BUSY] = "busy",       [AR_WIRE_REFUSED] = "refused",
    [AR_WIRE_MEMORY] = "memory",
};
static_assert(AR_ARRAY_LEN(code_names) == AR_WIRE_N_CODES, "a name each");

const char *ar_wire_code_name(enum ar_wire_code code)
{
    return code_names[code];
}

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
    char *text;
    char *line;

    ar_shortage_take();
    text = json_dumps(object, JSON_COMPACT | AR_WIRE_PRECISION);
    json_decref(object);
    if (ar_shortage_take() || !text) { /* it may lack a part */
        free(text);
        return NULL;
    }
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
