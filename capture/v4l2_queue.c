/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_queue.h"

#include <errno.h>

#include "base/macros.h"

/* Fewer than 4 buffers in the driver, and USB cameras drop pictures. */
#define WANTED_BUFFERS 4
#define MIN_BUFFERS    2

/* What a question about a buffer needs: on the multi-planar interface, room for the answer about each plane. */
struct question {
    struct v4l2_buffer buffer;
    struct v4l2_plane planes[VIDEO_MAX_PLANES];
};

static void ask_about(struct question *question, const struct ar_v4l2_node *node,
                      uint32_t index, uint32_t n_memory)
{
    *question = (struct question){
        .buffer = { .index = index, .type = node->type, .memory = V4L2_MEMORY_MMAP }
    };
    if (ar_v4l2_node_is_multi(node)) {
        question->buffer.m.planes = question->planes;
        question->buffer.length = n_memory;
    }
}

int ar_v4l2_queue_give_back(const struct ar_v4l2_queue *queue, uint32_t index)
{
    struct question question;

    ask_about(&question, queue->node, index, queue->n_memory);
    return ar_v4l2_node_call(queue->node, VIDIOC_QBUF, &question.buffer);
}

static int map_buffer(struct ar_v4l2_queue *queue, const size_t *need_b, uint32_t index)
{
    struct ar_v4l2_buffer_memory *memory = &queue->buffers[index];
    const bool multi = ar_v4l2_node_is_multi(queue->node);
    struct question question;
    int ret;

    ask_about(&question, queue->node, index, queue->n_memory);
    ret = ar_v4l2_node_call(queue->node, VIDIOC_QUERYBUF, &question.buffer);
    if (ret < 0)
        return ret;
    queue->n_buffers = index + 1;
    for (uint32_t m = 0; m < queue->n_memory; m++) {
        const struct v4l2_plane *plane = &question.planes[m];
        const uint32_t size_b = multi ? plane->length : question.buffer.length;
        const uint32_t offset_b = multi ? plane->m.mem_offset : question.buffer.m.offset;

        if (size_b < need_b[m])
            return -EIO;
        memory->data[m] = ar_v4l2_io_map(&queue->node->io, size_b, offset_b);
        if (!memory->data[m])
            return -ENOMEM;
        memory->size_b[m] = size_b;
    }
    return 0;
}

/*
 * Memory for a device's DMA is uncached on many boards, and reading it takes several times as long. Where the driver has
 * a choice it gives us cached memory, which the kernel keeps in step when buffers change hands; others ignore the flag.
 */
static int request_buffers(const struct ar_v4l2_node *node, uint32_t *n_buffers)
{
    struct v4l2_requestbuffers request = { .count = *n_buffers,
                                           .type = node->type,
                                           .memory = V4L2_MEMORY_MMAP,
                                           .flags = V4L2_MEMORY_FLAG_NON_COHERENT };
    const int ret = ar_v4l2_node_call(node, VIDIOC_REQBUFS, &request);

    *n_buffers = ar_min_u32(request.count, AR_V4L2_MAX_BUFFERS);
    return ret;
}

int ar_v4l2_queue_map(struct ar_v4l2_queue *queue, const struct ar_v4l2_node *node,
                      const size_t *need_b, uint32_t n_memory)
{
    uint32_t n_buffers = WANTED_BUFFERS;
    int ret = request_buffers(node, &n_buffers);

    *queue = (struct ar_v4l2_queue){ .node = node, .n_memory = n_memory };
    if (ret == 0 && n_buffers < MIN_BUFFERS)
        ret = -ENOMEM;
    for (uint32_t i = 0; ret == 0 && i < n_buffers; i++)
        ret = map_buffer(queue, need_b, i);
    return ret;
}

static void unmap_buffer(const struct ar_v4l2_queue *queue,
                         struct ar_v4l2_buffer_memory *memory)
{
    for (uint32_t m = 0; m < queue->n_memory; m++)
        if (memory->data[m])
            /* The cast gives back what mmap() gave; the pages are never written. */
            ar_v4l2_io_unmap(&queue->node->io, (void *)(uintptr_t)memory->data[m],
                             memory->size_b[m]);
    *memory = (struct ar_v4l2_buffer_memory){ .data = { NULL } };
}

void ar_v4l2_queue_unmap(struct ar_v4l2_queue *queue)
{
    uint32_t none = 0;

    for (uint32_t i = 0; i < queue->n_buffers; i++)
        unmap_buffer(queue, &queue->buffers[i]);
    if (queue->n_buffers > 0)
        request_buffers(queue->node, &none);
    queue->n_buffers = 0;
}

int ar_v4l2_queue_start(const struct ar_v4l2_queue *queue)
{
    uint32_t type = queue->node->type;

    for (uint32_t i = 0; i < queue->n_buffers; i++) {
        const int ret = ar_v4l2_queue_give_back(queue, i);

        if (ret < 0)
            return ret;
    }
    return ar_v4l2_node_call(queue->node, VIDIOC_STREAMON, &type);
}

void ar_v4l2_queue_stop(const struct ar_v4l2_queue *queue)
{
    uint32_t type;

    if (queue->n_buffers == 0)
        return;
    type = queue->node->type;
    ar_v4l2_node_call(queue->node, VIDIOC_STREAMOFF, &type);
}

/* Where a plane's picture is in its memory, by the driver's word, checked. */
static void locate(struct ar_v4l2_filled *filled, const struct ar_v4l2_buffer_memory *memory,
                   uint32_t m, uint32_t offset_b, uint32_t used_b)
{
    const bool sane = offset_b <= used_b && used_b <= memory->size_b[m];

    filled->used_b[m] = sane ? used_b - offset_b : 0;
    filled->data[m] = memory->data[m] + (sane ? offset_b : 0);
}

int ar_v4l2_queue_take(const struct ar_v4l2_queue *queue, struct ar_v4l2_filled *filled)
{
    const struct ar_v4l2_buffer_memory *memory;
    struct question question;
    int ret;

    ask_about(&question, queue->node, 0, queue->n_memory);
    ret = ar_v4l2_node_call(queue->node, VIDIOC_DQBUF, &question.buffer);
    if (ret < 0)
        return ret;
    if (question.buffer.index >= queue->n_buffers)
        return -EIO;
    memory = &queue->buffers[question.buffer.index];
    *filled = (struct ar_v4l2_filled){ .buffer = question.buffer };
    if (!ar_v4l2_node_is_multi(queue->node)) {
        locate(filled, memory, 0, 0, question.buffer.bytesused);
        return 0;
    }
    for (uint32_t m = 0; m < queue->n_memory; m++)
        locate(filled, memory, m, question.planes[m].data_offset, question.planes[m].bytesused);
    return 0;
}
