/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>
#include <unistd.h>

#include <linux/videodev2.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "capture/backend.h"
#include "capture/capture.h"
#include "capture/devices.h"
#include "capture/v4l2_io.h"
#include "tests/suite.h"

/*
 * The camera source on a camera of straw: this file defines the functions of v4l2_io.h itself, so that the
 * test decides what the "driver" answers. Real drivers are tried in the virtual machine.
 */

#define WIDTH     64
#define HEIGHT    48
#define PICTURE_B ((size_t)WIDTH * HEIGHT * 2)
#define LUMA_B    ((size_t)WIDTH * HEIGHT)
#define CHROMA_B  ((size_t)WIDTH * HEIGHT / 2)
#define N_BUFFERS 4
#define NONE      UINT32_MAX

/* A camera that is back shows within a second; three times that on a machine that is busy with other tests. */
#define BACK_US 3000000

enum place {
    WITH_PROGRAM,
    QUEUED,
    FILLED,
};

static struct straw {
    int fd;        /* readable while a picture is filled or an error waits */
    int driver_fd; /* what makes it so: itself, an eventfd; or the other end of a connection */
    bool changed;  /* an event waits: it gives other pictures now */
    bool streaming;
    bool multi; /* speaks the multi-planar interface */
    uint32_t abilities;
    const char *driver;
    uint32_t fourcc;
    uint32_t encoding; /* of its luma */
    char description[32];
    uint8_t memory[N_BUFFERS][PICTURE_B + 64];
    enum place places[N_BUFFERS];
    struct v4l2_buffer filled[N_BUFFERS]; /* first in, first out */
    uint32_t n_filled;
    uint32_t width_px;                 /* of its only size */
    struct ar_option_size wanted_size; /* by the user */
    const char *path;                  /* where it is; opening another path finds nothing */
    const char *source;                /* what the user writes */
    const char *by_id;                 /* its link */
    const struct ar_device *others;    /* ends with an empty path */
    int32_t brightness;                /* its only control */
    const char *wanted_brightness;     /* by the user's configuration; NULL: none */
    int open_error;
    uint32_t open_takes_us; /* of a device that hangs */
    int dqbuf_error;        /* given once, before pictures */
    int qbuf_error;         /* given always */
    int streamon_error;
    uint32_t n_restarts;
    uint32_t n_opened; /* times */
    uint32_t n_mapped;
} straw;

/* Of straw: what opens the camera again is another thread. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct ar_loop *loop;
static struct ar_capture *capture;
static struct ar_reason reason;

static void set_readable(bool readable)
{
    uint64_t value = 1;

    while (read(straw.fd, &value, sizeof(value)) > 0)
        continue;
    ck_assert_int_eq(errno, EAGAIN);
    value = 1;
    if (readable)
        ck_assert_int_eq(write(straw.driver_fd, &value, sizeof(value)), sizeof(value));
}

int ar_v4l2_io_open(struct ar_v4l2_io *io, const char *path)
{
    io->fd = -1;
    if (strcmp(path, straw.path) != 0)
        return -ENOENT;
    if (straw.open_error)
        return straw.open_error;
    usleep(straw.open_takes_us);
    io->fd = straw.fd;
    pthread_mutex_lock(&lock);
    straw.n_opened++;
    pthread_mutex_unlock(&lock);
    return 0;
}

/* The machine's cameras: this one where it is now, and those of `others`. */
int ar_devices_list(struct ar_device *devices, uint32_t max)
{
    int n = 0;

    for (const struct ar_device *other = straw.others; other && other->path[0]; other++)
        devices[n++] = *other;
    if (straw.open_error)
        return n;
    devices[n] = (struct ar_device){ .capture = true };
    snprintf(devices[n].path, sizeof(devices[n].path), "%s", straw.path);
    snprintf(devices[n].by_id, sizeof(devices[n].by_id), "%s", straw.by_id);
    memset(devices[n].card, 'C', sizeof(devices[n].card) - 1);
    return n + 1;
}

uint64_t ar_devices_fingerprint(void)
{
    return (uint64_t)straw.open_error;
}

void ar_v4l2_io_close(struct ar_v4l2_io *io)
{
    io->fd = -1;
}

void *ar_v4l2_io_map(const struct ar_v4l2_io *io, size_t size_b, uint32_t offset_b)
{
    straw.n_mapped++;
    if (straw.multi)
        return straw.memory[offset_b & 0xff] + (offset_b >> 8 ? LUMA_B : 0);
    ck_assert_uint_eq(size_b, sizeof(straw.memory[0]));
    return straw.memory[offset_b];
}

void ar_v4l2_io_unmap(const struct ar_v4l2_io *io, void *memory, size_t size_b)
{
    straw.n_mapped--;
}

static int enum_sizes(struct v4l2_frmsizeenum *entry)
{
    if (entry->index > 0)
        return -EINVAL;
    entry->type = V4L2_FRMSIZE_TYPE_DISCRETE;
    entry->discrete.width = straw.width_px;
    entry->discrete.height = HEIGHT;
    return 0;
}

/* NV12 in two memory planes, the second right behind the first. */
static int set_format_multi(struct v4l2_pix_format_mplane *pix)
{
    ck_assert_uint_eq(pix->width, WIDTH);
    ck_assert_uint_eq(pix->pixelformat, straw.fourcc);
    pix->num_planes = 2;
    pix->plane_fmt[0].bytesperline = WIDTH;
    pix->plane_fmt[1].bytesperline = WIDTH;
    return 0;
}

static int set_format(struct v4l2_format *format)
{
    if (straw.multi)
        return set_format_multi(&format->fmt.pix_mp);
    ck_assert_uint_eq(format->fmt.pix.width, straw.width_px);
    ck_assert_uint_eq(format->fmt.pix.pixelformat, straw.fourcc);
    format->fmt.pix.bytesperline = 0;
    format->fmt.pix.ycbcr_enc = straw.encoding;
    return 0;
}

/* The multi-planar interface fills an array of the caller's. Its second plane starts 4 bytes late. */
static void give_out(struct v4l2_buffer *buffer, const struct v4l2_buffer *filled)
{
    struct v4l2_plane *planes = buffer->m.planes;

    *buffer = *filled;
    if (!straw.multi)
        return;
    buffer->m.planes = planes;
    planes[0].bytesused = filled->bytesused ? LUMA_B : 0;
    planes[1].data_offset = 4;
    planes[1].bytesused = filled->bytesused < PICTURE_B ? 4 : 4 + CHROMA_B;
}

