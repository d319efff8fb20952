/* SPDX-License-Identifier: MIT */
#include "daemon/bulletin.h"

#include "base/clock.h"
#include "daemon/status.h"

#define PERIOD_US 2000000u

static void on_time(void *user, uint64_t n_expired)
{
    struct ar_bulletin *bulletin = user;
    const uint64_t now_us = ar_clock_now_us();
    struct ar_pipeline_status status;
    char text[200];
    uint64_t n_shown;
    double fps;

    (void)n_expired;
    ar_pipeline_status(bulletin->pipeline, &status);
    n_shown = status.outputs[status.leader].n_shown;
    if (n_shown < bulletin->n_shown) /* another display leads */
        bulletin->n_shown = n_shown;
    fps = (double)(n_shown - bulletin->n_shown) * 1e6 / (double)(now_us - bulletin->told_us);
    bulletin->n_shown = n_shown;
    bulletin->told_us = now_us;
    ar_status_service(&status, fps, text, sizeof(text));
    ar_notify_status(bulletin->notify, text);
}

int ar_bulletin_start(struct ar_bulletin *bulletin, struct ar_loop *loop,
                      const struct ar_notify *notify, struct ar_pipeline *pipeline)
{
    int ret;

    *bulletin = (struct ar_bulletin){ .notify = notify,
                                      .pipeline = pipeline,
                                      .told_us = ar_clock_now_us() };
    if (notify->fd < 0)
        return 0;
    ret = ar_loop_add_timer(loop, on_time, bulletin, &bulletin->timer);
    return ret < 0
               ? ret
               : ar_loop_set_timer(bulletin->timer, bulletin->told_us + PERIOD_US, PERIOD_US);
}

void ar_bulletin_stop(struct ar_bulletin *bulletin)
{
    ar_loop_remove(&bulletin->timer);
}
