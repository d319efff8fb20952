/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>

#include <linux/videodev2.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/macros.h"
#include "tests/unit/display_rig.h"

/* The V4L2 output on a device made of paper: open, ioctl and write of our own objects come here. */

#define DEVICE    "/dev/video42"
#define WIDTH_PX  34 /* a frame's rows are 128 bytes apart, of which 68 count */
#define HEIGHT_PX 18

#define BUFFER_B 8192

static struct device {
    int fd;
    uint32_t capabilities;
    int format_errno;
    uint32_t fourcc;   /* what it makes of the format; 0: takes it */
    uint32_t width_px; /* of the size; 0: takes it */
    uint32_t stride_b;
    size_t piece_b; /* writes take no more at once; 0: everything */
    int write_errno;
    uint32_t n_writes_until; /* writes that succeed before write_errno */
    uint8_t data[1 << 16];
    size_t data_b;
    uint32_t rate_millihz;
    bool tells_readers;
    int peer; /* the other end of fd, where it tells; else -1 */
    uint32_t n_readers;
    uint32_t n_subscribed;
    uint32_t n_buffers; /* at most; 0: none */
    uint32_t buffer_b;
    uint32_t n_requested;
    bool streaming;
    uint32_t queue[8]; /* the oldest first */
    uint32_t n_queued;
    uint32_t n_done; /* of these */
    int queue_errno;
} device;

static int query(struct v4l2_capability *capability)
{
    *capability = (struct v4l2_capability){
        .card = "Paper video",
        .capabilities = V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_CAPTURE,
        .device_caps = device.capabilities,
    };
    return 0;
}

static int set_format(struct v4l2_format *format)
{
    struct v4l2_pix_format *pix = &format->fmt.pix;

    errno = device.format_errno;
    if (device.format_errno)
        return -1;
    ck_assert_uint_eq(format->type, V4L2_BUF_TYPE_VIDEO_OUTPUT);
    if (device.fourcc)
        pix->pixelformat = device.fourcc;
    if (device.width_px)
        pix->width = device.width_px;
    pix->bytesperline = device.stride_b;
    pix->sizeimage = device.stride_b * pix->height;
    if (pix->pixelformat != V4L2_PIX_FMT_YUYV)
        pix->sizeimage = pix->sizeimage * 3 / 2;
    return 0;
}

static int request_buffers(struct v4l2_requestbuffers *request)
{
    if (device.n_buffers == 0) {
        errno = EINVAL;
        return -1;
    }
    ck_assert_int_eq(request->memory, V4L2_MEMORY_MMAP);
    if (request->count > device.n_buffers)
        request->count = device.n_buffers;
    device.n_requested = request->count;
    ck_assert_int_eq(ftruncate(device.fd, (off_t)request->count * BUFFER_B), 0);
    return 0;
}

static int query_buffer(struct v4l2_buffer *buffer)
{
    ck_assert_uint_lt(buffer->index, device.n_requested);
    buffer->length = device.buffer_b;
    buffer->m.offset = buffer->index * BUFFER_B;
    return 0;
}

static int queue_buffer(const struct v4l2_buffer *buffer)
{
    errno = device.queue_errno;
    if (device.queue_errno)
        return -1;
    for (uint32_t i = 0; i < device.n_queued; i++)
        ck_assert_uint_ne(device.queue[i], buffer->index);
    ck_assert_uint_lt(buffer->index, device.n_requested);
    device.queue[device.n_queued++] = buffer->index;
    ck_assert_uint_le(device.data_b + buffer->bytesused, sizeof(device.data));
    ck_assert_int_eq(pread(device.fd, device.data + device.data_b, buffer->bytesused,
                           (off_t)buffer->index * BUFFER_B),
                     buffer->bytesused);
    device.data_b += buffer->bytesused;
    return 0;
}

