/* SPDX-License-Identifier: MIT */
#pragma once

#include "config/config.h"

/* What config.c and read.c share. */

const struct ar_config_section *ar_config_find_section(const struct ar_config_section *sections,
                                                       const char *name);

/* Words for a key that is not there, with the nearest one that is. Always -ENOENT. */
int ar_config_unknown_key(const struct ar_config_section *sections, const char *section,
                          const char *key, struct ar_reason *reason);
