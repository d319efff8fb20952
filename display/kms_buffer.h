/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * A dumb buffer: memory that the screen reads, of XRGB8888 or NV12. Write-combined on most machines: written once,
 * in address order, never read. One thread.
 */

struct ar_kms_buffer {
    uint32_t handle;  /* 0: none */
    uint32_t fb_id;   /* 0: none */
    uint32_t pitch_b; /* of both planes */
    size_t chroma_b;  /* where NV12's second plane starts; 0: there is none */
    size_t size_b;
    uint8_t *pixels; /* NULL: not mapped */
};

/* Starts black. 0, or what the driver said. */
int ar_kms_buffer_create(struct ar_kms_buffer *buffer, int fd, uint32_t fourcc,
                         uint32_t width_px, uint32_t height_px);
/* Accepts one that is all zeros or half made. */
void ar_kms_buffer_destroy(struct ar_kms_buffer *buffer, int fd);
