/* SPDX-License-Identifier: MIT */
/*
 * A camera of straw for a whole ar-daemon, put between it and libc with LD_PRELOAD. It is made like what libcamerify
 * puts there: open() gives an eventfd, ioctl() and mmap() only work through libc, there are no events. Real drivers are
 * tried in the virtual machine.
 *
 * /dev/straw is there as long as the file $STRAW_CAMERA says so, which the test writes: "on WxH", "hung WxH" or "off". What its
 * only control is set to goes to $STRAW_CAMERA.brightness, and how often it is open to $STRAW_CAMERA.open.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/videodev2.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define NODE      "/dev/straw"
#define N_BUFFERS 4
#define MAX_B     (1 << 20)
#define PERIOD_NS 33000000
#define MAX_FDS   8

enum state { OFF, ON, HUNG };

static struct {
    pthread_mutex_t lock;
    int fds[MAX_FDS]; /* open descriptors; 0: none */
    int stream_fd;    /* that set the format */
    bool streaming;
    bool gone;
    uint32_t width_px;
    uint32_t height_px;
    uint8_t memory[N_BUFFERS][MAX_B];
    bool queued[N_BUFFERS];
    struct v4l2_buffer filled[N_BUFFERS];
    uint32_t n_filled;
    uint32_t sequence;
    int32_t brightness;
} straw = { .lock = PTHREAD_MUTEX_INITIALIZER, .brightness = 128 };

/* The function that this library stands before. ISO C has no conversion from dlsym()'s result to it. */
static void real(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    memcpy(function, &symbol, sizeof(symbol));
}

static enum state read_state(uint32_t *width_px, uint32_t *height_px)
{
    FILE *file = fopen(getenv("STRAW_CAMERA"), "re");
    char word[8] = "";
    enum state state = OFF;

    *width_px = 0;
    if (file) {
        if (fscanf(file, "%7s %ux%u", word, width_px, height_px) == 3)
            state = word[0] == 'h' ? HUNG : ON;
        fclose(file);
    }
    return state;
}

static bool is_ours(int fd)
{
    for (uint32_t i = 0; i < MAX_FDS; i++)
        if (fd > 0 && straw.fds[i] == fd)
            return true;
    return false;
}

static void wake(void)
{
    const uint64_t one = 1;

    if (straw.stream_fd > 0 && write(straw.stream_fd, &one, sizeof(one)) < 0)
        abort();
}

static void expose(void)
{
    for (uint32_t i = 0; i < N_BUFFERS; i++) {
        struct timespec now;

        if (!straw.queued[i])
            continue;
        clock_gettime(CLOCK_MONOTONIC, &now);
        for (uint32_t b = 0; b < 2 * straw.width_px * straw.height_px; b++)
            straw.memory[i][b] = b % 2 ? 128 : (uint8_t)(b * 7 + straw.sequence);
        straw.queued[i] = false;
        straw.filled[straw.n_filled++] =
            (struct v4l2_buffer){ .index = i,
                                  .bytesused = 2 * straw.width_px * straw.height_px,
                                  .flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC,
                                  .timestamp = { now.tv_sec, now.tv_nsec / 1000 },
                                  .sequence = straw.sequence };
        wake();
        break;
    }
    straw.sequence++;
}

/* The camera's own time. Pulling the plug is felt by whoever streams. */
static void *run(void *argument)
{
    const struct timespec period = { .tv_nsec = PERIOD_NS };

    (void)argument;
    for (;;) {
        uint32_t w;
        uint32_t h;
        const enum state state = read_state(&w, &h);

        pthread_mutex_lock(&straw.lock);
        if (straw.streaming && state == OFF) {
            straw.gone = true;
            wake();
        } else if (straw.streaming && state == ON && !straw.gone) {
            expose();
        }
        pthread_mutex_unlock(&straw.lock);
        nanosleep(&period, NULL);
    }
    return NULL;
}

/* For the test to read: a number in $STRAW_CAMERA.WHAT. */
static int tell(const char *what, int number)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s.%s", getenv("STRAW_CAMERA"), what);
    file = fopen(path, "we");
    if (!file)
        return -1;
    fprintf(file, "%d", number);
    return fclose(file);
}

/* Under the lock. */
static void tell_open(void)
{
    int n_open = 0;

    for (uint32_t i = 0; i < MAX_FDS; i++)
        n_open += straw.fds[i] > 0;
    tell("open", n_open);
}

static int open_node(void)
{
    static pthread_t thread;
    uint32_t w;
    uint32_t h;
    int fd;

    if (read_state(&w, &h) == OFF) {
        errno = ENOENT;
        return -1;
    }
    fd = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_lock(&straw.lock);
    if (!thread)
        pthread_create(&thread, NULL, run, NULL);
    for (uint32_t i = 0; i < MAX_FDS; i++)
        if (straw.fds[i] == 0) {
            straw.fds[i] = fd;
            break;
        }
    tell_open();
    pthread_mutex_unlock(&straw.lock);
    return fd;
}

/* Files are 64 bits here as in ar-daemon: this is open64(), and mmap() below is mmap64(). */
int open(const char *path, int flags, ...)
{
    int (*next)(const char *, int, ...);
    mode_t mode = 0;
    va_list args;

    va_start(args, flags);
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
        mode = va_arg(args, mode_t);
    va_end(args);
    real("open64", &next);
    return strcmp(path, NODE) == 0 ? open_node() : next(path, flags, mode);
}

