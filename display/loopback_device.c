/* SPDX-License-Identifier: MIT */
#include "display/loopback_device.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/videodev2.h>

#include "base/macros.h"

#define REST_WAIT_MS 200 /* for the rest of a picture that the device took half */

/* Best first: YUYV is what most readers of a virtual camera take, and has the most colour. */
static const struct ar_loopback_format formats[] = {
    { V4L2_PIX_FMT_YUYV, "YUYV", AR_FRAME_YUYV },
    { V4L2_PIX_FMT_YUV420, "YUV420", AR_FRAME_I420 },
    { V4L2_PIX_FMT_NV12, "NV12", AR_FRAME_NV12 },
};

static int open_path(struct ar_loopback_device *device, struct ar_reason *reason)
{
    int ret;

    device->fd = open(device->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (device->fd >= 0)
        return 0;
    ret = -errno;
    if (ret == -EACCES)
        return ar_reason_set(reason, ret, "%s: no permission; the group video has it",
                             device->path);
    if (ret == -ENOENT)
        return ar_reason_set(reason, ret,
                             "%s: no such device; \"modprobe v4l2loopback\" makes one",
                             device->path);
    return ar_reason_set_err(reason, ret, "%s: cannot be opened", device->path);
}

/* What it can, as V4L2_CAP_*. */
static int check_device(struct ar_loopback_device *device, uint32_t *can,
                        struct ar_reason *reason)
{
    struct v4l2_capability capability = { 0 };

    if (ar_loopback_ioctl(device->fd, VIDIOC_QUERYCAP, &capability) < 0)
        return ar_reason_set(reason, -ENOTTY, "%s: not a video device", device->path);
    *can = capability.capabilities & V4L2_CAP_DEVICE_CAPS ? capability.device_caps
                                                          : capability.capabilities;
    snprintf(device->card, sizeof(device->card), "%.31s", (const char *)capability.card);
    if (!(*can & V4L2_CAP_VIDEO_OUTPUT))
        return ar_reason_set(reason, -ENODEV,
                             "%s (%s): takes no pictures, it is not an output; "
                             "\"modprobe v4l2loopback\" makes one",
                             device->path, device->card);
    if (!(*can & (V4L2_CAP_READWRITE | V4L2_CAP_STREAMING)))
        return ar_reason_set(reason, -ENODEV,
                             "%s (%s): takes no pictures, by buffers or by write()",
                             device->path, device->card);
    return 0;
}

/* Bytes of a picture whose first plane's rows are so far apart: chroma's rows follow. */
static size_t picture_size_b(const struct ar_frame_shape *shape, uint32_t stride_b)
{
    const size_t luma_b = (size_t)stride_b * shape->height_px;

    return shape->format == AR_FRAME_YUYV ? luma_b : luma_b * 3 / 2;
}

/* The format is set, if it is what was asked for: `pix` says what the device made of it. */
static int try_format(struct ar_loopback_device *device,
                      const struct ar_loopback_format *format, struct v4l2_pix_format *pix)
{
    const struct ar_frame_shape *shape = &device->shape;
    struct v4l2_format wanted = { .type = V4L2_BUF_TYPE_VIDEO_OUTPUT };
    int ret;

    device->shape.format = format->frame;
    device->stride_b = ar_frame_plane_width_b(shape, 0);
    wanted.fmt.pix =
        (struct v4l2_pix_format){ .width = shape->width_px,
                                  .height = shape->height_px,
                                  .pixelformat = format->fourcc,
                                  .field = V4L2_FIELD_NONE,
                                  .bytesperline = device->stride_b,
                                  .sizeimage =
                                      (uint32_t)picture_size_b(shape, device->stride_b),
                                  .colorspace = V4L2_COLORSPACE_SMPTE170M };
    ret = ar_loopback_ioctl(device->fd, VIDIOC_S_FMT, &wanted);
    *pix = wanted.fmt.pix;
    if (ret < 0)
        return ret;
    return pix->pixelformat == format->fourcc && pix->width == shape->width_px &&
                   pix->height == shape->height_px
               ? 0
               : -EINVAL;
}

/* How far its rows are apart. */
static int take_layout(struct ar_loopback_device *device, const struct v4l2_pix_format *pix,
                       struct ar_reason *reason)
{
    device->stride_b = ar_max_u32(pix->bytesperline, device->stride_b);
    device->size_b = picture_size_b(&device->shape, device->stride_b);
    if (device->stride_b <= 4 * AR_FRAME_MAX_W_PX && device->stride_b % 2 == 0 &&
        pix->sizeimage >= device->size_b)
        return 0;
    return ar_reason_set(reason, -EINVAL, "%s: wants rows of %u bytes in %u, which is wrong",
                         device->path, pix->bytesperline, pix->sizeimage);
}

static int set_format(struct ar_loopback_device *device, struct ar_reason *reason)
{
    const struct ar_frame_shape *shape = &device->shape;
    struct v4l2_pix_format pix = { 0 };
    int ret = -EINVAL;

    for (size_t i = 0; i < AR_ARRAY_LEN(formats) && ret == -EINVAL; i++) {
        device->format = &formats[i];
        ret = try_format(device, device->format, &pix);
    }
    if (ret == 0)
        return take_layout(device, &pix, reason);
    if (ret == -EBUSY)
        return ar_reason_set(reason, ret, "%s: another program holds it, or its format",
                             device->path);
    if (ret != -EINVAL || pix.width == 0 ||
        (pix.width == shape->width_px && pix.height == shape->height_px))
        return ar_reason_set_err(reason, ret, "%s: refuses YUYV, YUV420 and NV12 of %ux%u",
                                 device->path, shape->width_px, shape->height_px);
    return ar_reason_set(reason, ret,
                         "%s: takes %ux%u, not %ux%u; set capture.size to its size",
                         device->path, pix.width, pix.height, shape->width_px,
                         shape->height_px);
}

/* Only a hint, which readers of the device see: it may refuse. */
static void set_rate(const struct ar_loopback_device *device, uint32_t rate_millihz)
{
    struct v4l2_streamparm parameters = { .type = V4L2_BUF_TYPE_VIDEO_OUTPUT };

    parameters.parm.output.timeperframe = (struct v4l2_fract){ 1000, rate_millihz };
    if (rate_millihz > 0)
        ar_loopback_ioctl(device->fd, VIDIOC_S_PARM, &parameters);
}

/*
 * By buffers, where they can be had. Drivers on the kernel's buffer framework offer write(2) as well, but the
 * framework forgets to say how full the buffer is (seen in Linux 6.1), and some then refuse it.
 */
static int open_way(struct ar_loopback_device *device, uint32_t can, struct ar_reason *reason)
{
    int ret = -ENOTTY;

    if (can & V4L2_CAP_STREAMING)
        ret = ar_loopback_queue_open(&device->queue, device->fd, device->size_b, device->path,
                                     reason);
    if (ret == 0 || !(can & V4L2_CAP_READWRITE))
        return ret;
    device->picture = calloc(1, device->size_b);
    return device->picture ? 0 : ar_reason_set_err(reason, -ENOMEM, "%s", device->path);
}

int ar_loopback_device_open(struct ar_loopback_device *device, const char *path,
                            uint32_t width_px, uint32_t height_px, uint32_t rate_millihz,
                            struct ar_reason *reason)
{
    uint32_t can = 0;
    int ret;

    *device = (struct ar_loopback_device){
        .path = path,
        .fd = -1,
        .shape = { .width_px = width_px, .height_px = height_px, .range = AR_FRAME_LIMITED }
    };
    ret = open_path(device, reason);
    if (ret == 0)
        ret = check_device(device, &can, reason);
    if (ret == 0)
        ret = set_format(device, reason);
    if (ret == 0) {
        set_rate(device, rate_millihz);
        ret = open_way(device, can, reason);
    }
    if (ret < 0)
        ar_loopback_device_close(device);
    return ret;
}

void ar_loopback_device_close(struct ar_loopback_device *device)
{
    ar_loopback_queue_close(&device->queue);
    free(device->picture);
    device->picture = NULL;
    if (device->fd >= 0)
        close(device->fd);
    device->fd = -1;
}

/* The frame's planes one after the other, rows as far apart as the device wants. */
static void lay_out(const struct ar_loopback_device *device, const struct ar_frame *frame,
                    uint8_t *out)
{
    const struct ar_frame_shape *shape = &frame->shape;

    for (uint32_t i = 0; i < ar_frame_n_planes(shape->format); i++) {
        const struct ar_frame_plane *plane = &frame->planes[i];
        const uint32_t width_b = ar_frame_plane_width_b(shape, i);
        const uint32_t n_rows = ar_frame_plane_rows(shape, i);
        const bool is_half = i > 0 && shape->format == AR_FRAME_I420;
        const uint32_t stride_b = is_half ? device->stride_b / 2 : device->stride_b;

        for (uint32_t y = 0; y < n_rows; y++, out += stride_b)
            memcpy(out, plane->data + (size_t)y * plane->stride_b, width_b);
    }
}

/*
 * -EAGAIN when the device has no room for another picture. Once it took a part, it must get
 * the rest: otherwise all that follow are torn.
 */
static int write_picture(int fd, const uint8_t *data, size_t size_b)
{
    size_t done_b = 0;

    while (done_b < size_b) {
        ssize_t n_written = write(fd, data + done_b, size_b - done_b);
        struct pollfd room = { .fd = fd, .events = POLLOUT };

        if (n_written > 0)
            done_b += (size_t)n_written;
        else if (n_written == 0)
            return -EIO;
        else if (errno == EAGAIN && done_b == 0)
            return -EAGAIN;
        else if (errno == EAGAIN && poll(&room, 1, REST_WAIT_MS) == 0)
            return -ETIMEDOUT;
        else if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
    return 0;
}

static int queue_picture(struct ar_loopback_device *device, const struct ar_frame *frame)
{
    const int index = ar_loopback_queue_take(&device->queue);

    if (index < 0)
        return index;
    lay_out(device, frame, device->queue.buffers[index].data);
    return ar_loopback_queue_put(&device->queue, (uint32_t)index, device->size_b);
}

int ar_loopback_device_send(struct ar_loopback_device *device, const struct ar_frame *frame)
{
    if (!device->picture)
        return queue_picture(device, frame);
    lay_out(device, frame, device->picture);
    return write_picture(device->fd, device->picture, device->size_b);
}
