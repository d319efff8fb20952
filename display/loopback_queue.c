/* SPDX-License-Identifier: MIT */
#include "display/loopback_queue.h"

#include <errno.h>

#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "base/macros.h"

int ar_loopback_ioctl(int fd, unsigned long request, void *argument)
{
    int ret;

    do {
        ret = ioctl(fd, request, argument);
    } while (ret < 0 && errno == EINTR);
    return ret < 0 ? -errno : 0;
}

static struct v4l2_buffer buffer_of(uint32_t index)
{
    return (struct v4l2_buffer){ .index = index,
                                 .type = V4L2_BUF_TYPE_VIDEO_OUTPUT,
                                 .memory = V4L2_MEMORY_MMAP,
                                 .field = V4L2_FIELD_NONE };
}

static int request(const struct ar_loopback_queue *queue, uint32_t n_buffers)
{
    struct v4l2_requestbuffers request = { .count = n_buffers,
                                           .type = V4L2_BUF_TYPE_VIDEO_OUTPUT,
                                           .memory = V4L2_MEMORY_MMAP };
    const int ret = ar_loopback_ioctl(queue->fd, VIDIOC_REQBUFS, &request);

    return ret < 0 ? ret : (int)ar_min_u32(request.count, AR_LOOPBACK_MAX_BUFFERS);
}

static int map(struct ar_loopback_queue *queue, uint32_t index, size_t size_b,
               const char *device, struct ar_reason *reason)
{
    struct ar_loopback_buffer *buffer = &queue->buffers[index];
    struct v4l2_buffer found = buffer_of(index);
    int ret = ar_loopback_ioctl(queue->fd, VIDIOC_QUERYBUF, &found);
    void *data;

    if (ret < 0)
        return ar_reason_set_err(reason, ret, "%s: does not show its buffers", device);
    if (found.length < size_b)
        return ar_reason_set(reason, -EPROTO, "%s: has buffers of %u bytes for pictures of %zu",
                             device, found.length, size_b);
    data =
        mmap(NULL, found.length, PROT_READ | PROT_WRITE, MAP_SHARED, queue->fd, found.m.offset);
    if (data == MAP_FAILED) {
        ret = -errno;
        return ar_reason_set_err(reason, ret, "%s: cannot map its buffers", device);
    }
    *buffer = (struct ar_loopback_buffer){ .data = data, .size_b = found.length, .ours = true };
    return 0;
}

int ar_loopback_queue_open(struct ar_loopback_queue *queue, int fd, size_t size_b,
                           const char *device, struct ar_reason *reason)
{
    int ret;

    *queue = (struct ar_loopback_queue){ .fd = fd };
    ret = request(queue, AR_LOOPBACK_MAX_BUFFERS);
    if (ret < 0)
        return ar_reason_set_err(reason, ret, "%s: has no buffers for us", device);
    queue->n_buffers = (uint32_t)ret;
    ret = queue->n_buffers > 0
              ? 0
              : ar_reason_set(reason, -ENOMEM, "%s: has no buffers for us", device);
    for (uint32_t i = 0; i < queue->n_buffers && ret == 0; i++)
        ret = map(queue, i, size_b, device, reason);
    if (ret < 0)
        ar_loopback_queue_close(queue);
    return ret;
}

void ar_loopback_queue_close(struct ar_loopback_queue *queue)
{
    int type = V4L2_BUF_TYPE_VIDEO_OUTPUT;

    if (queue->streaming)
        ar_loopback_ioctl(queue->fd, VIDIOC_STREAMOFF, &type);
    for (uint32_t i = 0; i < queue->n_buffers; i++)
        if (queue->buffers[i].data)
            munmap(queue->buffers[i].data, queue->buffers[i].size_b);
    if (queue->n_buffers > 0)
        request(queue, 0);
    *queue = (struct ar_loopback_queue){ 0 };
}

/* What the device is done with. */
static int take_back(struct ar_loopback_queue *queue)
{
    struct v4l2_buffer done = buffer_of(0);
    int ret = queue->streaming ? ar_loopback_ioctl(queue->fd, VIDIOC_DQBUF, &done) : -EAGAIN;

    if (ret < 0)
        return ret;
    if (done.index >= queue->n_buffers || queue->buffers[done.index].ours)
        return -EPROTO;
    queue->buffers[done.index].ours = true;
    return (int)done.index;
}

int ar_loopback_queue_take(struct ar_loopback_queue *queue)
{
    for (uint32_t i = 0; i < queue->n_buffers; i++)
        if (queue->buffers[i].ours)
            return (int)i;
    return take_back(queue);
}

int ar_loopback_queue_put(struct ar_loopback_queue *queue, uint32_t index, size_t size_b)
{
    struct v4l2_buffer full = buffer_of(index);
    int type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    int ret;

    full.bytesused = (uint32_t)size_b;
    ret = ar_loopback_ioctl(queue->fd, VIDIOC_QBUF, &full);
    if (ret < 0)
        return ret;
    queue->buffers[index].ours = false;
    if (queue->streaming)
        return 0;
    ret = ar_loopback_ioctl(queue->fd, VIDIOC_STREAMON, &type);
    queue->streaming = ret == 0;
    return ret;
}
