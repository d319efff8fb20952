/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "capture/backend.h"
#include "capture/reader.h"
#include "capture/y4m.h"

#define TAG "capture"

/* A clip as a source: finds the reader for the file, paces it, and owns the frames. */

/*
 * How long one call may spend on skipping pictures whose time is over. A machine too slow for the clip gets
 * it slower then, instead of searching for ever for a picture that is not late.
 */
#define CATCH_UP_MAX_US 250000

/* Enough to tell a kind of file by its first bytes. */
#define MAGIC_B 16

#ifdef AR_HAVE_LIBAV
static const struct ar_reader_ops *const clip_reader = &ar_clip_reader;
#else
static const struct ar_reader_ops *const clip_reader = NULL;
#endif

struct file {
    struct ar_capture base;
    char path[AR_OPTION_TEXT_MAX];
    struct ar_reader *reader;
    uint64_t origin_us;       /* when the clip's time 0 was, or would have been, due */
    uint64_t sequence;        /* of the next picture */
    uint64_t n_corrupt_known; /* of the reader's count */
};

static_assert(offsetof(struct file, base) == 0, "from_base() casts");

static struct file *from_base(struct ar_capture *base)
{
    return (struct file *)base;
}

struct ar_option_size ar_reader_fit(uint32_t width, uint32_t height, struct ar_option_size box)
{
    const uint64_t fit_width = (uint64_t)box.height_px * width / height;
    const uint64_t fit_height = (uint64_t)box.width_px * height / width;
    struct ar_option_size size = box;

    if (fit_width < box.width_px)
        size.width_px = (uint32_t)fit_width;
    else if (fit_height < box.height_px)
        size.height_px = (uint32_t)fit_height;
    size.width_px = ar_max_u32(size.width_px & ~1u, AR_FRAME_MIN_PX);
    size.height_px = ar_max_u32(size.height_px & ~1u, AR_FRAME_MIN_PX);
    return size;
}

static int configure(struct ar_capture *base, const char *argument, struct ar_reason *reason)
{
    struct file *file = from_base(base);

    if (!argument || argument[0] == '\0')
        return ar_reason_set(reason, -EINVAL,
                             "source \"file\": names no file; right would be file:CLIP");
    snprintf(file->path, sizeof(file->path), "%s", argument);
    return 0;
}

/* Sorts out what can be no clip at all. */
static int check_kind(const char *path, const struct stat *status, struct ar_reason *reason)
{
    if (S_ISDIR(status->st_mode))
        return ar_reason_set(reason, -EISDIR, "%s: is a directory, not a clip", path);
    if (S_ISCHR(status->st_mode))
        return ar_reason_set(reason, -EINVAL,
                             "%s: is a device, not a clip; a camera is v4l2:DEV", path);
    if (!S_ISREG(status->st_mode))
        return ar_reason_set(reason, -EINVAL, "%s: is not a regular file, so not a clip", path);
    if (status->st_size == 0)
        return ar_reason_set(reason, -EINVAL, "%s: is empty, not a clip", path);
    return 0;
}

/* Reads the file's first bytes, as many as there are. Opening must not wait for a pipe's other end. */
static int read_magic(const char *path, char magic[MAGIC_B], struct ar_reason *reason)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    int ret;

    if (fd < 0 || fstat(fd, &status) < 0) {
        ret = ar_reason_set_err(reason, -errno, "%s: cannot open the clip", path);
        goto out;
    }
    ret = check_kind(path, &status, reason);
    if (ret == 0 && read(fd, magic, MAGIC_B) < 0)
        ret = ar_reason_set_err(reason, -errno, "%s: cannot read the clip", path);
out:
    if (fd >= 0)
        close(fd);
    return ret;
}

static int open_clip(struct file *file, const struct ar_option_size *box,
                     struct ar_reason *reason)
{
    if (clip_reader)
        return clip_reader->open(&file->reader, file->path, box, reason);
    return ar_reason_set(
        reason, -EINVAL,
        "%s: not a Y4M clip, and this build reads no other kind (built without "
        "libav)",
        file->path);
}

/* Y4M is read by ourselves where that is enough: as it is, or without a library that could do more. */
static int open_y4m(struct file *file, const struct ar_option_size *box,
                    struct ar_reason *reason)
{
    int ret = ar_y4m_reader.open(&file->reader, file->path, box, reason);
    const struct ar_frame_shape *shape;

    if (ret == -ENOTSUP && clip_reader)
        return open_clip(file, box, reason);
    if (ret < 0)
        return ret;
    shape = &file->reader->shape;
    if (box->width_px == 0 ||
        (box->width_px == shape->width_px && box->height_px == shape->height_px))
        return 0;
    if (!clip_reader) {
        ar_log(AR_LOG_WARN, TAG, "%s: stays at %ux%u: built without libav, which scales",
               file->path, shape->width_px, shape->height_px);
        return 0;
    }
    ar_y4m_reader.close(file->reader);
    file->reader = NULL;
    return open_clip(file, box, reason);
}

