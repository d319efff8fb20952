/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "daemon/peer.h"
#include "daemon/wire.h"

/*
 * One connection of the control socket: cuts what comes into lines, and keeps what the other end has not read yet.
 * Bounded in both, and in how many lines a second it hands on; what is beyond that stays with the sender.
 * Everything on the loop's thread.
 */

#define AR_CLIENT_LINES_PER_S 100u
#define AR_CLIENT_BURST       100u
#define AR_CLIENT_USER_PER_S  1000u /* of all clients of a user */
#define AR_CLIENT_USER_BURST  1000u

struct ar_bucket;
struct ar_client;

struct ar_client_events {
    /*
     * A whole line, without its end; NULL: one that is longer than AR_WIRE_MAX_REQUEST_B. May send. False: the
     * client must go.
     */
    bool (*line)(void *user, struct ar_client *client, const char *line, size_t length);
    /* It has sent more lines than it may: call ar_client_go_on() a while later. */
    void (*held)(void *user, struct ar_client *client);
    /* The other end has gone, or must: destroy it. */
    void (*gone)(void *user, struct ar_client *client);
};

/*
 * fd is a connected, non-blocking stream socket; taken, also on failure. events and user are borrowed for the
 * client's life, as is `shared`, which holds the lines of all clients of the same user.
 */
int ar_client_create(struct ar_client **out, struct ar_loop *loop, int fd,
                     const struct ar_peer *peer, struct ar_bucket *shared,
                     const struct ar_client_events *events, void *user);

/* Sends what is left as far as it goes at once, and closes. Accepts NULL. */
void ar_client_destroy(struct ar_client *client);

/* False where so much is unread already that there is no room: then nothing of the text is sent. */
bool ar_client_send(struct ar_client *client, const char *text, size_t length);

/* It gets what it has been sent, and then it goes. Nothing more is read from it. */
void ar_client_end(struct ar_client *client);

/* Hands on the lines that were held back. Does nothing to a client that is not held. */
void ar_client_go_on(struct ar_client *client);

const struct ar_peer *ar_client_peer(const struct ar_client *client);
