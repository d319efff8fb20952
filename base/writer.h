/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

/*
 * Writes a file from its start to its end in the background: bytes are gathered in blocks, and blocks that are full are
 * written through io_uring while the caller goes on. Where the kernel refuses io_uring they are written at once, by
 * pwrite(2). Memory is bounded: with every block on its way to the disk, write() waits.
 *
 * One thread, from create to destroy. The process must ignore SIGXFSZ, so that a limit of the file's size is an error.
 */

struct ar_writer;

#define AR_WRITER_BLOCK_B  (1u << 18) /* what a full disk may cost */
#define AR_WRITER_N_BLOCKS 32

/* The descriptor of a regular file, empty and not O_APPEND, is borrowed until destroy. AUTO falls back, as a loop does. */
int ar_writer_create(struct ar_writer **out, int fd, enum ar_loop_kind kind);

/* Accepts NULL. Waits for what is on its way; what was not sent is lost. */
void ar_writer_destroy(struct ar_writer *writer);

/* "io_uring" or "pwrite". */
const char *ar_writer_name(const struct ar_writer *writer);

/* 0, or the first error of this write or of any before it. */
int ar_writer_write(struct ar_writer *writer, const void *data, size_t size_b);

/* The bytes so far make a whole file: where it may be cut should the disk fail later. */
void ar_writer_mark(struct ar_writer *writer);

/* Sends what is gathered, without waiting for it: another process sees it soon. As write. */
int ar_writer_flush(struct ar_writer *writer);

/*
 * Sends and waits for everything. The first error there was, or 0. *whole_b: the newest mark that the disk has reached,
 * 0 for none; without an error, all bytes up to the last mark.
 */
int ar_writer_finish(struct ar_writer *writer, uint64_t *whole_b);

/* The bytes taken so far. */
uint64_t ar_writer_size_b(const struct ar_writer *writer);
