/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdio.h>

/*
 * The machine's cameras and video outputs for people: names, formats, sizes, rates, controls. Any thread.
 */

/* 0, or -errno when the devices cannot be listed. */
int ar_inventory_print(FILE *out);
