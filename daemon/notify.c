/* SPDX-License-Identifier: MIT */
#include "daemon/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Signs of life in one watchdog period: some may be late or lost. */
#define SIGNS_PER_PERIOD 4

static uint64_t number_in_environment(const char *name)
{
    /* No thread runs yet. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *text = getenv(name);

    return text && text[0] >= '0' && text[0] <= '9' ? strtoull(text, NULL, 10) : 0;
}

/* The watchdog may be meant for another process of the service. */
static uint64_t wanted_period_us(void)
{
    const uint64_t pid = number_in_environment("WATCHDOG_PID");

    if (pid != 0 && pid != (uint64_t)getpid())
        return 0;
    return number_in_environment("WATCHDOG_USEC") / SIGNS_PER_PERIOD;
}

void ar_notify_init(struct ar_notify *notify)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *path = getenv("NOTIFY_SOCKET");
    const size_t path_b = path ? strlen(path) : 0;

    *notify = (struct ar_notify){ .fd = -1, .address = { .sun_family = AF_UNIX } };
    if (path_b < 2 || path_b >= sizeof(notify->address.sun_path) ||
        (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(notify->address.sun_path, path, path_b);
    if (path[0] == '@')
        notify->address.sun_path[0] = '\0';
    notify->address_b = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_b);
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    notify->period_us = wanted_period_us();
}

void ar_notify_finish(struct ar_notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}

/* A listener that is gone or full is its own loss. */
static void tell(const struct ar_notify *notify, const char *text)
{
    sendto(notify->fd, text, strlen(text), MSG_NOSIGNAL,
           (const struct sockaddr *)&notify->address, notify->address_b);
}

void ar_notify_ready(struct ar_notify *notify, const char *status)
{
    char text[256];

    if (notify->fd < 0 || atomic_exchange(&notify->ready, true))
        return;
    snprintf(text, sizeof(text), "READY=1\nSTATUS=%s\n", status);
    tell(notify, text);
}

void ar_notify_status(const struct ar_notify *notify, const char *text)
{
    char message[256];

    if (notify->fd < 0 || !atomic_load(&notify->ready))
        return;
    snprintf(message, sizeof(message), "STATUS=%s\n", text);
    tell(notify, message);
}

void ar_notify_alive(struct ar_notify *notify, uint64_t now_us)
{
    uint64_t next_us = atomic_load_explicit(&notify->next_us, memory_order_relaxed);

    if (notify->fd < 0 || notify->period_us == 0 || now_us < next_us)
        return;
    if (atomic_compare_exchange_strong(&notify->next_us, &next_us, now_us + notify->period_us))
        tell(notify, "WATCHDOG=1\n");
}