static int open_reader(struct file *file, struct ar_reason *reason)
{
    const struct ar_option_size *box = &file->base.params.size;
    const size_t y4m_b = strlen(AR_Y4M_MAGIC);
    char magic[MAGIC_B] = { 0 };
    const int ret = read_magic(file->path, magic, reason);

    if (ret < 0)
        return ret;
    if (memcmp(magic, AR_Y4M_MAGIC, y4m_b) == 0)
        return open_y4m(file, box, reason);
    return open_clip(file, box, reason);
}

static void stop(struct ar_capture *base)
{
    struct file *file = from_base(base);

    if (file->reader)
        file->reader->ops->close(file->reader);
    file->reader = NULL;
}

static int start(struct ar_capture *base, struct ar_reason *reason)
{
    struct file *file = from_base(base);
    const int ret = open_reader(file, reason);

    if (ret < 0) {
        stop(base);
        return ret == -ENOTSUP ? -EINVAL : ret;
    }
    base->shape = file->reader->shape;
    base->rate_millihz = file->reader->rate_millihz;
    file->sequence = 0;
    file->n_corrupt_known = 0;
    ar_capture_describe_as(base, "%s (%s)", file->path, file->reader->kind);
    return 0;
}

/* Counts what the reader could not decode since the last call. */
static void count_corrupt(struct file *file)
{
    const uint64_t n_corrupt = file->reader->n_corrupt;

    ar_capture_count(&file->base.tally.n_corrupt, n_corrupt - file->n_corrupt_known);
    file->n_corrupt_known = n_corrupt;
}

/* To the next picture; at the end, when the clip loops, to the first. */
static int advance(struct file *file, struct ar_reason *reason)
{
    struct ar_reader *reader = file->reader;
    int ret = reader->ops->advance(reader, reason);

    if (ret == -ENODATA && file->base.params.loop) {
        file->origin_us += reader->time_us + reader->duration_us;
        ret = reader->ops->rewind(reader, reason);
        if (ret == 0)
            ret = reader->ops->advance(reader, reason);
    }
    count_corrupt(file);
    if (ret < 0)
        return ret;
    if (file->sequence == 0)
        file->origin_us = ar_clock_now_us() - reader->time_us;
    file->sequence++;
    return 0;
}

/* Goes to the newest picture that is due, or to the next one and waits for its time. Sets *due_us. */
static int advance_in_time(struct file *file, uint64_t *due_us, struct ar_reason *reason)
{
    const uint64_t entry_us = ar_clock_now_us();

    for (;;) {
        int ret = advance(file, reason);
        uint64_t now_us;

        if (ret < 0)
            return ret;
        now_us = ar_clock_now_us();
        *due_us = file->origin_us + file->reader->time_us;
        if (now_us < *due_us + file->reader->duration_us)
            return ar_capture_wait_until(&file->base, *due_us);
        if (now_us - entry_us >= CATCH_UP_MAX_US) {
            file->origin_us += now_us - *due_us;
            *due_us = now_us;
            return ar_capture_wait_until(&file->base, 0);
        }
        ar_capture_count(&file->base.tally.n_dropped, 1);
        ret = ar_capture_wait_until(&file->base, 0);
        if (ret < 0)
            return ret;
    }
}

static int advance_lossless(struct file *file, uint64_t *due_us, struct ar_reason *reason)
{
    const int ret = ar_capture_wait_until(&file->base, 0);

    *due_us = 0; /* its time is when it is handed out */
    return ret < 0 ? ret : advance(file, reason);
}

static int next(struct ar_capture *base, struct ar_frame **out, struct ar_reason *reason)
{
    struct file *file = from_base(base);
    struct ar_frame *frame = NULL;
    uint64_t due_us;
    int ret;

    for (;;) {
        ret = base->lossless ? advance_lossless(file, &due_us, reason)
                             : advance_in_time(file, &due_us, reason);
        if (ret == 0)
            ret = ar_capture_take(base, &frame);
        if (ret == 0)
            break;
        if (ret != -EAGAIN)
            return ret;
        ar_capture_count(&base->tally.n_dropped, 1);
    }
    ret = file->reader->ops->read(file->reader, frame, reason);
    if (ret < 0) {
        ar_frame_unref(&frame);
        return ret;
    }
    frame->sequence = file->sequence - 1;
    frame->capture_us = due_us ? due_us : ar_clock_now_us();
    *out = frame;
    return 0;
}

/* It goes on where it stood. */
static void resume(struct ar_capture *base, uint64_t away_us)
{
    from_base(base)->origin_us += away_us;
}

const struct ar_capture_backend ar_capture_file = {
    .name = "file",
    .size_b = sizeof(struct file),
    .can_wait = true,
    .configure = configure,
    .start = start,
    .stop = stop,
    .next = next,
    .resume = resume,
};
