/* SPDX-License-Identifier: MIT */
#pragma once

#include "config/config.h"

/* What the files of config/ share. */

const struct ar_config_section *ar_config_find_section(const struct ar_config_section *sections,
                                                       const char *name);

bool ar_config_find_in(const struct ar_config_section *section, const char *name,
                       struct ar_config_key *out);

/* Sets a key that the section has, or takes. -EINVAL with the reason. */
int ar_config_put(const struct ar_config_section *section, const char *name, const char *text,
                  struct ar_config_origin origin, struct ar_reason *reason);

/* Words for a key that is not there, with the nearest one that is. Always -ENOENT. */
int ar_config_unknown_key(const struct ar_config_section *sections, const char *section,
                          const char *key, struct ar_reason *reason);