static int dequeue(struct v4l2_buffer *buffer)
{
    const int error = straw.dqbuf_error;

    straw.dqbuf_error = 0;
    if (error) {
        set_readable(straw.n_filled > 0);
        return error;
    }
    if (straw.n_filled == 0)
        return -EAGAIN;
    give_out(buffer, &straw.filled[0]);
    straw.n_filled--;
    memmove(&straw.filled[0], &straw.filled[1], straw.n_filled * sizeof(straw.filled[0]));
    if (buffer->index < N_BUFFERS)
        straw.places[buffer->index] = WITH_PROGRAM;
    set_readable(straw.n_filled > 0);
    return 0;
}

static int queue(const struct v4l2_buffer *buffer)
{
    ck_assert_uint_lt(buffer->index, N_BUFFERS);
    if (straw.qbuf_error)
        return straw.qbuf_error;
    ck_assert_int_eq(straw.places[buffer->index], WITH_PROGRAM);
    straw.places[buffer->index] = QUEUED;
    return 0;
}

static int request_buffers(const struct v4l2_requestbuffers *request)
{
    ck_assert_uint_eq(request->type, straw.multi ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE
                                                 : V4L2_BUF_TYPE_VIDEO_CAPTURE);
    return 0; /* as many as were asked for */
}

static int dequeue_event(struct v4l2_event *event)
{
    char urgent;

    if (!straw.changed)
        return -ENOENT;
    ck_assert_int_eq(recv(straw.fd, &urgent, 1, MSG_OOB), 1);
    straw.changed = false;
    event->type = V4L2_EVENT_SOURCE_CHANGE;
    event->u.src_change.changes = V4L2_EVENT_SRC_CH_RESOLUTION;
    return 0;
}

static int stream(bool on)
{
    if (on && straw.streamon_error)
        return straw.streamon_error;
    straw.n_restarts += on && !straw.streaming;
    straw.streaming = on;
    for (uint32_t i = 0; i < N_BUFFERS && !on; i++)
        straw.places[i] = WITH_PROGRAM;
    if (!on) {
        straw.n_filled = 0;
        set_readable(false);
    }
    return 0;
}

static int query_control(struct v4l2_query_ext_ctrl *query)
{
    if ((query->id & ~V4L2_CTRL_FLAG_NEXT_CTRL) >= V4L2_CID_BRIGHTNESS)
        return -EINVAL;
    *query = (struct v4l2_query_ext_ctrl){ .id = V4L2_CID_BRIGHTNESS,
                                           .type = V4L2_CTRL_TYPE_INTEGER,
                                           .name = "Brightness",
                                           .maximum = 255 };
    return 0;
}

static int set_controls(const struct v4l2_ext_controls *controls)
{
    ck_assert_uint_eq(controls->controls[0].id, V4L2_CID_BRIGHTNESS);
    straw.brightness = controls->controls[0].value;
    return 0;
}

static int query_capability(struct v4l2_capability *capability)
{
    capability->capabilities = V4L2_CAP_DEVICE_CAPS;
    capability->device_caps = straw.abilities;
    snprintf((char *)capability->driver, sizeof(capability->driver), "%s", straw.driver);
    memset(capability->card, 'C', sizeof(capability->card)); /* a driver that forgets the end */
    return 0;
}

static int enum_format(struct v4l2_fmtdesc *entry)
{
    if (entry->index > 0)
        return -EINVAL;
    entry->pixelformat = straw.fourcc;
    memcpy(entry->description, straw.description, sizeof(entry->description));
    return 0;
}

static int query_buffer(struct v4l2_buffer *buffer)
{
    if (straw.multi) {
        ck_assert_uint_eq(buffer->length, 2);
        for (uint32_t p = 0; p < 2; p++) {
            buffer->m.planes[p].length = p ? CHROMA_B + 4 : LUMA_B;
            buffer->m.planes[p].m.mem_offset = buffer->index | p << 8;
        }
        return 0;
    }
    buffer->length = sizeof(straw.memory[0]);
    buffer->m.offset = buffer->index;
    return 0;
}

static int answer(unsigned long request, void *argument)
{
    switch (request) {
    case VIDIOC_QUERYCAP:
        return query_capability(argument);
    case VIDIOC_ENUM_FMT:
        return enum_format(argument);
    case VIDIOC_ENUM_FRAMESIZES:
        return enum_sizes(argument);
    case VIDIOC_S_FMT:
        return set_format(argument);
    case VIDIOC_REQBUFS:
        return request_buffers(argument);
    case VIDIOC_SUBSCRIBE_EVENT:
        return straw.driver_fd == straw.fd ? -ENOTTY : 0;
    case VIDIOC_DQEVENT:
        return dequeue_event(argument);
    case VIDIOC_QUERY_EXT_CTRL:
        return query_control(argument);
    case VIDIOC_S_EXT_CTRLS:
        return set_controls(argument);
    case VIDIOC_QUERYBUF:
        return query_buffer(argument);
    case VIDIOC_QBUF:
        return queue(argument);
    case VIDIOC_DQBUF:
        return dequeue(argument);
    case VIDIOC_STREAMON:
    case VIDIOC_STREAMOFF:
        return stream(request == VIDIOC_STREAMON);
    default:
        return -ENOTTY; /* intervals and the rate: this camera has none */
    }
}

int ar_v4l2_io_call(const struct ar_v4l2_io *io, unsigned long request, void *argument)
{
    int ret;

    pthread_mutex_lock(&lock);
    ret = answer(request, argument);
    pthread_mutex_unlock(&lock);
    return ret;
}

static uint32_t free_buffer(void)
{
    for (uint32_t i = 0; i < N_BUFFERS; i++)
        if (straw.places[i] == QUEUED)
            return i;
    return NONE;
}

/* The camera takes a picture, grey `value` all over. */
static void expose_locked(uint32_t sequence, uint8_t value, uint32_t flags, uint32_t bytes_used)
{
    const uint32_t index = free_buffer();
    const uint64_t now_us = ar_clock_now_us() - 3000;

    ck_assert_uint_ne(index, NONE);
    memset(straw.memory[index], value, PICTURE_B);
    straw.places[index] = FILLED;
    straw.filled[straw.n_filled++] = (struct v4l2_buffer){
        .index = index,
        .bytesused = bytes_used,
        .flags = flags | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC,
        .sequence = sequence,
        .timestamp = { (time_t)(now_us / 1000000), (suseconds_t)(now_us % 1000000) },
    };
    set_readable(true);
}

