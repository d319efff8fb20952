/* SPDX-License-Identifier: MIT */
#pragma once

#include "daemon/settings.h"

/*
 * The control thread's life: opens the control socket, starts the pipeline, serves signals, commands and the progress
 * line until the pipeline ends, prints the summary. Returns an exit code of sysexits.
 */
int ar_run(const struct ar_settings *settings);
