/* SPDX-License-Identifier: MIT */
#include "display/backend.h"

const struct ar_display_backend ar_display_sdl = {
    .name = "sdl",
    .automatic = AR_DISPLAY_AUTO_DESKTOP,
    .missing = "SDL2",
};