static int dequeue_buffer(struct v4l2_buffer *buffer)
{
    ck_assert(device.streaming);
    if (device.n_done == 0) {
        errno = EAGAIN;
        return -1;
    }
    buffer->index = device.queue[0];
    memmove(device.queue, device.queue + 1, sizeof(device.queue) - sizeof(device.queue[0]));
    device.n_queued--;
    device.n_done--;
    return 0;
}

static int set_streaming(bool streaming)
{
    device.streaming = streaming;
    return 0;
}

static int set_parameters(const struct v4l2_streamparm *parameters)
{
    const struct v4l2_fract *period = &parameters->parm.output.timeperframe;

    device.rate_millihz = period->denominator * (1000 / period->numerator);
    return 0;
}

/* What poll(2) calls exceptional, a driver's event, is urgent data on a socket. */
static int open_exceptional(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t address_b = sizeof(address);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fd;

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, address_b), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &address_b), 0);
    device.peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(device.peer, (struct sockaddr *)&address, address_b), 0);
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    ck_assert_int_ge(fd, 0);
    close(listener);
    return fd;
}

static void send_event(void)
{
    ck_assert_int_eq(send(device.peer, "!", 1, MSG_OOB), 1);
}

static int subscribe(const struct v4l2_event_subscription *subscription)
{
    errno = EINVAL;
    if (!device.tells_readers)
        return -1;
    ck_assert_uint_eq(subscription->type, 0x10e00001);
    ck_assert_uint_eq(subscription->flags, V4L2_EVENT_SUB_FL_SEND_INITIAL);
    device.n_subscribed++;
    send_event();
    return 0;
}