static void expose(uint32_t sequence, uint8_t value, uint32_t flags, uint32_t bytes_used)
{
    pthread_mutex_lock(&lock);
    expose_locked(sequence, value, flags, bytes_used);
    pthread_mutex_unlock(&lock);
}

static void expose_good(uint32_t sequence, uint8_t value)
{
    expose(sequence, value, 0, PICTURE_B);
}

/* An error that the next dequeue meets. */
static void break_with(int error)
{
    straw.dqbuf_error = error;
    set_readable(true);
}

static uint32_t n_at(enum place place)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < N_BUFFERS; i++)
        n += straw.places[i] == place;
    return n;
}

static void setup(void)
{
    straw = (struct straw){ .abilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING,
                            .driver = "straw",
                            .width_px = WIDTH,
                            .path = "/dev/straw",
                            .by_id = "",
                            .source = "v4l2:/dev/straw",
                            .fourcc = V4L2_PIX_FMT_YUYV,
                            .description = "YUYV 4:2:2" };
    straw.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ck_assert_int_ge(straw.fd, 0);
    straw.driver_fd = straw.fd;
    ck_assert_int_eq(ar_loop_create(&loop, AR_LOOP_AUTO), 0);
}

static int start(void)
{
    struct ar_capture_params params = { .source = "" };

    ar_option_defaults(ar_capture_options, &params);
    if (straw.wanted_brightness)
        ck_assert_int_eq(ar_entries_set(&params.controls, "brightness", straw.wanted_brightness,
                                        &reason),
                         0);
    params.size = straw.wanted_size;
    snprintf(params.source, sizeof(params.source), "%s", straw.source);
    ck_assert_int_eq(ar_capture_create(&capture, &params, &reason), 0);
    return ar_capture_start(capture, loop, &reason);
}

/* Every test ends like this, and nothing may be left with the driver. */
static void teardown(void)
{
    ar_capture_destroy(capture);
    ck_assert_uint_eq(straw.n_mapped, 0);
    ck_assert(!straw.streaming);
    ar_loop_destroy(loop);
    if (straw.driver_fd != straw.fd)
        close(straw.driver_fd);
    close(straw.fd);
}

static int next(struct ar_frame **frame)
{
    return ar_capture_next(capture, frame, &reason);
}

/* The next picture must be the one of that value; it is given back. */
static void expect(uint8_t value, uint64_t sequence)
{
    struct ar_frame *frame;

    ck_assert_msg(next(&frame) == 0, "%s", reason.text);
    ck_assert_uint_eq(frame->planes[0].data[0], value);
    ck_assert_uint_eq(frame->planes[0].data[(size_t)(HEIGHT - 1) * frame->planes[0].stride_b +
                                            2 * WIDTH - 1],
                      value);
    ck_assert_uint_eq(frame->sequence, sequence);
    ck_assert_uint_lt(ar_clock_now_us() - frame->capture_us, 2000000);
    ar_frame_unref(&frame);
}

static struct ar_capture_counters counters(void)
{
    struct ar_capture_counters counters;

    ar_capture_counters(capture, &counters);
    return counters;
}

/* The first question takes what is old away; from then on the pictures count. */
static void start_streaming(void)
{
    ck_assert_msg(start() == 0, "%s", reason.text);
    ck_assert_uint_eq(n_at(QUEUED), N_BUFFERS);
    expose_good(0, 1);
    break_with(-EAGAIN);
    expect(1, 1);
}

START_TEST(test_pictures_come_through)
{
    start_streaming();
    ck_assert_int_eq(ar_capture_shape(capture)->format, AR_FRAME_YUYV);
    ck_assert_int_eq(ar_capture_shape(capture)->range, AR_FRAME_LIMITED);
    ck_assert_uint_eq(ar_capture_rate_millihz(capture), 30000);
    ck_assert_ptr_nonnull(strstr(ar_capture_describe(capture), ") YUYV 64x48 at 30 fps"));
    for (uint32_t i = 1; i < 20; i++) {
        expose_good(i, (uint8_t)(100 + i));
        expect((uint8_t)(100 + i), i + 1);
        ck_assert_uint_eq(n_at(QUEUED), N_BUFFERS);
    }
    ck_assert_uint_eq(counters().n_frames, 20);
    ck_assert_uint_eq(counters().n_dropped, 0);
    ck_assert_uint_eq(counters().n_lost, 0);
}
END_TEST

/* Two memory planes, and a picture that does not begin where its memory does. */
START_TEST(test_multi_planar)
{
    struct ar_frame *frame;

    straw.multi = true;
    straw.abilities = V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING;
    straw.fourcc = V4L2_PIX_FMT_NV12M;
    ck_assert_msg(start() == 0, "%s", reason.text);
    ck_assert_int_eq(ar_capture_shape(capture)->format, AR_FRAME_NV12);
    ck_assert_ptr_nonnull(strstr(ar_capture_describe(capture), ") NV12 64x48 at 30 fps"));
    expose_good(0, 1);
    break_with(-EAGAIN);
    for (uint32_t i = 1; i < 6; i++) {
        expose(2 * i - 1, 3, 0, PICTURE_B - 1); /* its chroma is missing */
        expose_good(2 * i, (uint8_t)(100 + i));
        straw.memory[straw.filled[1].index][LUMA_B + 3] = 0; /* before the picture */
        ck_assert_msg(next(&frame) == 0, "%s", reason.text);
        for (uint32_t y = 0; y < HEIGHT / 2; y++)
            for (uint32_t x = 0; x < WIDTH; x++)
                ck_assert_uint_eq(frame->planes[1]
                                      .data[(size_t)y * frame->planes[1].stride_b + x],
                                  100 + i);
        ck_assert_uint_eq(frame->planes[0].data[0], 100 + i);
        ar_frame_unref(&frame);
    }
    ck_assert_uint_eq(counters().n_corrupt, 5);
    ck_assert_uint_eq(n_at(QUEUED), N_BUFFERS);
}
END_TEST

/* Something happens while the program waits for the next picture. */
struct event {
    struct ar_loop_source *timer;
    void (*happen)(void);
};

static void on_happening(void *user, uint64_t n_expired)
{
    ((struct event *)user)->happen();
}