int close(int fd)
{
    int (*next)(int);

    real("close", &next);
    pthread_mutex_lock(&straw.lock);
    if (is_ours(fd)) {
        for (uint32_t i = 0; i < MAX_FDS; i++)
            straw.fds[i] = straw.fds[i] == fd ? 0 : straw.fds[i];
        tell_open();
    }
    if (fd > 0 && fd == straw.stream_fd) {
        straw.stream_fd = 0;
        straw.streaming = false;
    }
    pthread_mutex_unlock(&straw.lock);
    return next(fd);
}

static int capability(struct v4l2_capability *capability)
{
    capability->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    snprintf((char *)capability->card, sizeof(capability->card), "Straw Camera");
    return 0;
}

static int enum_format(struct v4l2_fmtdesc *entry)
{
    if (entry->index > 0)
        return EINVAL;
    entry->pixelformat = V4L2_PIX_FMT_YUYV;
    return 0;
}

static int enum_size(struct v4l2_frmsizeenum *entry)
{
    if (entry->index > 0)
        return EINVAL;
    entry->type = V4L2_FRMSIZE_TYPE_DISCRETE;
    read_state(&entry->discrete.width, &entry->discrete.height);
    return entry->discrete.width ? 0 : ENODEV;
}

static int set_format(int fd, struct v4l2_format *format)
{
    straw.stream_fd = fd;
    straw.gone = false;
    straw.width_px = format->fmt.pix.width;
    straw.height_px = format->fmt.pix.height;
    format->fmt.pix.bytesperline = 2 * straw.width_px;
    return 2 * straw.width_px * straw.height_px <= MAX_B ? 0 : EINVAL;
}

static int query_control(struct v4l2_query_ext_ctrl *query)
{
    if ((query->id & ~V4L2_CTRL_FLAG_NEXT_CTRL) >= V4L2_CID_BRIGHTNESS)
        return EINVAL;
    *query = (struct v4l2_query_ext_ctrl){ .id = V4L2_CID_BRIGHTNESS,
                                           .type = V4L2_CTRL_TYPE_INTEGER,
                                           .name = "Brightness",
                                           .maximum = 255 };
    return 0;
}

static int set_controls(const struct v4l2_ext_controls *controls)
{
    straw.brightness = controls->controls[0].value;
    return tell("brightness", straw.brightness) < 0 ? EIO : 0;
}

static int queue(const struct v4l2_buffer *buffer)
{
    if (straw.gone)
        return ENODEV;
    straw.queued[buffer->index] = true;
    return 0;
}

static int dequeue(int fd, struct v4l2_buffer *buffer)
{
    uint64_t one;

    if (read(fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
        return errno;
    if (straw.gone)
        return ENODEV;
    if (straw.n_filled == 0)
        return EAGAIN;
    *buffer = straw.filled[0];
    straw.n_filled--;
    memmove(&straw.filled[0], &straw.filled[1], straw.n_filled * sizeof(straw.filled[0]));
    return 0;
}

static int stream(bool on)
{
    straw.streaming = on;
    straw.n_filled = 0;
    if (!on)
        memset(straw.queued, 0, sizeof(straw.queued));
    return 0;
}

/* 0 or an errno. */
static int serve(int fd, unsigned long request, void *argument)
{
    struct v4l2_buffer *buffer = argument;

    switch (request) {
    case VIDIOC_QUERYCAP:
        return capability(argument);
    case VIDIOC_ENUM_FMT:
        return enum_format(argument);
    case VIDIOC_ENUM_FRAMESIZES:
        return enum_size(argument);
    case VIDIOC_S_FMT:
        return set_format(fd, argument);
    case VIDIOC_QUERY_EXT_CTRL:
        return query_control(argument);
    case VIDIOC_S_EXT_CTRLS:
        return set_controls(argument);
    case VIDIOC_REQBUFS:
        return 0;
    case VIDIOC_QUERYBUF:
        buffer->length = MAX_B;
        buffer->m.offset = buffer->index;
        return 0;
    case VIDIOC_QBUF:
        return queue(argument);
    case VIDIOC_DQBUF:
        return dequeue(fd, argument);
    case VIDIOC_STREAMON:
    case VIDIOC_STREAMOFF:
        return stream(request == VIDIOC_STREAMON);
    default:
        return ENOTTY;
    }
}

int ioctl(int fd, unsigned long request, ...)
{
    int (*next)(int, unsigned long, ...);
    void *argument;
    va_list args;
    int error;

    va_start(args, request);
    argument = va_arg(args, void *);
    va_end(args);
    real("ioctl", &next);
    pthread_mutex_lock(&straw.lock);
    if (!is_ours(fd)) {
        pthread_mutex_unlock(&straw.lock);
        return next(fd, request, argument);
    }
    error = serve(fd, request, argument);
    pthread_mutex_unlock(&straw.lock);
    errno = error;
    return error ? -1 : 0;
}

/* The allocator maps too, so no lock is taken for what is not ours. */
void *mmap(void *where, size_t size_b, int protection, int flags, int fd, off_t offset)
{
    void *(*next)(void *, size_t, int, int, int, off_t);

    real("mmap64", &next);
    return fd > 0 && is_ours(fd) ? straw.memory[offset]
                                 : next(where, size_b, protection, flags, fd, offset);
}

int munmap(void *memory, size_t size_b)
{
    const uintptr_t first = (uintptr_t)straw.memory;
    int (*next)(void *, size_t);

    real("munmap", &next);
    if ((uintptr_t)memory - first < sizeof(straw.memory))
        return 0;
    return next(memory, size_b);
}
