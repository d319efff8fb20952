/* SPDX-License-Identifier: MIT */
#include "display/movie.h"

const struct ar_movie_kind ar_movie_mp4 = {
    .endings = { ".mp4", ".mkv", ".mov" },
    .missing = "libav (FFmpeg)",
};
