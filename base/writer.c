/* SPDX-License-Identifier: MIT */
#include "base/writer.h"

#include <assert.h>
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

#define PAGE_B 4096

struct block {
    uint8_t *data;
    uint64_t offset_b; /* in the file */
    size_t size_b;
    size_t written_b;
    uint64_t mark_b; /* the newest when it was sent, 0 for none */
    bool done;       /* the kernel has done with it */
    int err;         /* and how */
};

/* Blocks are sent in turn, counted without end: [oldest, newest) are on their way, bytes are gathered in the next. */
struct ar_writer {
    int fd;
    bool has_ring;
    struct io_uring ring;
    uint8_t *memory;
    struct block blocks[AR_WRITER_N_BLOCKS];
    uint64_t oldest;
    uint64_t newest;
    size_t gathered_b;
    uint64_t size_b;
    uint64_t mark_b;
    uint64_t whole_b;
    int err; /* the first, in the order of the file */
};

static struct block *block_of(struct ar_writer *writer, uint64_t number)
{
    return &writer->blocks[number % AR_WRITER_N_BLOCKS];
}

static int open_ring(struct ar_writer *writer, enum ar_loop_kind kind)
{
    int ret;

    if (kind == AR_LOOP_POLL)
        return 0;
    ret = io_uring_queue_init(AR_WRITER_N_BLOCKS, &writer->ring, 0);
    writer->has_ring = ret == 0;
    return kind == AR_LOOP_URING ? ret : 0;
}

int ar_writer_create(struct ar_writer **out, int fd, enum ar_loop_kind kind)
{
    struct ar_writer *writer = calloc(1, sizeof(*writer));
    int ret;

    *out = NULL;
    if (!writer)
        return -ENOMEM;
    writer->fd = fd;
    /* Pages that no block ever reaches are never there. */
    writer->memory = aligned_alloc(PAGE_B, (size_t)AR_WRITER_N_BLOCKS * AR_WRITER_BLOCK_B);
    ret = writer->memory ? open_ring(writer, kind) : -ENOMEM;
    if (ret < 0) {
        ar_writer_destroy(writer);
        return ret;
    }
    for (size_t i = 0; i < AR_WRITER_N_BLOCKS; i++)
        writer->blocks[i].data = writer->memory + i * AR_WRITER_BLOCK_B;
    *out = writer;
    return 0;
}

const char *ar_writer_name(const struct ar_writer *writer)
{
    return writer->has_ring ? "io_uring" : "pwrite";
}

uint64_t ar_writer_size_b(const struct ar_writer *writer)
{
    return writer->size_b;
}

/* A result of write(2) in the kernel's way. False when there is more of the block to write. */
static bool take_result(struct block *block, int result)
{
    if (result == -EINTR || result == -EAGAIN)
        return false;
    if (result > 0)
        block->written_b += (size_t)result;
    if (result > 0 && block->written_b < block->size_b)
        return false;
    block->err = result > 0 ? 0 : result;
    if (result == 0)
        block->err = -EIO;
    block->done = true;
    return true;
}

static void write_at_once(const struct ar_writer *writer, struct block *block)
{
    ssize_t n_written;

    do {
        n_written =
            pwrite(writer->fd, block->data + block->written_b, block->size_b - block->written_b,
                   (off_t)(block->offset_b + block->written_b));
    } while (!take_result(block, n_written < 0 ? -errno : (int)n_written));
}

/* The ring has an entry for each block, so it is never full. */
static int queue_block(struct ar_writer *writer, const struct block *block)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&writer->ring);
    int ret;

    assert(sqe);
    io_uring_prep_write(sqe, writer->fd, block->data + block->written_b,
                        (unsigned)(block->size_b - block->written_b),
                        block->offset_b + block->written_b);
    io_uring_sqe_set_data64(sqe, (uint64_t)(block - writer->blocks));
    do {
        ret = io_uring_submit(&writer->ring);
    } while (ret == -EINTR || ret == -EAGAIN);
    return ret;
}

static void send_block(struct ar_writer *writer, struct block *block)
{
    int ret;

    if (!writer->has_ring) {
        write_at_once(writer, block);
        return;
    }
    ret = queue_block(writer, block);
    if (ret < 0)
        take_result(block, ret);
}

/* Blocks that are done with, from the oldest on; marks count up to the first error. */
static void retire(struct ar_writer *writer)
{
    while (writer->oldest < writer->newest && block_of(writer, writer->oldest)->done) {
        const struct block *block = block_of(writer, writer->oldest++);

        if (writer->err == 0)
            writer->err = block->err;
        if (writer->err == 0)
            writer->whole_b = block->mark_b;
    }
}

static void take_completions(struct ar_writer *writer)
{
    struct io_uring_cqe *cqe;

    while (io_uring_peek_cqe(&writer->ring, &cqe) == 0) {
        struct block *block = &writer->blocks[io_uring_cqe_get_data64(cqe)];
        const int result = cqe->res;

        io_uring_cqe_seen(&writer->ring, cqe);
        if (!take_result(block, result))
            send_block(writer, block);
    }
}

/* Waits until one more block is done with: there must be one on its way, so there is a ring. */
static void wait_for_block(struct ar_writer *writer)
{
    struct io_uring_cqe *cqe;
    int ret;

    do {
        ret = io_uring_wait_cqe(&writer->ring, &cqe);
    } while (ret == -EINTR || ret == -EAGAIN);
    assert(ret == 0);
    take_completions(writer);
    retire(writer);
}

/* The gathered bytes become a block that is on its way. */
static void send_gathered(struct ar_writer *writer)
{
    struct block *block = block_of(writer, writer->newest++);

    *block = (struct block){ .data = block->data,
                             .offset_b = writer->size_b - writer->gathered_b,
                             .size_b = writer->gathered_b,
                             .mark_b = writer->mark_b };
    writer->gathered_b = 0;
    send_block(writer, block);
    if (writer->has_ring)
        take_completions(writer);
    retire(writer);
}

int ar_writer_write(struct ar_writer *writer, const void *data, size_t size_b)
{
    const uint8_t *next = data;

    while (size_b > 0 && writer->err == 0) {
        size_t n_b = AR_WRITER_BLOCK_B - writer->gathered_b;

        if (n_b > size_b)
            n_b = size_b;
        while (writer->newest - writer->oldest == AR_WRITER_N_BLOCKS)
            wait_for_block(writer);
        memcpy(block_of(writer, writer->newest)->data + writer->gathered_b, next, n_b);
        next += n_b;
        size_b -= n_b;
        writer->size_b += n_b;
        writer->gathered_b += n_b;
        if (writer->gathered_b == AR_WRITER_BLOCK_B)
            send_gathered(writer);
    }
    return writer->err;
}

void ar_writer_mark(struct ar_writer *writer)
{
    writer->mark_b = writer->size_b;
}

int ar_writer_flush(struct ar_writer *writer)
{
    if (writer->gathered_b > 0 && writer->err == 0)
        send_gathered(writer);
    return writer->err;
}

int ar_writer_finish(struct ar_writer *writer, uint64_t *whole_b)
{
    ar_writer_flush(writer);
    while (writer->oldest < writer->newest)
        wait_for_block(writer);
    *whole_b = writer->err == 0 ? writer->mark_b : writer->whole_b;
    return writer->err;
}

void ar_writer_destroy(struct ar_writer *writer)
{
    if (!writer)
        return;
    while (writer->oldest < writer->newest)
        wait_for_block(writer);
    if (writer->has_ring)
        io_uring_queue_exit(&writer->ring);
    free(writer->memory);
    free(writer);
}
