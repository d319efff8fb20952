/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/frame.h"

/*
 * A slot for one frame between two threads: the newest wins, so latency never piles up in
 * a queue. One thread puts, one takes; close() may come from any.
 */

struct ar_mailbox;

int ar_mailbox_create(struct ar_mailbox **out);

/* Accepts NULL; gives back a frame that nobody took. */
void ar_mailbox_destroy(struct ar_mailbox *box);

/* Takes *frame and clears it. True when an older frame had to go. After close, the frame goes at once. */
bool ar_mailbox_put(struct ar_mailbox *box, struct ar_frame **frame);

/* As put, but waits until the slot is free: nothing is lost. 0, or -ECANCELED after close. */
int ar_mailbox_put_wait(struct ar_mailbox *box, struct ar_frame **frame);

/* Hands out the waiting frame's reference. -EAGAIN when empty, -ECANCELED when closed and empty. */
int ar_mailbox_take(struct ar_mailbox *box, struct ar_frame **out);

/* As take, but waits at most timeout_us. -ETIMEDOUT when none came, -EINTR after interrupt. */
int ar_mailbox_take_wait(struct ar_mailbox *box, uint64_t timeout_us, struct ar_frame **out);

/* Ends a take_wait that finds the box empty, or the next one that would. From any thread. */
void ar_mailbox_interrupt(struct ar_mailbox *box);

/* Wakes every waiter for good. A frame that waits can still be taken. */
void ar_mailbox_close(struct ar_mailbox *box);

/* As new, without the frame that nobody took. Nobody else may be using the box. */
void ar_mailbox_reopen(struct ar_mailbox *box);
