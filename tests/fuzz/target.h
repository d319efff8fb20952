/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * What libFuzzer calls and replay.c too: tries an input, returns 0. Finding something is to crash, by a
 * sanitizer or by an assertion. One target a program.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_b);