static int dequeue(struct v4l2_event *event)
{
    char byte;

    if (recv(device.fd, &byte, 1, MSG_OOB) != 1) {
        errno = ENOENT;
        return -1;
    }
    *event = (struct v4l2_event){ .type = 0x10e00001 };
    memcpy(event->u.data, &device.n_readers, sizeof(device.n_readers));
    return 0;
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker chose the names */
int __wrap_open(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
ssize_t __wrap_write(int fd, const void *data, size_t size_b);
int __real_open(const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *data, size_t size_b);

int __wrap_open(const char *path, int flags, ...)
{
    if (strcmp(path, DEVICE) != 0)
        return __real_open(path, flags, 0600);
    device.fd = device.tells_readers ? open_exceptional() : memfd_create("device", MFD_CLOEXEC);
    return device.fd;
}

int __wrap_open64(const char *path, int flags, ...)
{
    return __wrap_open(path, flags);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    void *argument;

    va_start(arguments, request);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    switch (request) {
    case VIDIOC_QUERYCAP:
        return query(argument);
    case VIDIOC_S_FMT:
        return set_format(argument);
    case VIDIOC_S_PARM:
        return set_parameters(argument);
    case VIDIOC_SUBSCRIBE_EVENT:
        return subscribe(argument);
    case VIDIOC_UNSUBSCRIBE_EVENT:
        return 0;
    case VIDIOC_DQEVENT:
        return dequeue(argument);
    case VIDIOC_REQBUFS:
        return request_buffers(argument);
    case VIDIOC_QUERYBUF:
        return query_buffer(argument);
    case VIDIOC_QBUF:
        return queue_buffer(argument);
    case VIDIOC_DQBUF:
        return dequeue_buffer(argument);
    case VIDIOC_STREAMON:
        return set_streaming(true);
    case VIDIOC_STREAMOFF:
        return set_streaming(false);
    default:
        errno = ENOTTY;
        return -1;
    }
}

ssize_t __wrap_write(int fd, const void *data, size_t size_b)
{
    if (fd != device.fd || device.fd < 0)
        return __real_write(fd, data, size_b);
    if (device.write_errno && device.n_writes_until == 0) {
        errno = device.write_errno;
        return -1;
    }
    if (device.write_errno)
        device.n_writes_until--;
    if (device.piece_b > 0 && size_b > device.piece_b)
        size_b = device.piece_b;
    ck_assert_uint_le(device.data_b + size_b, sizeof(device.data));
    memcpy(device.data + device.data_b, data, size_b);
    device.data_b += size_b;
    return (ssize_t)size_b;
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void insert_device(void)
{
    device = (struct device){ .fd = -1,
                              .peer = -1,
                              .capabilities = V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_READWRITE,
                              .stride_b = WIDTH_PX * 2,
                              .buffer_b = BUFFER_B };
}

static void insert_device_with_buffers(void)
{
    insert_device();
    device.capabilities |= V4L2_CAP_STREAMING;
    device.n_buffers = 8;
}

static int start(struct rig *rig, struct ar_reason *reason)
{
    return rig_start(rig, "v4l2:" DEVICE, WIDTH_PX, HEIGHT_PX, 25000, reason);
}

/* The bytes that rig_frame() drew, in rows as far apart as the device wants. */
static void check_picture(uint32_t n, uint64_t sequence)
{
    const uint8_t *picture = device.data + (size_t)n * device.stride_b * HEIGHT_PX;

    for (uint32_t y = 0; y < HEIGHT_PX; y++)
        for (uint32_t x = 0; x < WIDTH_PX * 2; x++)
            ck_assert_uint_eq(picture[(size_t)y * device.stride_b + x],
                              16 + (x + 3 * y + 5 * sequence) % 200);
}

static const uint32_t strides_b[] = { 68, 96, 128 };

START_TEST(pictures_arrive_whatever_the_stride)
{
    struct rig rig;

    rig_init(&rig);
    insert_device();
    device.stride_b = strides_b[_i];
    device.piece_b = 1000;
    ck_assert_int_eq(start(&rig, NULL), 0);
    ck_assert_str_eq(ar_display_describe(rig.display),
                     "v4l2 output " DEVICE " (Paper video) YUYV 34x18 by write()");
    ck_assert_int_eq(ar_display_shape(rig.display)->range, AR_FRAME_LIMITED);
    ck_assert_uint_eq(device.rate_millihz, 25000);
    rig_show(&rig, 0, 0);
    rig_show(&rig, 1, 0);
    ck_assert_uint_eq(device.data_b, (size_t)2 * device.stride_b * HEIGHT_PX);
    check_picture(0, 0);
    check_picture(1, 1);
    ck_assert_uint_eq(rig.n_shown, 2);
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);
    ck_assert_int_eq(fcntl(device.fd, F_GETFD), -1);
    rig_finish(&rig);
}
END_TEST

START_TEST(no_room_drops_the_picture)
{
    struct rig rig;

    rig_init(&rig);
    insert_device();
    ck_assert_int_eq(start(&rig, NULL), 0);
    device.write_errno = EAGAIN;
    rig_show(&rig, 0, 0);
    device.write_errno = 0;
    rig_show(&rig, 1, 0);
    ck_assert_uint_eq(rig.n_failed, 0);
    ck_assert_uint_eq(rig.n_shown, 1);
    ck_assert_uint_eq(rig.shown[0].sequence, 1);
    check_picture(0, 1);
    rig_finish(&rig);
}
END_TEST

START_TEST(device_that_goes_is_told_once)
{
    struct rig rig;

    rig_init(&rig);
    insert_device();
    device.piece_b = 100;
    ck_assert_int_eq(start(&rig, NULL), 0);
    device.write_errno = ENODEV;
    device.n_writes_until = 3;
    rig_show(&rig, 0, 0);
    rig_show(&rig, 1, 0);
    ck_assert_uint_eq(rig.n_shown, 0);
    ck_assert_uint_eq(rig.n_failed, 1);
    ck_assert_msg(strstr(rig.why, DEVICE ": takes no more pictures"), "%s", rig.why);
    rig_finish(&rig);
}
END_TEST

/* Every picture until the device has all buffers; then those it gives back. */
START_TEST(buffers_go_round)
{
    struct rig rig;

    rig_init(&rig);
    insert_device_with_buffers();
    ck_assert_int_eq(start(&rig, NULL), 0);
    ck_assert_str_eq(ar_display_describe(rig.display),
                     "v4l2 output " DEVICE " (Paper video) YUYV 34x18");
    ck_assert_uint_eq(device.n_requested, 3);
    ck_assert(!device.streaming);
    for (uint64_t sequence = 0; sequence < 5; sequence++)
        rig_show(&rig, sequence, 0);
    ck_assert(device.streaming);
    ck_assert_uint_eq(rig.n_shown, 3);
    device.n_done = 2;
    rig_show(&rig, 5, 0);
    rig_show(&rig, 6, 0);
    rig_show(&rig, 7, 0);
    ck_assert_uint_eq(rig.n_shown, 5);
    ck_assert_uint_eq(rig.n_failed, 0);
    for (uint32_t i = 0; i < 3; i++)
        check_picture(i, i);
    check_picture(3, 5);
    check_picture(4, 6);
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);
    ck_assert(!device.streaming);
    ck_assert_uint_eq(device.n_requested, 0);
    rig_finish(&rig);
}
END_TEST

START_TEST(stream_that_breaks_is_told_once)
{
    struct rig rig;

    rig_init(&rig);
    insert_device_with_buffers();
    ck_assert_int_eq(start(&rig, NULL), 0);
    rig_show(&rig, 0, 0);
    device.queue_errno = EIO;
    rig_show(&rig, 1, 0);
    rig_show(&rig, 2, 0);
    ck_assert_uint_eq(rig.n_shown, 1);
    ck_assert_uint_eq(rig.n_failed, 1);
    ck_assert_msg(strstr(rig.why, DEVICE ": takes no more pictures"), "%s", rig.why);
    rig_finish(&rig);
}
END_TEST

/* A buffer that we never gave away, or have no longer: the driver is broken, not we. */
START_TEST(buffer_that_is_not_there_is_told)
{
    struct rig rig;

    rig_init(&rig);
    insert_device_with_buffers();
    ck_assert_int_eq(start(&rig, NULL), 0);
    for (uint64_t sequence = 0; sequence < 3; sequence++)
        rig_show(&rig, sequence, 0);
    device.queue[0] = 77;
    device.n_done = 1;
    rig_show(&rig, 3, 0);
    ck_assert_uint_eq(rig.n_failed, 1);
    rig_finish(&rig);
}
END_TEST

static const struct {
    uint32_t fourcc;
    enum ar_frame_format format;
    uint32_t stride_b;
} formats[] = {
    { V4L2_PIX_FMT_YUV420, AR_FRAME_I420, 34 },
    { V4L2_PIX_FMT_YUV420, AR_FRAME_I420, 64 },
    { V4L2_PIX_FMT_NV12, AR_FRAME_NV12, 48 },
};

/* Of a device that can nothing else; each plane of the picture that rig_frame() drew is where it belongs. */
START_TEST(device_chooses_the_format)
{
    const uint32_t stride_b = formats[_i].stride_b;
    const bool planar = formats[_i].format == AR_FRAME_I420;
    const uint8_t *plane = device.data;
    struct rig rig;

    rig_init(&rig);
    insert_device_with_buffers();
    device.fourcc = formats[_i].fourcc;
    device.stride_b = stride_b;
    ck_assert_int_eq(start(&rig, NULL), 0);
    ck_assert_int_eq(ar_display_shape(rig.display)->format, formats[_i].format);
    rig_show(&rig, 0, 0);
    ck_assert_uint_eq(device.data_b, stride_b * HEIGHT_PX * 3 / 2);
    for (uint32_t y = 0; y < HEIGHT_PX; y++)
        ck_assert_uint_eq(plane[y * stride_b + 33], 16 + (33 + 3 * y) % 200);
    plane += (size_t)stride_b * HEIGHT_PX;
    for (uint32_t y = 0; y < HEIGHT_PX / 2; y++)
        ck_assert_uint_eq(plane[y * stride_b / (planar ? 2 : 1) + 16],
                          16 + (16 + 3 * y + 7) % 200);
    if (planar) {
        plane += (size_t)stride_b * HEIGHT_PX / 4;
        ck_assert_uint_eq(plane[8 * stride_b / 2 + 16], 16 + (16 + 3 * 8 + 14) % 200);
    }
    rig_finish(&rig);
}
END_TEST

/* Who opens the camera while nothing is painted sees that something will be, and then what was painted last. */
START_TEST(last_picture_is_sent_again)
{
    struct rig rig;
    size_t before_b;

    rig_init(&rig);
    insert_device();
    ck_assert_int_eq(start(&rig, NULL), 0);
    rig_run(&rig, 50000);
    ck_assert_uint_eq(device.data_b, (size_t)device.stride_b * HEIGHT_PX);
    rig_show(&rig, 1, 0);
    before_b = device.data_b;
    rig_run(&rig, 500000);
    ck_assert_uint_ge(device.data_b, before_b + (size_t)device.stride_b * HEIGHT_PX);
    check_picture(1, 1);
    check_picture(2, 1);
    ck_assert_uint_eq(rig.n_shown, 1);
    rig_finish(&rig);
}
END_TEST

#define WRITES  (V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_READWRITE)
#define STREAMS (V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING)

static const struct {
    uint32_t capabilities;
    int format_errno;
    uint32_t fourcc;
    uint32_t width_px;
    uint32_t stride_b;
    uint32_t n_buffers;
    uint32_t buffer_b;
    int ret;
    const char *part_of_reason;
} troubles[] = {
    { V4L2_CAP_VIDEO_CAPTURE, 0, 0, 0, 68, 0, 0, -ENODEV, "it is not an output" },
    { V4L2_CAP_VIDEO_OUTPUT, 0, 0, 0, 68, 0, 0, -ENODEV, "by buffers or by write()" },
    { WRITES, EBUSY, 0, 0, 68, 0, 0, -EBUSY, "another program" },
    { WRITES, EINVAL, 0, 0, 68, 0, 0, -EINVAL, "refuses YUYV, YUV420 and NV12 of 34x18" },
    { WRITES, 0, V4L2_PIX_FMT_RGB24, 0, 102, 0, 0, -EINVAL, "refuses YUYV, YUV420 and NV12" },
    { WRITES, 0, 0, 640, 1280, 0, 0, -EINVAL, "takes 640x18, not 34x18; set capture.size" },
    { WRITES, 0, 0, 0, 1u << 31, 0, 0, -EINVAL, "which is wrong" },
    { WRITES, 0, 0, 0, 20, 0, 0, -EINVAL, "which is wrong" },
    { STREAMS, 0, 0, 0, 68, 0, 0, -EINVAL, "has no buffers for us" },
    { STREAMS, 0, 0, 0, 68, 2, 1000, -EPROTO,
      "has buffers of 1000 bytes for pictures of 1224" },
};

START_TEST(trouble_is_explained)
{
    struct rig rig;
    struct ar_reason reason = { "" };

    rig_init(&rig);
    insert_device();
    device.capabilities = troubles[_i].capabilities;
    device.format_errno = troubles[_i].format_errno;
    device.fourcc = troubles[_i].fourcc;
    device.width_px = troubles[_i].width_px;
    device.stride_b = troubles[_i].stride_b;
    device.n_buffers = troubles[_i].n_buffers;
    device.buffer_b = troubles[_i].buffer_b;
    ck_assert_int_eq(start(&rig, &reason), troubles[_i].ret);
    ck_assert_msg(strstr(reason.text, troubles[_i].part_of_reason) &&
                      strstr(reason.text, DEVICE),
                  "%s", reason.text);
    ck_assert_int_eq(fcntl(device.fd, F_GETFD), -1);
    rig_finish(&rig);
}
END_TEST

/* A driver that promises buffers and has none is still written to. */
START_TEST(write_is_the_second_way)
{
    struct rig rig;

    rig_init(&rig);
    insert_device_with_buffers();
    device.n_buffers = 0;
    ck_assert_int_eq(start(&rig, NULL), 0);
    rig_show(&rig, 4, 0);
    check_picture(0, 4);
    rig_finish(&rig);
}
END_TEST

static void run_until(struct rig *rig, enum ar_display_state state)
{
    const uint64_t end_us = ar_clock_now_us() + 5000000;

    while (ar_display_condition(rig->display)->state != state && ar_clock_now_us() < end_us)
        ar_loop_run_once(rig->loop, 10000);
    ck_assert_int_eq(ar_display_condition(rig->display)->state, state);
}

START_TEST(readers_come_and_go)
{
    struct rig rig;

    rig_init(&rig);
    insert_device();
    device.tells_readers = true;
    ck_assert_int_eq(start(&rig, NULL), 0);
    ck_assert_uint_eq(device.n_subscribed, 1);
    rig_run(&rig, 50000);
    ck_assert_int_eq(ar_display_condition(rig.display)->state,
                     AR_DISPLAY_UP); /* no picture yet */
    rig_show(&rig, 0, 0);
    ck_assert_int_eq(ar_display_condition(rig.display)->state, AR_DISPLAY_UNREAD);
    ck_assert_uint_eq(rig.n_changed, 1);
    device.n_readers = 1;
    send_event();
    run_until(&rig, AR_DISPLAY_UP);
    device.n_readers = 0;
    send_event();
    run_until(&rig, AR_DISPLAY_UNREAD);
    ck_assert_uint_eq(rig.n_changed, 3);
    rig_show(&rig, 1, 0); /* takes pictures all the same */
    ck_assert_uint_eq(rig.n_shown, 2);
    close(device.peer);
    rig_finish(&rig);
}
END_TEST

/* The first reader after a pause of hours: its event does not come. */
START_TEST(an_event_that_is_lost_is_made_up_for)
{
    struct rig rig;

    rig_init(&rig);
    insert_device();
    device.tells_readers = true;
    ck_assert_int_eq(start(&rig, NULL), 0);
    rig_show(&rig, 0, 0);
    run_until(&rig, AR_DISPLAY_UNREAD);
    device.n_readers = 1;
    run_until(&rig, AR_DISPLAY_UP);
    ck_assert_uint_ge(device.n_subscribed, 2);
    close(device.peer);
    rig_finish(&rig);
}
END_TEST

START_TEST(a_device_that_does_not_tell_counts_as_read)
{
    struct rig rig;

    rig_init(&rig);
    insert_device();
    ck_assert_int_eq(start(&rig, NULL), 0);
    rig_show(&rig, 0, 0);
    rig_run(&rig, 50000);
    ck_assert_int_eq(ar_display_condition(rig.display)->state, AR_DISPLAY_UP);
    ck_assert_uint_eq(rig.n_changed, 0);
    rig_finish(&rig);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("display_loopback");
    TCase *tcase = tcase_create("loopback");

    tcase_add_loop_test(tcase, pictures_arrive_whatever_the_stride, 0, AR_ARRAY_LEN(strides_b));
    tcase_add_test(tcase, no_room_drops_the_picture);
    tcase_add_test(tcase, device_that_goes_is_told_once);
    tcase_add_test(tcase, buffers_go_round);
    tcase_add_test(tcase, stream_that_breaks_is_told_once);
    tcase_add_test(tcase, buffer_that_is_not_there_is_told);
    tcase_add_loop_test(tcase, device_chooses_the_format, 0, AR_ARRAY_LEN(formats));
    tcase_add_test(tcase, last_picture_is_sent_again);
    tcase_add_test(tcase, write_is_the_second_way);
    tcase_add_loop_test(tcase, trouble_is_explained, 0, AR_ARRAY_LEN(troubles));
    tcase_add_test(tcase, readers_come_and_go);
    tcase_add_test(tcase, an_event_that_is_lost_is_made_up_for);
    tcase_add_test(tcase, a_device_that_does_not_tell_counts_as_read);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