static void later(struct event *event, uint64_t after_us, void (*happen)(void))
{
    event->happen = happen;
    ck_assert_int_eq(ar_loop_add_timer(loop, on_happening, event, &event->timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(event->timer, ar_clock_now_us() + after_us, 0), 0);
}

/* A grey JPEG in place of the newest picture, cut short by so many bytes. */
static void send_jpeg(uint8_t value, uint32_t missing_b)
{
    struct v4l2_buffer *filled = &straw.filled[straw.n_filled - 1];
    unsigned char *jpeg = NULL;
    unsigned long jpeg_b = 0;
    tjhandle turbo = tjInitCompress();
    uint8_t *grey = malloc((size_t)WIDTH * HEIGHT);

    memset(grey, value, (size_t)WIDTH * HEIGHT);
    ck_assert_int_eq(tjCompress2(turbo, grey, WIDTH, 0, HEIGHT, TJPF_GRAY, &jpeg, &jpeg_b,
                                 TJSAMP_GRAY, 90, 0),
                     0);
    ck_assert_uint_le(jpeg_b, PICTURE_B);
    memcpy(straw.memory[filled->index], jpeg, jpeg_b);
    filled->bytesused = (uint32_t)jpeg_b - missing_b;
    tjFree(jpeg);
    tjDestroy(turbo);
    free(grey);
}

static void expect_grey(uint8_t value)
{
    struct ar_frame *frame;

    ck_assert_int_eq(next(&frame), 0);
    for (uint32_t y = 0; y < frame->shape.height_px; y++)
        for (uint32_t x = 0; x < frame->shape.width_px; x++)
            ck_assert_int_le(abs(frame->planes[0]
                                     .data[(size_t)y * frame->planes[0].stride_b + x] -
                                 value),
                             1);
    ar_frame_unref(&frame);
}

static void expose_jpeg(void)
{
    expose_good(5, 0);
    send_jpeg(180, 0);
}

/* A camera with one JPEG size, asked for half of it. Bad pictures are dropped and counted. */
START_TEST(test_jpeg_made_smaller)
{
    struct event event;

    straw.fourcc = V4L2_PIX_FMT_MJPEG;
    straw.wanted_size = (struct ar_option_size){ WIDTH / 2, HEIGHT / 2 };
    ck_assert_msg(start() == 0, "%s", reason.text);
    ck_assert_uint_eq(ar_capture_shape(capture)->width_px, WIDTH / 2);
    ck_assert_uint_eq(ar_capture_shape(capture)->height_px, HEIGHT / 2);
    ck_assert_int_eq(ar_capture_shape(capture)->range, AR_FRAME_FULL);
    ck_assert_ptr_nonnull(
        strstr(ar_capture_describe(capture), ") MJPG 64x48 as 32x24 at 30 fps"));
    expose_good(0, 0);
    send_jpeg(9, 0);
    break_with(-EAGAIN);
    expect_grey(9);
    expose_good(1, 0);
    send_jpeg(100, 5);
    expose_good(2, 0);
    send_jpeg(150, 0);
    expect_grey(150);
    ck_assert_uint_eq(counters().n_corrupt, 0); /* a newer one came: nobody looked at it */
    ck_assert_uint_eq(counters().n_dropped, 1);
    expose_good(3, 0);
    send_jpeg(100, 5);
    later(&event, 50000, expose_jpeg);
    expect_grey(180);
    ck_assert_uint_eq(counters().n_corrupt, 1);
    ar_loop_remove(&event.timer);
}
END_TEST

START_TEST(test_newest_wins)
{
    start_streaming();
    for (uint32_t i = 1; i <= N_BUFFERS; i++)
        expose_good(i, (uint8_t)(50 + i));
    expect(50 + N_BUFFERS, 1 + N_BUFFERS);
    ck_assert_uint_eq(counters().n_dropped, N_BUFFERS - 1);
    ck_assert_uint_eq(n_at(QUEUED), N_BUFFERS);
}
END_TEST

/* A driver without a usable clock: pictures count from when they came. */
START_TEST(test_time_stamps)
{
    start_streaming();
    ck_assert_uint_eq(counters().n_guessed, 0);
    for (uint32_t i = 1; i <= 3; i++) {
        expose_good(i, 5);
        straw.filled[0].timestamp.tv_sec += 1000;
        expect(5, i + 1);
    }
    ck_assert_uint_eq(counters().n_guessed, 3);
}
END_TEST

/* Pictures of television in HD are coded with another luma: their colours must come out as frames have them. */
START_TEST(test_other_luma)
{
    struct ar_frame *frame;

    straw.encoding = V4L2_YCBCR_ENC_709;
    ck_assert_int_eq(start(), 0);
    expose_good(0, 60); /* Y = U = V */
    break_with(-EAGAIN);
    ck_assert_int_eq(next(&frame), 0);
    ck_assert_uint_ne(frame->planes[0].data[0], 60);
    ck_assert_uint_ne(frame->planes[0].data[1], 60);
    ck_assert_uint_ne(frame->planes[0].data[3], 60);
    ar_frame_unref(&frame);
}
END_TEST

START_TEST(test_gaps_are_lost_pictures)
{
    start_streaming();
    expose_good(1, 10);
    expect(10, 2);
    expose_good(5, 11);
    expect(11, 6);
    ck_assert_uint_eq(counters().n_lost, 3);
    expose_good(0, 12); /* the camera counts from anew */
    expect(12, 7);
    ck_assert_uint_eq(counters().n_lost, 3);
}
END_TEST

/* A bad picture goes back at once and never out; the newest good one does. */
START_TEST(test_bad_pictures)
{
    start_streaming();
    expose(1, 20, V4L2_BUF_FLAG_ERROR, PICTURE_B);
    expose_good(2, 21);
    expose(3, 22, 0, PICTURE_B - 1);
    expose(4, 23, 0, 0);
    expect(21, 3);
    expose(5, 24, 0, PICTURE_B + 65); /* more than the buffer holds */
    expose_good(6, 25);
    expect(25, 7);
    ck_assert_uint_eq(counters().n_corrupt, 4);
    ck_assert_uint_eq(counters().n_dropped, 0);
    ck_assert_uint_eq(n_at(QUEUED), N_BUFFERS);
}
END_TEST

static void on_timer(void *user, uint64_t n_expired)
{
    expose_good(9, 99);
}

/* After an I/O error the stream starts again once, and the pictures after it are good. */
START_TEST(test_restart_after_an_error)
{
    struct ar_loop_source *timer;

    start_streaming();
    ck_assert_int_eq(ar_loop_add_timer(loop, on_timer, NULL, &timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(timer, ar_clock_now_us() + 50000, 0), 0);
    break_with(-EIO);
    expect(99, 2);
    ck_assert_uint_eq(straw.n_restarts, 2);
    ck_assert_uint_eq(counters().n_lost, 0);
    ck_assert_int_eq(ar_loop_set_timer(timer, ar_clock_now_us() + 50000, 0), 0);
    break_with(-EIO); /* a good picture came between: it may happen again */
    expect(99, 3);
    ck_assert_uint_eq(straw.n_restarts, 3);
    ar_loop_remove(&timer);
}
END_TEST

/* The next frame must be a notice with these words; it is given back. */
static void expect_notice(const char *words)
{
    const uint64_t n_frames = counters().n_frames;
    struct ar_frame *frame;

    ck_assert_msg(next(&frame) == 0, "%s", reason.text);
    ck_assert_msg(strncmp(frame->notice, words, strlen(words)) == 0, "\"%s\"", frame->notice);
    ck_assert_ptr_nonnull(strstr(frame->notice, "\nCCCC")); /* which camera */
    ar_frame_unref(&frame);
    ck_assert_uint_eq(counters().n_frames, n_frames); /* no picture */
}

static void expect_state(enum ar_capture_state state, uint64_t n_resumed)
{
    ck_assert_str_eq(ar_capture_state_name(ar_capture_state_of(capture)),
                     ar_capture_state_name(state));
    ck_assert_uint_eq(counters().n_resumed, n_resumed);
}

static void unplug(void)
{
    straw.open_error = -ENOENT;
    break_with(-ENODEV);
}

/* Skips notices until a picture comes; how long that took. */
static uint64_t wait_for_picture(uint8_t value)
{
    const uint64_t start_us = ar_clock_now_us();
    struct ar_frame *frame;

    for (;;) {
        bool is_picture;

        ck_assert_int_eq(next(&frame), 0);
        is_picture = frame->notice[0] == '\0';
        if (is_picture)
            ck_assert_uint_eq(frame->planes[0].data[0], value);
        ar_frame_unref(&frame);
        if (is_picture)
            return ar_clock_now_us() - start_us;
    }
}

/* Takes pictures again as soon as it is asked to. */
static void expose_when_asked(void *user, uint64_t n_expired)
{
    pthread_mutex_lock(&lock);
    if (straw.streaming && straw.n_filled == 0)
        expose_locked(0, 77, 0, PICTURE_B);
    pthread_mutex_unlock(&lock);
}

/* Plugged in again: on its old node or, where the user said how to find it, on another. */
START_TEST(test_unplugged_and_back)
{
    struct ar_loop_source *timer;

    start_streaming();
    expose_good(1, 30);
    if (_i == 0)
        break_with(-ENODEV);
    else
        straw.qbuf_error = -ENODEV; /* after the picture was copied: it is a good one */
    straw.open_error = -ENOENT;
    if (_i == 1)
        expect(30, 2);
    expect_notice("camera unplugged");
    expect_state(AR_CAPTURE_LOST, 0);
    expect_notice("camera unplugged"); /* again, while nothing happens */
    ck_assert_uint_eq(straw.n_mapped, 0);
    ck_assert_int_eq(ar_loop_add_timer(loop, expose_when_asked, NULL, &timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(timer, ar_clock_now_us(), 20000), 0);
    straw.qbuf_error = 0;
    straw.open_error = 0;
    ck_assert_uint_lt(wait_for_picture(77), BACK_US);
    expect_state(AR_CAPTURE_FLOWING, 1);
    expect(77, _i == 0 ? 3 : 4); /* its counting goes on */
    ar_loop_remove(&timer);
}
END_TEST

static const struct ar_device two_others[] = {
    { .path = "/dev/video3", .card = "Other camera", .by_id = "usb-other", .capture = true },
    { .path = "/dev/straw", .card = "A third camera", .by_id = "usb-third", .capture = true },
    { .path = "" },
};

/* A control is set at the start, can be changed, and is set again when the camera is back. */
START_TEST(test_controls)
{
    struct ar_loop_source *timer;

    straw.wanted_brightness = "20";
    start_streaming();
    ck_assert_int_eq(straw.brightness, 20);
    ck_assert_int_eq(ar_capture_set_control(capture, "brightness", "256", &reason), -EINVAL);
    ck_assert_str_eq(reason.text, "capture.controls.brightness: \"256\" will not do: 0..255");
    ck_assert_int_eq(straw.brightness, 20);
    ck_assert_int_eq(ar_capture_set_control(capture, "brightness", "30", &reason), 0);
    ck_assert_int_eq(straw.brightness, 30);
    unplug();
    expect_notice("camera unplugged");
    ck_assert_int_eq(ar_capture_set_control(capture, "brightness", "40", &reason), -ENOTSUP);
    straw.brightness = 128;
    straw.open_error = 0;
    ck_assert_int_eq(ar_loop_add_timer(loop, expose_when_asked, NULL, &timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(timer, ar_clock_now_us(), 20000), 0);
    wait_for_picture(77);
    ck_assert_int_eq(straw.brightness, 30);
    ar_loop_remove(&timer);
}
END_TEST

/* A descriptor that can be readable and urgent, as those of drivers with events: the end of a connection. */
static void connect_driver(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t address_b = sizeof(address);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &address_b), 0);
    close(straw.fd);
    straw.driver_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(straw.driver_fd, (struct sockaddr *)&address, sizeof(address)), 0);
    straw.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    ck_assert_int_ge(straw.fd, 0);
    close(listener);
}

static void change_input(void)
{
    straw.changed = true;
    straw.width_px = 32;
    ck_assert_int_eq(send(straw.driver_fd, "!", 1, MSG_OOB), 1);
}

/* An HDMI source that switches its mode: the driver says so, and the new mode is taken over at once. */
START_TEST(test_changed_input)
{
    struct ar_loop_source *timer;
    struct event event;

    connect_driver();
    start_streaming();
    later(&event, 50000, change_input);
    expect_notice("the input changes");
    expect_state(AR_CAPTURE_CHANGING, 0);
    ck_assert(straw.streaming); /* the words come before what may take its time */
    ck_assert_int_eq(ar_loop_add_timer(loop, expose_when_asked, NULL, &timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(timer, ar_clock_now_us(), 20000), 0);
    ck_assert_uint_lt(wait_for_picture(16), BACK_US); /* black beside the narrower picture */
    ck_assert_uint_eq(straw.n_opened, 2);
    expect_state(AR_CAPTURE_FLOWING, 1);
    ck_assert_ptr_nonnull(strstr(ar_capture_describe(capture), "YUYV 32x48"));
    ar_loop_remove(&timer);
    ar_loop_remove(&event.timer);
}
END_TEST

START_TEST(test_what_was_asked_is_told)
{
    straw.wanted_size = (struct ar_option_size){ 640, 480 };
    start_streaming();
    ck_assert_ptr_nonnull(
        strstr(ar_capture_describe(capture), "YUYV 64x48 at 30 fps (asked for 640x480)"));
}
END_TEST

/* What the configuration wants in vain is no reason to have no picture. */
START_TEST(test_control_that_cannot_be)
{
    straw.wanted_brightness = "1000";
    straw.brightness = 7;
    start_streaming();
    ck_assert_int_eq(straw.brightness, 7);
}
END_TEST

static const struct {
    const char *source;
    const char *by_id;
} names[] = {
    { "v4l2:/dev/straw", "usb-straw" }, /* another camera is there now: known by its link */
    { "v4l2:/dev/straw", "" },          /* known by its name */
    { "v4l2:cccccc", "usb-straw" },     /* the user said the name */
    { "v4l2", "usb-straw" },            /* was the first */
};

/* Replugged, it is on another node, and other cameras are there before it. */
START_TEST(test_back_on_another_node)
{
    struct ar_loop_source *timer;

    straw.source = names[_i].source;
    straw.by_id = names[_i].by_id;
    start_streaming();
    unplug();
    expect_notice("camera unplugged");
    straw.others = two_others;
    straw.path = "/dev/straw7";
    straw.open_error = 0;
    ck_assert_int_eq(ar_loop_add_timer(loop, expose_when_asked, NULL, &timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(timer, ar_clock_now_us(), 20000), 0);
    ck_assert_uint_lt(wait_for_picture(77), BACK_US);
    ck_assert_ptr_nonnull(strstr(ar_capture_describe(capture), "/dev/straw7 ("));
    ar_loop_remove(&timer);
}
END_TEST

START_TEST(test_name_of_two_cameras)
{
    straw.others = two_others;
    straw.source = "v4l2:CAMERA";
    ck_assert_int_eq(start(), -EINVAL);
    ck_assert_ptr_nonnull(strstr(reason.text, "/dev/video3 (Other camera)"));
    ck_assert_ptr_nonnull(strstr(reason.text, "/dev/straw (A third camera)"));
    ck_assert_ptr_nonnull(strstr(reason.text, "by-path"));
}
END_TEST

START_TEST(test_name_of_no_camera)
{
    straw.others = two_others;
    straw.source = "v4l2:webcam";
    ck_assert_int_eq(start(), -ENOENT);
    ck_assert_ptr_nonnull(strstr(reason.text, "--list-devices"));
}
END_TEST

/* Never gone for good: with each reason the words change, and the first picture ends them. */
START_TEST(test_other_reasons)
{
    struct ar_loop_source *timer;

    start_streaming();
    unplug();
    expect_notice("camera unplugged");
    straw.open_error = -EBUSY;
    expect_notice("another program has the camera");
    expect_state(AR_CAPTURE_BUSY, 0);
    straw.open_error = -EACCES;
    expect_notice("no permission for the camera");
    straw.open_error = 0;
    straw.streamon_error = -EIO;
    expect_notice("the camera fails");
    expect_state(AR_CAPTURE_FAILING, 0);
    straw.streamon_error = 0;
    ck_assert_int_eq(ar_loop_add_timer(loop, expose_when_asked, NULL, &timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(timer, ar_clock_now_us(), 20000), 0);
    ck_assert_uint_lt(wait_for_picture(77), BACK_US);
    expect_state(AR_CAPTURE_FLOWING, 1);
    ar_loop_remove(&timer);
}
END_TEST

static void break_again(void)
{
    break_with(-EIO);
}

/* The first error is met by a restart that nobody sees; the second, without a picture between, is told. */
START_TEST(test_errors_again_and_again)
{
    struct event event;
    struct ar_loop_source *timer;

    start_streaming();
    later(&event, 50000, break_again);
    break_with(-EIO);
    expect_notice("the camera fails");
    expect_state(AR_CAPTURE_FAILING, 0);
    ck_assert_int_eq(ar_loop_add_timer(loop, expose_when_asked, NULL, &timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(timer, ar_clock_now_us(), 20000), 0);
    ck_assert_uint_lt(wait_for_picture(77), BACK_US);
    ck_assert_uint_eq(straw.n_opened, 2);
    expect_state(AR_CAPTURE_FLOWING, 1);
    ar_loop_remove(&timer);
    ar_loop_remove(&event.timer);
}
END_TEST

START_TEST(test_a_wild_index)
{
    start_streaming();
    expose_good(1, 30);
    straw.filled[0].index = 4000;
    straw.streamon_error = -EIO; /* so that the restart is of no use */
    expect_notice("the camera fails");
}
END_TEST

static void show_99(void)
{
    expose_good(9, 99);
}

/* A hung camera is opened anew; it may wake up by itself as well. */
START_TEST(test_silence)
{
    struct event event;
    const uint64_t start_us = ar_clock_now_us();

    start_streaming();
    expect_notice("no picture from the camera");
    expect_state(AR_CAPTURE_SILENT, 0);
    ck_assert_uint_ge(ar_clock_now_us() - start_us, 2000000);
    expect_notice("no picture from the camera");
    ck_assert_uint_eq(straw.n_opened, 2);
    later(&event, 10000, show_99);
    ck_assert_uint_lt(wait_for_picture(99), BACK_US);
    expect_state(AR_CAPTURE_FLOWING, 1);
    ck_assert_uint_eq(straw.n_opened, 2);
    ar_loop_remove(&event.timer);
}
END_TEST

/* A device that hangs keeps whoever opens it; the words go on all the while. */
START_TEST(test_notices_while_it_is_opened)
{
    struct ar_loop_source *timer;
    uint64_t start_us;

    start_streaming();
    unplug();
    expect_notice("camera unplugged");
    straw.open_error = 0;
    straw.open_takes_us = 1800000;
    start_us = ar_clock_now_us();
    for (uint32_t i = 0; i < 3; i++)
        expect_notice("camera unplugged");
    ck_assert_uint_lt(ar_clock_now_us() - start_us, straw.open_takes_us);
    ck_assert_int_eq(ar_loop_add_timer(loop, expose_when_asked, NULL, &timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(timer, ar_clock_now_us() + straw.open_takes_us, 20000),
                     0);
    wait_for_picture(77);
    expect_state(AR_CAPTURE_FLOWING, 1);
    ar_loop_remove(&timer);
}
END_TEST

/* Stopped or asleep for longer than a camera may be silent: its picture has been waiting for us. */
START_TEST(test_silence_of_our_own)
{
    start_streaming();
    expose_good(1, 99);
    usleep(2100000);
    expect(99, 2);
    expect_state(AR_CAPTURE_FLOWING, 0);
    ck_assert_uint_eq(straw.n_opened, 1);
}
END_TEST

static void expose_damaged(void *user, uint64_t n_expired)
{
    pthread_mutex_lock(&lock);
    if (free_buffer() != NONE)
        expose_locked(1, 20, V4L2_BUF_FLAG_ERROR, PICTURE_B);
    pthread_mutex_unlock(&lock);
}

START_TEST(test_only_damaged_pictures)
{
    struct ar_loop_source *timer;

    start_streaming();
    ck_assert_int_eq(ar_loop_add_timer(loop, expose_damaged, NULL, &timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(timer, ar_clock_now_us(), 100000), 0);
    expect_notice("only damaged pictures");
    expect_state(AR_CAPTURE_DAMAGED, 0);
    ck_assert_uint_ge(counters().n_corrupt, 1);
    ar_loop_remove(&timer);
}
END_TEST

/* Other pictures than before, of another size and format: brought into the frames that everybody has. */
START_TEST(test_another_mode)
{
    struct ar_loop_source *timer;
    struct ar_frame *frame;

    start_streaming();
    unplug();
    expect_notice("camera unplugged");
    straw.open_error = 0;
    straw.width_px = 32;
    straw.fourcc = V4L2_PIX_FMT_RGB24;
    ck_assert_int_eq(ar_loop_add_timer(loop, expose_when_asked, NULL, &timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(timer, ar_clock_now_us(), 20000), 0);
    ck_assert_uint_lt(wait_for_picture(16), BACK_US); /* black beside it, of limited range */
    ck_assert_int_eq(next(&frame), 0);
    ck_assert_int_eq(frame->shape.format, AR_FRAME_YUYV);
    ck_assert_uint_eq(frame->shape.width_px, WIDTH);
    ck_assert_uint_eq(frame->planes[0].data[32], 82); /* pixel 16: 77 in the full range */
    ck_assert_uint_eq(frame->planes[0].data[30], 16); /* pixel 15: black */
    ck_assert_uint_eq(frame->planes[0].data[31], 128);
    ck_assert_ptr_nonnull(strstr(ar_capture_describe(capture), "RGB24 32x48"));
    ar_frame_unref(&frame);
    ar_loop_remove(&timer);
}
END_TEST

/* Begins without a camera; a timer makes the camera take pictures as soon as it is there. */
static void start_automatic(struct ar_loop_source **timer)
{
    straw.source = "auto";
    straw.wanted_size = (struct ar_option_size){ WIDTH, HEIGHT };
    straw.open_error = -ENOENT;
    ck_assert_int_eq(start(), 0);
    ck_assert_str_eq(ar_capture_describe(capture), "pattern 64x48 at 30 fps");
    ck_assert_int_eq(ar_loop_add_timer(loop, expose_when_asked, NULL, timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(*timer, ar_clock_now_us(), 20000), 0);
}

/* Takes what comes until the source is described by these words. */
static void wait_for_source(const char *words)
{
    const uint64_t start_us = ar_clock_now_us();

    while (!strstr(ar_capture_describe(capture), words)) {
        struct ar_frame *frame;

        ck_assert_int_eq(next(&frame), 0);
        ck_assert_uint_lt(ar_clock_now_us() - start_us, BACK_US);
        ar_frame_unref(&frame);
    }
}

/* The scene stands in; from then on it is a camera like any other, in frames of the scene's shape. */
START_TEST(test_camera_in_place_of_the_scene)
{
    struct ar_loop_source *timer;
    struct ar_frame *frame;

    start_automatic(&timer);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(next(&frame), 0);
        ar_frame_unref(&frame);
    }
    straw.open_error = 0;
    wait_for_source(") YUYV 64x48 at 30 fps");
    ck_assert_int_eq(next(&frame), 0);
    ck_assert_int_eq(frame->shape.format, AR_FRAME_I420);
    ck_assert_uint_eq(frame->planes[0].data[0], 71); /* 77 in the full range */
    ar_frame_unref(&frame);
    unplug();
    expect_notice("camera unplugged");
    expect_state(AR_CAPTURE_LOST, 0);
    straw.open_error = 0;
    ck_assert_uint_lt(wait_for_picture(71), BACK_US);
    expect_state(AR_CAPTURE_FLOWING, 1);
    ar_loop_remove(&timer);
}
END_TEST

/* It is tried some times, and then left alone: the scene goes on. */
START_TEST(test_scene_stays_when_the_camera_refuses)
{
    struct ar_loop_source *timer;
    uint64_t end_us;

    start_automatic(&timer);
    straw.open_error = 0;
    straw.streamon_error = -EBUSY;
    end_us = ar_clock_now_us() + 1500000;
    while (ar_clock_now_us() < end_us || straw.n_opened < 2) {
        struct ar_frame *frame;

        ck_assert_int_eq(next(&frame), 0);
        ck_assert_int_eq(frame->notice[0], '\0');
        ar_frame_unref(&frame);
    }
    ck_assert_uint_le(straw.n_opened, 4);
    ck_assert_str_eq(ar_capture_describe(capture), "pattern 64x48 at 30 fps");
    ar_loop_remove(&timer);
}
END_TEST

static void stop_loop(void *user, uint64_t n_expired)
{
    ar_loop_stop(loop);
}

/* With all frames of the pool held, pictures are dropped, and the driver keeps its buffers. */
START_TEST(test_no_frame_free)
{
    struct ar_loop_source *timer;
    struct ar_frame *held[AR_CAPTURE_POOL_FRAMES];
    struct ar_frame *frame;

    start_streaming();
    for (uint32_t i = 0; i < AR_ARRAY_LEN(held); i++) {
        expose_good(1 + i, (uint8_t)i);
        ck_assert_int_eq(next(&held[i]), 0);
    }
    expose_good(1 + AR_CAPTURE_POOL_FRAMES, 70);
    ck_assert_int_eq(ar_loop_add_timer(loop, stop_loop, NULL, &timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(timer, ar_clock_now_us() + 50000, 0), 0);
    ck_assert_int_eq(next(&frame), -ECANCELED);
    ck_assert_ptr_null(frame);
    ck_assert_uint_eq(counters().n_frames, AR_CAPTURE_POOL_FRAMES + 1);
    ck_assert_uint_eq(counters().n_dropped, 1);
    ck_assert_uint_eq(n_at(QUEUED), N_BUFFERS);
    for (uint32_t i = 0; i < AR_ARRAY_LEN(held); i++)
        ar_frame_unref(&held[i]);
    ar_loop_remove(&timer);
}
END_TEST

/* What the camera took before anybody asked is too old to show. */
START_TEST(test_old_pictures_go_back)
{
    struct ar_loop_source *timer;

    ck_assert_int_eq(start(), 0);
    ck_assert_int_eq(ar_loop_add_timer(loop, on_timer, NULL, &timer), 0);
    ck_assert_int_eq(ar_loop_set_timer(timer, ar_clock_now_us() + 50000, 0), 0);
    for (uint32_t i = 0; i < N_BUFFERS; i++)
        expose_good(i, (uint8_t)i);
    expect(99, 1);
    ck_assert_uint_eq(counters().n_lost, 0);
    ar_loop_remove(&timer);
}
END_TEST

static const struct {
    const char *driver;
    uint32_t abilities;
    uint32_t fourcc;
    const char *description;
    int open_error;
    int streamon_error;
    int ret;
    const char *words;
} refusals[] = {
    { .open_error = -EACCES, .ret = -EACCES, .words = "group \"video\"" },
    { .open_error = -ENOENT, .ret = -ENOENT, .words = "--list-devices" },
    { .open_error = -EBUSY, .ret = -EBUSY, .words = "another program" },
    { .streamon_error = -EBUSY, .ret = -EBUSY, .words = "another program" },
    { .streamon_error = -ENOSPC, .ret = -ENOSPC, .words = "USB" },
    { .abilities = V4L2_CAP_VIDEO_OUTPUT, .ret = -EINVAL, .words = "not a capture device" },
    { .abilities = V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING,
      .ret = -EINVAL,
      .words = "metadata" },
    { .abilities = V4L2_CAP_VIDEO_M2M_MPLANE | V4L2_CAP_STREAMING,
      .ret = -EINVAL,
      .words = "not a capture device" },
    { .abilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_IO_MC,
      .ret = -ENOTSUP,
      .words = "libcamerify" },
    { .driver = "pispbe",
      .abilities = V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING,
      .ret = -ENOTSUP,
      .words = "libcamerify" },
    { .abilities = V4L2_CAP_VIDEO_CAPTURE, .ret = -ENOTSUP, .words = "mapped buffers" },
    { .fourcc = V4L2_PIX_FMT_SBGGR10,
      .description = "10-bit Bayer BGBG/GRGR",
      .ret = -ENOTSUP,
      .words = "libcamerify" },
    { .fourcc = V4L2_PIX_FMT_H264, .description = "H.264", .ret = -ENOTSUP, .words = "H264" },
};

START_TEST(test_refusals_name_the_cure)
{
    if (refusals[_i].abilities)
        straw.abilities = refusals[_i].abilities;
    if (refusals[_i].driver)
        straw.driver = refusals[_i].driver;
    if (refusals[_i].fourcc) {
        straw.fourcc = refusals[_i].fourcc;
        snprintf(straw.description, sizeof(straw.description), "%s", refusals[_i].description);
    }
    straw.open_error = refusals[_i].open_error;
    straw.streamon_error = refusals[_i].streamon_error;
    ck_assert_int_eq(start(), refusals[_i].ret);
    ck_assert_msg(strncmp(reason.text, "/dev/straw", 10) == 0, "%s", reason.text);
    ck_assert_msg(strstr(reason.text, refusals[_i].words) != NULL, "%s", reason.text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capture/camera");
    TCase *camera = tcase_create("camera");

    ar_log_set_level(AR_LOG_ERROR);
    tcase_set_timeout(camera, 20);
    tcase_add_checked_fixture(camera, setup, teardown);
    tcase_add_test(camera, test_pictures_come_through);
    tcase_add_test(camera, test_multi_planar);
    tcase_add_test(camera, test_jpeg_made_smaller);
    tcase_add_test(camera, test_newest_wins);
    tcase_add_test(camera, test_time_stamps);
    tcase_add_test(camera, test_other_luma);
    tcase_add_test(camera, test_gaps_are_lost_pictures);
    tcase_add_test(camera, test_bad_pictures);
    tcase_add_test(camera, test_restart_after_an_error);
    tcase_add_test(camera, test_errors_again_and_again);
    tcase_add_loop_test(camera, test_unplugged_and_back, 0, 2);
    tcase_add_test(camera, test_changed_input);
    tcase_add_test(camera, test_what_was_asked_is_told);
    tcase_add_test(camera, test_controls);
    tcase_add_test(camera, test_control_that_cannot_be);
    tcase_add_loop_test(camera, test_back_on_another_node, 0, AR_ARRAY_LEN(names));
    tcase_add_test(camera, test_name_of_two_cameras);
    tcase_add_test(camera, test_name_of_no_camera);
    tcase_add_test(camera, test_other_reasons);
    tcase_add_test(camera, test_silence);
    tcase_add_test(camera, test_notices_while_it_is_opened);
    tcase_add_test(camera, test_silence_of_our_own);
    tcase_add_test(camera, test_only_damaged_pictures);
    tcase_add_test(camera, test_another_mode);
    tcase_add_test(camera, test_camera_in_place_of_the_scene);
    tcase_add_test(camera, test_scene_stays_when_the_camera_refuses);
    tcase_add_test(camera, test_a_wild_index);
    tcase_add_test(camera, test_no_frame_free);
    tcase_add_test(camera, test_old_pictures_go_back);
    tcase_add_loop_test(camera, test_refusals_name_the_cure, 0, AR_ARRAY_LEN(refusals));
    suite_add_tcase(suite, camera);
    return ar_suite_run(suite);
}
