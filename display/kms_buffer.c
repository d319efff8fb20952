/* SPDX-License-Identifier: MIT */
#include "display/kms_buffer.h"

#include <drm_fourcc.h>
#include <errno.h>
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
    memset(buffer->pixels, 0, buffer->size_b);
    return 0;
}

static int add_frame_buffer(struct ar_kms_buffer *buffer, int fd, uint32_t width_px,
                            uint32_t height_px)
{
    const uint32_t handles[4] = { buffer->handle };
    const uint32_t pitches_b[4] = { buffer->pitch_b };
    const uint32_t offsets_b[4] = { 0 };

    return drmModeAddFB2(fd, width_px, height_px, DRM_FORMAT_XRGB8888, handles, pitches_b,
                         offsets_b, &buffer->fb_id, 0);
}

int ar_kms_buffer_create(struct ar_kms_buffer *buffer, int fd, uint32_t width_px,
                         uint32_t height_px)
{
    struct drm_mode_create_dumb request = { .width = width_px, .height = height_px, .bpp = 32 };
    int ret;

    *buffer = (struct ar_kms_buffer){ 0 };
    if (drmIoctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &request) < 0)
        return -errno;
    buffer->handle = request.handle;
    buffer->pitch_b = request.pitch;
    buffer->size_b = request.size;
    ret = add_frame_buffer(buffer, fd, width_px, height_px);
    if (ret == 0)
        ret = map(buffer, fd);
    if (ret < 0)
        ar_kms_buffer_destroy(buffer, fd);
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
