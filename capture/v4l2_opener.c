/* SPDX-License-Identifier: MIT */
#include "capture/v4l2_opener.h"

static int open_again(const struct ar_v4l2_opener_job *job, struct ar_reason *reason)
{
    const int ret = ar_v4l2_find_again(job->known, reason);

    return ret < 0 ? ret
                   : ar_v4l2_stream_open(job->stream, job->known->path, job->wish,
                                         job->controls, reason);
}

static void *run(void *argument)
{
    struct ar_v4l2_opener *opener = argument;

    opener->ret = 0;
    if (opener->job.known)
        opener->ret = open_again(&opener->job, &opener->reason);
    else
        ar_v4l2_stream_close(opener->job.stream);
    atomic_store(&opener->done, true);
    ar_loop_wake(opener->loop);
    return NULL;
}

void ar_v4l2_opener_start(struct ar_v4l2_opener *opener, const struct ar_v4l2_opener_job *job,
                          struct ar_loop *loop)
{
    opener->job = *job;
    opener->loop = loop;
    atomic_store(&opener->done, false);
    opener->threaded = pthread_create(&opener->thread, NULL, run, opener) == 0;
    if (!opener->threaded)
        run(opener);
}

void ar_v4l2_opener_wait(struct ar_v4l2_opener *opener)
{
    if (opener->threaded)
        pthread_join(opener->thread, NULL);
    opener->threaded = false;
}

bool ar_v4l2_opener_finish(struct ar_v4l2_opener *opener, int *ret, struct ar_reason *reason)
{
    if (!atomic_load(&opener->done))
        return false;
    ar_v4l2_opener_wait(opener);
    *ret = opener->ret;
    *reason = opener->reason;
    return true;
}
