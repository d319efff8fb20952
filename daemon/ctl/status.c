/* SPDX-License-Identifier: MIT */
#include "daemon/status.h"

#include "daemon/ctl/calls.h"

void ar_ctl_print_status(const json_t *result)
{
    ar_status_print(result, stdout);
}
