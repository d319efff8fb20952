/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <sys/socket.h>
#include <sys/un.h>

/*
 * What a service manager is told (sd_notify(3)): that pictures are shown, and then that they go on. Where
 * nobody listens all of this does nothing. A message never blocks: one that finds no room is lost.
 */

struct ar_notify {
    int fd; /* -1: nobody listens */
    struct sockaddr_un address;
    socklen_t address_b;
    uint64_t period_us; /* between signs of life; 0: none are wanted */
    atomic_uint_fast64_t next_us;
    atomic_bool ready; /* has been told */
};

/* Looks for a listener in the environment. Before any thread starts. */
void ar_notify_init(struct ar_notify *notify);
void ar_notify_finish(struct ar_notify *notify);

/* Any thread. The first one, called with `status` for people, says that the service has started. */
void ar_notify_ready(struct ar_notify *notify, const char *status);
/* Any thread: how it goes, for people. Not sent before the service has started. */
void ar_notify_status(const struct ar_notify *notify, const char *text);

/* Any thread: the service works. Sent no more often than is asked for, so call it with each picture. */
void ar_notify_alive(struct ar_notify *notify, uint64_t now_us);
