/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

/* What kind of file a name is of, by its ending, before which there must be something. Pure. */

bool ar_has_ending(const char *name, const char *ending);

/* One of several, in capitals or not; NULL ends the list. */
bool ar_has_ending_of(const char *name, const char *const *endings);
