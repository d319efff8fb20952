/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Room for "/proc/self/fd/" and a number. */
#define INPUT_PATH_B 32

/* An input as a file for who opens one by its path; in memory. The descriptor; aborts where there is none. */
int input_open(const uint8_t *data, size_t size_b, char path[INPUT_PATH_B]);
void input_close(int fd);
