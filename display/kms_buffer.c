/* SPDX-License-Identifier: MIT */
#include "display/kms_buffer.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include <sys/mman.h>

static int map(struct ar_kms_buffer *buffer, int fd)
{
    struct drm_mode_map_dumb request = { .handle = buffer->handle };
    void *pixels;

    if (drmIoctl(fd, DRM_IOCTL_MODE_MAP_DUMB, &request) < 0)
        return -errno;
    pixels = mmap(NULL, buffer->size_b, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                  (off_t)request.offset);
    if (pixels == MAP_FAILED)
        return -errno;
    buffer->pixels = pixels;
    return 0;
}

/* In television range, as NV12 always is here. */
static void blacken(const struct ar_kms_buffer *buffer)
{
    if (buffer->chroma_b == 0) {
        memset(buffer->pixels, 0, buffer->size_b);
        return;
    }
    memset(buffer->pixels, 16, buffer->chroma_b);
    memset(buffer->pixels + buffer->chroma_b, 128, buffer->size_b - buffer->chroma_b);
}

static int add_frame_buffer(struct ar_kms_buffer *buffer, int fd, uint32_t fourcc,
                            uint32_t width_px, uint32_t height_px)
{
    const bool has_chroma = buffer->chroma_b > 0;
    const uint32_t handles[4] = { buffer->handle, has_chroma ? buffer->handle : 0 };
    const uint32_t pitches_b[4] = { buffer->pitch_b, has_chroma ? buffer->pitch_b : 0 };
    const uint32_t offsets_b[4] = { 0, (uint32_t)buffer->chroma_b };

    return drmModeAddFB2(fd, width_px, height_px, fourcc, handles, pitches_b, offsets_b,
                         &buffer->fb_id, 0);
}

int ar_kms_buffer_create(struct ar_kms_buffer *buffer, int fd, uint32_t fourcc,
                         uint32_t width_px, uint32_t height_px)
{
    const bool has_chroma = fourcc == DRM_FORMAT_NV12;
    struct drm_mode_create_dumb request = { .width = width_px,
                                            .height = has_chroma ? height_px + height_px / 2
                                                                 : height_px,
                                            .bpp = has_chroma ? 8 : 32 };
    int ret;

    *buffer = (struct ar_kms_buffer){ 0 };
    if (drmIoctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &request) < 0)
        return -errno;
    buffer->handle = request.handle;
    buffer->pitch_b = request.pitch;
    buffer->size_b = request.size;
    buffer->chroma_b = has_chroma ? (size_t)request.pitch * height_px : 0;
    ret = add_frame_buffer(buffer, fd, fourcc, width_px, height_px);
    if (ret == 0)
        ret = map(buffer, fd);
    if (ret < 0)
        ar_kms_buffer_destroy(buffer, fd);
    else
        blacken(buffer);
    return ret;
}

void ar_kms_buffer_destroy(struct ar_kms_buffer *buffer, int fd)
{
    struct drm_mode_destroy_dumb request = { .handle = buffer->handle };

    if (buffer->pixels)
        munmap(buffer->pixels, buffer->size_b);
    if (buffer->fb_id)
        drmModeRmFB(fd, buffer->fb_id);
    if (buffer->handle)
        drmIoctl(fd, DRM_IOCTL_MODE_DESTROY_DUMB, &request);
    *buffer = (struct ar_kms_buffer){ 0 };
}
