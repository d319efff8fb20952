/* SPDX-License-Identifier: MIT */
#include "base/reason.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/priv.h"

int ar_reason_set(struct ar_reason *reason, int ret, const char *format, ...)
{
    if (!reason)
        return ret;

    va_list args;

    va_start(args, format);
    vsnprintf(reason->text, sizeof(reason->text), format, args);
    va_end(args);
    return ret;
}

int ar_reason_set_err(struct ar_reason *reason, int ret, const char *format, ...)
{
    if (!reason)
        return ret;

    va_list args;

    va_start(args, format);
    vsnprintf(reason->text, sizeof(reason->text), format, args);
    va_end(args);

    const size_t used = strlen(reason->text);

    snprintf(reason->text + used, sizeof(reason->text) - used, ": %s", ar_error_text(ret));
    return ret;
}
