/* SPDX-License-Identifier: MIT */
#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <libudev.h>
#include <stdarg.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "tests/unit/display_rig.h"

/*
 * The whole KMS backend on a graphics card made of paper: the functions of libdrm and libudev that it calls are
 * defined here, and /dev/dri/card1 is a memory file, in which the dumb buffers lie. A flip takes place when
 * the backend reads its events. The console in front is a memory file, too.
 */

#define CARD      "/dev/dri/card1"
#define CONSOLE   "/sys/class/tty/tty0/active"
#define CONNECTOR 31
#define OTHER     32 /* connector */
#define CRTC      41
#define OVERLAY   50
#define PLANE     51
#define ENCODER   61
#define OLD_FB    77

#define MODE_W_PX 200
#define MODE_H_PX 150
#define PITCH_B   1024
#define BUFFER_B  ((size_t)PITCH_B * 228) /* whole pages */
#define MAX_FBS   48

#define PROPERTY_BASE 100

static const struct {
    uint32_t object_type;
    const char *name;
} properties[] = {
    { DRM_MODE_OBJECT_CONNECTOR, "EDID" },    { DRM_MODE_OBJECT_CONNECTOR, "CRTC_ID" },
    { DRM_MODE_OBJECT_CRTC, "ACTIVE" },       { DRM_MODE_OBJECT_CRTC, "MODE_ID" },
    { DRM_MODE_OBJECT_PLANE, "type" },        { DRM_MODE_OBJECT_PLANE, "FB_ID" },
    { DRM_MODE_OBJECT_PLANE, "CRTC_ID" },     { DRM_MODE_OBJECT_PLANE, "SRC_X" },
    { DRM_MODE_OBJECT_PLANE, "SRC_Y" },       { DRM_MODE_OBJECT_PLANE, "SRC_W" },
    { DRM_MODE_OBJECT_PLANE, "SRC_H" },       { DRM_MODE_OBJECT_PLANE, "CRTC_X" },
    { DRM_MODE_OBJECT_PLANE, "CRTC_Y" },      { DRM_MODE_OBJECT_PLANE, "CRTC_W" },
    { DRM_MODE_OBJECT_PLANE, "CRTC_H" },      { DRM_MODE_OBJECT_PLANE, "COLOR_ENCODING" },
    { DRM_MODE_OBJECT_PLANE, "COLOR_RANGE" },
};

/* The values of the properties that have names; the numbers are made up. */
static const struct {
    const char *property;
    struct drm_mode_property_enum value;
} choices[] = {
    { "COLOR_ENCODING", { 5, "ITU-R BT.601 YCbCr" } },
    { "COLOR_ENCODING", { 6, "ITU-R BT.709 YCbCr" } },
    { "COLOR_RANGE", { 7, "YCbCr full range" } },
    { "COLOR_RANGE", { 8, "YCbCr limited range" } },
};

struct fb {
    uint32_t fourcc;
    uint32_t width_px;
    uint32_t height_px;
};

static struct card {
    int fd;
    ino_t inode;    /* of that file: another may get its number once it is closed */
    int open_errno; /* what opening it gives instead; 0: nothing */
    bool connected;
    bool other_connected; /* at the other connector */
    uint32_t width_px;    /* of the mode */
    uint32_t height_px;
    int messages_fd; /* an eventfd: readable while the kernel has something to say */
    int console_fd;
    bool others_master;
    bool no_flips; /* events do not come */
    bool no_atomic;
    bool scales; /* the plane may lie anywhere, and scale; else it covers the screen as it is */
    bool yuv;    /* NV12, too */
    bool hidden; /* the plane has no COLOR_ENCODING and COLOR_RANGE */
    int commit_errno;  /* of the next commits */
    const char *lacks; /* a property that the driver does not have */
    uint64_t values[AR_ARRAY_LEN(properties)];
    uint32_t last_flags;
    uint32_t n_commits;
    void *flip_user;
    bool flip_pending;
    uint64_t flip_us; /* the time of the next flip */
    uint32_t last_handle;
    uint32_t n_handles;
    uint32_t n_fbs;
    struct fb fbs[MAX_FBS + 1]; /* by handle */
    uint32_t n_blobs;
    bool restored;
} card;

/* 0: not open. */
static ino_t inode_of(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

static bool is_open(void)
{
    return card.fd >= 0 && inode_of(card.fd) == card.inode;
}

static uint64_t *value_of(const char *name, uint32_t object_type)
{
    for (size_t i = 0; i < AR_ARRAY_LEN(properties); i++)
        if (properties[i].object_type == object_type && strcmp(properties[i].name, name) == 0)
            return &card.values[i];
    ck_abort_msg("no property %s", name);
}

/*
 * open() of our own objects comes here (-Wl,--wrap), under the name that it has with 64 bit offsets, too.
 * NOLINTBEGIN(bugprone-reserved-identifier): the linker chose the names
 */
int __wrap_open(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
    if (strcmp(path, CARD) == 0 && card.open_errno == 0) {
        card.fd = memfd_create("card", MFD_CLOEXEC);
        card.inode = inode_of(card.fd);
        ck_assert_int_eq(ftruncate(card.fd, (off_t)(BUFFER_B * (MAX_FBS + 1))), 0);
        return card.fd;
    }
    if (strcmp(path, CONSOLE) == 0)
        return dup(card.console_fd);
    if (strncmp(path, "/dev/dri/", strlen("/dev/dri/")) == 0) {
        errno = strcmp(path, CARD) == 0 ? card.open_errno : ENOENT;
        return -1;
    }
    return __real_open(path, flags, 0600);
}

int __wrap_open64(const char *path, int flags, ...)
{
    return __wrap_open(path, flags);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void *copy_of(const void *data, size_t size_b)
{
    void *copy = malloc(size_b);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, data, size_b);
    return copy;
}

/* NOLINTBEGIN(readability-function-size,readability-non-const-parameter): libdrm's prototypes */
drmModeResPtr drmModeGetResources(int fd)
{
    const drmModeRes resources = {
        .count_connectors = 2,
        .connectors = copy_of((const uint32_t[]){ CONNECTOR, OTHER }, 2 * sizeof(uint32_t)),
        .count_crtcs = 1,
        .crtcs = copy_of(&(uint32_t){ CRTC }, sizeof(uint32_t)),
    };

    return copy_of(&resources, sizeof(resources));
}

drmModeConnectorPtr drmModeGetConnector(int fd, uint32_t id)
{
    const drmModeModeInfo mode = { .hdisplay = (uint16_t)card.width_px,
                                   .vdisplay = (uint16_t)card.height_px,
                                   .htotal = 250,
                                   .vtotal = 160,
                                   .clock = 2400 };
    const bool connected = id == OTHER ? card.other_connected : card.connected;
    const drmModeConnector connector = {
        .connector_id = id,
        .connector_type = DRM_MODE_CONNECTOR_HDMIA,
        .connector_type_id = id == OTHER ? 1 : 2,
        .connection = connected ? DRM_MODE_CONNECTED : DRM_MODE_DISCONNECTED,
        .count_modes = connected ? 1 : 0,
        .modes = copy_of(&mode, sizeof(mode)),
        .count_encoders = 1,
        .encoders = copy_of(&(uint32_t){ ENCODER }, sizeof(uint32_t)),
    };

    return copy_of(&connector, sizeof(connector));
}

drmModeConnectorPtr drmModeGetConnectorCurrent(int fd, uint32_t id)
{
    return drmModeGetConnector(fd, id);
}

drmModeEncoderPtr drmModeGetEncoder(int fd, uint32_t id)
{
    return copy_of(&(drmModeEncoder){ .encoder_id = id, .possible_crtcs = 1 },
                   sizeof(drmModeEncoder));
}

drmModePlaneResPtr drmModeGetPlaneResources(int fd)
{
    const drmModePlaneRes planes = {
        .count_planes = 2,
        .planes = copy_of((const uint32_t[]){ OVERLAY, PLANE }, 2 * sizeof(uint32_t)),
    };

    return copy_of(&planes, sizeof(planes));
}

drmModePlanePtr drmModeGetPlane(int fd, uint32_t id)
{
    const drmModePlane plane = {
        .plane_id = id,
        .possible_crtcs = 1,
        .count_formats = 1,
        .formats = copy_of(&(uint32_t){ DRM_FORMAT_XRGB8888 }, sizeof(uint32_t)),
    };

    return copy_of(&plane, sizeof(plane));
}

drmModeObjectPropertiesPtr drmModeObjectGetProperties(int fd, uint32_t id, uint32_t type)
{
    drmModeObjectProperties all = { .count_props = 0 };

    all.props = calloc(AR_ARRAY_LEN(properties), sizeof(*all.props));
    all.prop_values = calloc(AR_ARRAY_LEN(properties), sizeof(*all.prop_values));
    for (uint32_t i = 0; i < AR_ARRAY_LEN(properties); i++) {
        if (properties[i].object_type != type ||
            (card.hidden && strncmp(properties[i].name, "COLOR_", strlen("COLOR_")) == 0) ||
            (card.lacks && strcmp(properties[i].name, card.lacks) == 0))
            continue;
        all.props[all.count_props] = PROPERTY_BASE + i;
        all.prop_values[all.count_props++] =
            id == OVERLAY ? DRM_PLANE_TYPE_OVERLAY : card.values[i];
    }
    return copy_of(&all, sizeof(all));
}

drmModePropertyPtr drmModeGetProperty(int fd, uint32_t id)
{
    drmModePropertyRes property = { .prop_id = id };

    snprintf(property.name, sizeof(property.name), "%s", properties[id - PROPERTY_BASE].name);
    property.enums = calloc(AR_ARRAY_LEN(choices), sizeof(*property.enums));
    for (size_t i = 0; i < AR_ARRAY_LEN(choices); i++)
        if (strcmp(choices[i].property, property.name) == 0)
            property.enums[property.count_enums++] = choices[i].value;
    return copy_of(&property, sizeof(property));
}

drmVersionPtr drmGetVersion(int fd)
{
    return copy_of(&(drmVersion){ .name = strdup("paper") }, sizeof(drmVersion));
}

int drmGetCap(int fd, uint64_t capability, uint64_t *value)
{
    *value = 1;
    return 0;
}

int drmSetClientCap(int fd, uint64_t capability, uint64_t value)
{
    return card.no_atomic ? -EOPNOTSUPP : 0;
}

int drmIsMaster(int fd)
{
    return !card.others_master;
}

int drmSetMaster(int fd)
{
    return card.others_master ? -EACCES : 0;
}

int drmModeCreatePropertyBlob(int fd, const void *data, size_t size, uint32_t *id)
{
    ck_assert_uint_eq(size, sizeof(drmModeModeInfo));
    ck_assert_uint_eq(((const drmModeModeInfo *)data)->hdisplay, card.width_px);
    *id = 9;
    card.n_blobs++;
    return 0;
}

int drmModeDestroyPropertyBlob(int fd, uint32_t id)
{
    card.n_blobs--;
    return 0;
}

int drmModeAddFB2(int fd, uint32_t width, uint32_t height, uint32_t pixel_format,
                  const uint32_t bo_handles[4], const uint32_t pitches[4],
                  const uint32_t offsets[4], uint32_t *buf_id, uint32_t flags)
{
    if (pixel_format != DRM_FORMAT_XRGB8888 && !card.yuv)
        return -EINVAL;
    if (pixel_format == DRM_FORMAT_NV12) {
        ck_assert_uint_eq(bo_handles[1], bo_handles[0]);
        ck_assert_uint_eq(pitches[1], PITCH_B);
        ck_assert_uint_eq(offsets[1], PITCH_B * height);
    }
    ck_assert_uint_eq(pitches[0], PITCH_B);
    card.fbs[bo_handles[0]] = (struct fb){ pixel_format, width, height };
    *buf_id = 1000 + bo_handles[0];
    card.n_fbs++;
    return 0;
}

int drmModeRmFB(int fd, uint32_t id)
{
    card.n_fbs--;
    return 0;
}

drmModeCrtcPtr drmModeGetCrtc(int fd, uint32_t id)
{
    return copy_of(&(drmModeCrtc){ .crtc_id = id, .buffer_id = OLD_FB, .mode_valid = 1 },
                   sizeof(drmModeCrtc));
}

int drmModeSetCrtc(int fd, uint32_t crtc, uint32_t buffer, uint32_t x, uint32_t y,
                   uint32_t *connectors, int count, drmModeModeInfoPtr mode)
{
    ck_assert_uint_eq(crtc, CRTC);
    ck_assert_uint_eq(buffer, OLD_FB);
    ck_assert_int_eq(count, 1);
    ck_assert(connectors[0] == CONNECTOR || connectors[0] == OTHER);
    card.restored = true;
    return 0;
}

/* NOLINTEND(readability-function-size,readability-non-const-parameter) */

/* libudev on paper: a message is the eventfd's count, and each says that a screen came or went. */
struct udev *udev_new(void)
{
    card.messages_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE);
    return (struct udev *)&card;
}

struct udev *udev_unref(struct udev *udev)
{
    close(card.messages_fd);
    return NULL;
}

struct udev_monitor *udev_monitor_new_from_netlink(struct udev *udev, const char *name)
{
    return (struct udev_monitor *)&card;
}

struct udev_monitor *udev_monitor_unref(struct udev_monitor *monitor)
{
    return NULL;
}

int udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *monitor,
                                                    const char *subsystem, const char *devtype)
{
    ck_assert_str_eq(subsystem, "drm");
    return 0;
}

int udev_monitor_enable_receiving(struct udev_monitor *monitor)
{
    return 0;
}

int udev_monitor_get_fd(struct udev_monitor *monitor)
{
    return card.messages_fd;
}

struct udev_device *udev_monitor_receive_device(struct udev_monitor *monitor)
{
    uint64_t one;

    return read(card.messages_fd, &one, sizeof(one)) == sizeof(one)
               ? (struct udev_device *)&card
               : NULL;
}

const char *udev_device_get_property_value(struct udev_device *device, const char *key)
{
    return strcmp(key, "HOTPLUG") == 0 ? "1" : NULL;
}

struct udev_device *udev_device_unref(struct udev_device *device)
{
    return NULL;
}

static void plug(struct rig *rig, bool connected, uint32_t width_px, uint32_t height_px)
{
    card.connected = connected;
    card.width_px = width_px;
    card.height_px = height_px;
    ck_assert_int_eq(write(card.messages_fd, &(uint64_t){ 2 }, sizeof(uint64_t)),
                     sizeof(uint64_t));
    ar_loop_run_once(rig->loop, 100000);
}

static uint32_t type_of(uint32_t object)
{
    if (object == CONNECTOR || object == OTHER)
        return DRM_MODE_OBJECT_CONNECTOR;
    ck_assert(object == CRTC || object == PLANE);
    return object == CRTC ? DRM_MODE_OBJECT_CRTC : DRM_MODE_OBJECT_PLANE;
}

/* What most drivers check: 0 or -1 with errno. */
static int check_plane(void)
{
    const struct fb *fb = &card.fbs[*value_of("FB_ID", DRM_MODE_OBJECT_PLANE) - 1000];
    const uint64_t width_px = *value_of("CRTC_W", DRM_MODE_OBJECT_PLANE);
    const uint64_t height_px = *value_of("CRTC_H", DRM_MODE_OBJECT_PLANE);

    ck_assert_uint_eq(*value_of("SRC_W", DRM_MODE_OBJECT_PLANE), fb->width_px << 16);
    ck_assert_uint_eq(*value_of("SRC_H", DRM_MODE_OBJECT_PLANE), fb->height_px << 16);
    if (card.scales)
        return 0;
    errno = ERANGE;
    if (width_px != fb->width_px || height_px != fb->height_px)
        return -1;
    errno = EINVAL;
    return width_px == card.width_px && height_px == card.height_px ? 0 : -1;
}

static int commit(const struct drm_mode_atomic *request)
{
    const uint32_t *objects = (const uint32_t *)(uintptr_t)request->objs_ptr;
    const uint32_t *counts = (const uint32_t *)(uintptr_t)request->count_props_ptr;
    const uint32_t *ids = (const uint32_t *)(uintptr_t)request->props_ptr;
    const uint64_t *values = (const uint64_t *)(uintptr_t)request->prop_values_ptr;
    const bool tests = request->flags & DRM_MODE_ATOMIC_TEST_ONLY;
    uint64_t before[AR_ARRAY_LEN(properties)];
    int ret;

    if (card.commit_errno) {
        errno = card.commit_errno;
        return -1;
    }
    ck_assert(!card.flip_pending || tests || request->flags & DRM_MODE_ATOMIC_ALLOW_MODESET);
    memcpy(before, card.values, sizeof(before));
    for (uint32_t i = 0; i < request->count_objs; i++)
        for (uint32_t k = 0; k < counts[i]; k++, ids++, values++) {
            ck_assert_uint_eq(properties[*ids - PROPERTY_BASE].object_type,
                              type_of(objects[i]));
            card.values[*ids - PROPERTY_BASE] = *values;
        }
    ret = check_plane();
    if (ret < 0 || tests)
        memcpy(card.values, before, sizeof(before));
    if (ret < 0 || tests)
        return ret;
    card.n_commits++;
    card.last_flags = request->flags;
    card.flip_pending = request->flags & DRM_MODE_PAGE_FLIP_EVENT;
    card.flip_user = (void *)(uintptr_t)request->user_data;
    return 0;
}

int drmIoctl(int fd, unsigned long request, void *argument)
{
    struct drm_mode_create_dumb *create = argument;

    switch (request) {
    case DRM_IOCTL_MODE_CREATE_DUMB:
        ck_assert(create->bpp == 32 || create->bpp == 8);
        ck_assert_uint_le((size_t)PITCH_B * create->height, BUFFER_B);
        create->handle = ++card.last_handle;
        card.n_handles++;
        ck_assert_uint_le(create->handle, MAX_FBS);
        create->pitch = PITCH_B;
        create->size = BUFFER_B;
        return 0;
    case DRM_IOCTL_MODE_MAP_DUMB:
        ((struct drm_mode_map_dumb *)argument)->offset =
            ((struct drm_mode_map_dumb *)argument)->handle * BUFFER_B;
        return 0;
    case DRM_IOCTL_MODE_DESTROY_DUMB:
        card.n_handles--;
        return 0;
    case DRM_IOCTL_MODE_ATOMIC:
        return commit(argument);
    default:
        errno = EINVAL;
        return -1;
    }
}

int drmHandleEvent(int fd, drmEventContextPtr context)
{
    if (!card.flip_pending || card.no_flips)
        return 0;
    card.flip_pending = false;
    ck_assert_int_ge(context->version, 3);
    context->page_flip_handler2(fd, 1, (unsigned)(card.flip_us / 1000000),
                                (unsigned)(card.flip_us % 1000000), CRTC, card.flip_user);
    return 0;
}

static void put_in_front(const char *console)
{
    ck_assert_int_eq(pwrite(card.console_fd, console, strlen(console), 0), strlen(console));
}

static void insert_card(void)
{
    card = (struct card){ .fd = -1,
                          .connected = true,
                          .width_px = MODE_W_PX,
                          .height_px = MODE_H_PX,
                          .console_fd = memfd_create("console", MFD_CLOEXEC) };
    put_in_front("tty1\n");
    *value_of("type", DRM_MODE_OBJECT_PLANE) = DRM_PLANE_TYPE_PRIMARY;
}

/* The pixel that is on the screen. */
static uint32_t pixel(uint64_t fb, uint32_t x, uint32_t y)
{
    uint32_t value = 0;
    off_t at = (off_t)((fb - 1000) * BUFFER_B + (size_t)y * PITCH_B + (size_t)x * 4);

    ck_assert_int_eq(pread(card.fd, &value, sizeof(value), at), sizeof(value));
    return value & 0xffffff;
}

static void show_gray(struct rig *rig, uint8_t luma, uint64_t sequence)
{
    struct ar_frame *frame = ar_pool_take(rig->pool);

    ck_assert_ptr_nonnull(frame);
    ar_frame_fill(frame, (const uint8_t[3]){ luma, 128, 128 });
    frame->sequence = sequence;
    ar_display_show(rig->display, &frame);
}

static void start_screen(struct rig *rig)
{
    rig_init(rig);
    insert_card();
    ck_assert_int_eq(rig_start(rig, "kms", 64, 36, 30000, NULL), 0);
}

START_TEST(mode_is_set_on_the_whole_pipe)
{
    static const struct {
        uint32_t type;
        const char *name;
        uint64_t want;
    } wanted[] = {
        { DRM_MODE_OBJECT_CONNECTOR, "CRTC_ID", CRTC },
        { DRM_MODE_OBJECT_CRTC, "ACTIVE", 1 },
        { DRM_MODE_OBJECT_CRTC, "MODE_ID", 9 },
        { DRM_MODE_OBJECT_PLANE, "CRTC_ID", CRTC },
        { DRM_MODE_OBJECT_PLANE, "SRC_W", MODE_W_PX << 16 },
        { DRM_MODE_OBJECT_PLANE, "SRC_H", MODE_H_PX << 16 },
        { DRM_MODE_OBJECT_PLANE, "CRTC_W", MODE_W_PX },
        { DRM_MODE_OBJECT_PLANE, "CRTC_H", MODE_H_PX },
    };
    struct rig rig;

    start_screen(&rig);
    ck_assert_str_eq(ar_display_describe(rig.display),
                     "kms HDMI-A-2 200x150 at 60 Hz (/dev/dri/card1, paper)");
    for (size_t i = 0; i < AR_ARRAY_LEN(wanted); i++)
        ck_assert_uint_eq(*value_of(wanted[i].name, wanted[i].type), wanted[i].want);
    ck_assert_uint_eq(card.last_flags, DRM_MODE_ATOMIC_ALLOW_MODESET);
    ck_assert_int_eq(ar_display_shape(rig.display)->format, AR_FRAME_XRGB);
    rig_finish(&rig);
}
END_TEST

START_TEST(pictures_flip_between_two_buffers)
{
    const uint64_t *fb = value_of("FB_ID", DRM_MODE_OBJECT_PLANE);
    struct rig rig;
    uint64_t before;

    start_screen(&rig);
    for (uint64_t i = 0; i < 4; i++) {
        before = *fb;
        ck_assert(ar_display_ready(rig.display));
        show_gray(&rig, (uint8_t)(50 + i), i);
        ck_assert_uint_ne(*fb, before);
        ck_assert_uint_eq(card.last_flags, DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT);
        /* What is on the screen until the flip has not been touched. */
        ck_assert_uint_eq(pixel(before, 100, 75), i == 0 ? 0 : 0x010101 * (49 + i));
        ck_assert(!ar_display_ready(rig.display));
        ck_assert_uint_eq(rig.n_shown, i);
        card.flip_us = ar_clock_now_us() + 12345;
        ar_loop_run_once(rig.loop, 100000);
        ck_assert_uint_eq(rig.n_shown, i + 1);
        ck_assert_uint_eq(rig.shown[i].sequence, i);
        ck_assert_uint_eq(rig.shown[i].shown_us, card.flip_us);
    }
    rig_finish(&rig);
}
END_TEST

/* No vertical blanks, no time: the time of the event will do. */
START_TEST(times_are_never_before_the_picture)
{
    struct rig rig;
    uint64_t before_us;

    start_screen(&rig);
    before_us = ar_clock_now_us();
    show_gray(&rig, 1, 1);
    card.flip_us = 0;
    ar_loop_run_once(rig.loop, 100000);
    ck_assert_uint_eq(rig.n_shown, 1);
    ck_assert_uint_ge(rig.shown[0].shown_us, before_us);
    rig_finish(&rig);
}
END_TEST

/* 64x36 on 200x150: 200x113 from row 18 on. */
START_TEST(picture_is_letterboxed)
{
    const uint64_t *fb = value_of("FB_ID", DRM_MODE_OBJECT_PLANE);
    struct rig rig;

    start_screen(&rig);
    show_gray(&rig, 200, 0);
    for (uint32_t x = 0; x < PITCH_B / 4; x++)
        for (uint32_t y = 0; y < MODE_H_PX; y++)
            ck_assert_uint_eq(pixel(*fb, x, y),
                              x < MODE_W_PX && y >= 18 && y < 131 ? 0xc8c8c8 : 0);
    rig_finish(&rig);
}
END_TEST

static void expect_plane(uint32_t y_px, uint32_t height_px)
{
    ck_assert_uint_eq(*value_of("CRTC_X", DRM_MODE_OBJECT_PLANE), 0);
    ck_assert_uint_eq(*value_of("CRTC_Y", DRM_MODE_OBJECT_PLANE), y_px);
    ck_assert_uint_eq(*value_of("CRTC_W", DRM_MODE_OBJECT_PLANE), MODE_W_PX);
    ck_assert_uint_eq(*value_of("CRTC_H", DRM_MODE_OBJECT_PLANE), height_px);
}

/* A plane as a Raspberry Pi's: it takes the pictures as they are painted. */
START_TEST(plane_scales_and_converts)
{
    const uint64_t *fb = value_of("FB_ID", DRM_MODE_OBJECT_PLANE);
    struct rig rig;

    rig_init(&rig);
    insert_card();
    card.scales = true;
    card.yuv = true;
    card.hidden = _i == 1;
    ck_assert_int_eq(rig_start(&rig, "kms", 64, 36, 30000, NULL), 0);
    ck_assert_int_eq(ar_display_shape(rig.display)->format, AR_FRAME_NV12);
    ck_assert_int_eq(ar_display_shape(rig.display)->range, AR_FRAME_LIMITED);
    ck_assert_ptr_nonnull(
        strstr(ar_display_describe(rig.display), "NV12 scaled by the screen"));
    expect_plane(18, 113);
    ck_assert_uint_eq(*value_of("COLOR_ENCODING", DRM_MODE_OBJECT_PLANE), _i == 1 ? 0 : 5);
    ck_assert_uint_eq(*value_of("COLOR_RANGE", DRM_MODE_OBJECT_PLANE), _i == 1 ? 0 : 8);
    ck_assert_uint_eq(pixel(*fb, 0, 35) & 0xff, 16);
    ck_assert_uint_eq(pixel(*fb, 0, 36) & 0xff, 128);
    show_gray(&rig, 255, 1);
    ar_loop_run_once(rig.loop, 100000);
    ck_assert_uint_eq(rig.n_shown, 1);
    for (uint32_t y = 0; y < 54; y++) {
        ck_assert_uint_eq(pixel(*fb, 0, y) & 0xff, y < 36 ? 235 : 128);
        ck_assert_uint_eq(pixel(*fb, 15, y) >> 16, y < 36 ? 235 : 128);
    }
    rig_finish(&rig);
}
END_TEST

START_TEST(plane_scales)
{
    const uint64_t *fb = value_of("FB_ID", DRM_MODE_OBJECT_PLANE);
    struct rig rig;

    rig_init(&rig);
    insert_card();
    card.scales = true;
    ck_assert_int_eq(rig_start(&rig, "kms", 64, 36, 30000, NULL), 0);
    ck_assert_int_eq(ar_display_shape(rig.display)->format, AR_FRAME_XRGB);
    ck_assert_ptr_nonnull(strstr(ar_display_describe(rig.display), "Hz, scaled by the screen"));
    expect_plane(18, 113);
    show_gray(&rig, 200, 1);
    for (uint32_t x = 0; x < 80; x++)
        for (uint32_t y = 0; y < 40; y++)
            ck_assert_uint_eq(pixel(*fb, x, y), x < 64 && y < 36 ? 0xc8c8c8 : 0);
    rig_finish(&rig);
}
END_TEST

static void resize(struct rig *rig, uint32_t width_px, uint32_t height_px)
{
    const struct ar_display_source source = { .width_px = width_px,
                                              .height_px = height_px,
                                              .rate_millihz = 30000 };

    ck_assert_int_eq(ar_display_resize(rig->display, &source, NULL), 0);
    ar_pool_destroy(rig->pool);
    ck_assert_int_eq(ar_pool_create(&rig->pool, ar_display_shape(rig->display), 4), 0);
}

static const struct {
    bool
        scales; /* the plane; where it does not, only a picture of the screen's size can be its own */
    bool yuv;
    bool flying;             /* a flip is under way meanwhile */
    uint32_t n_sizes_before; /* of pictures that never came */
} resizings[] = {
    { .scales = false },
    { .scales = true },
    { .scales = true, .yuv = true },
    { .scales = true, .flying = true },
    { .scales = false, .n_sizes_before = 2 },
    { .scales = true, .n_sizes_before = 2 },
};

/* The last picture stays on the screen until the first one of the new size is there, and its buffer as long. */
START_TEST(pictures_get_another_size)
{
    const uint64_t *fb = value_of("FB_ID", DRM_MODE_OBJECT_PLANE);
    struct rig rig;
    uint64_t before;
    uint32_t n_commits;

    rig_init(&rig);
    insert_card();
    card.scales = resizings[_i].scales;
    card.yuv = resizings[_i].yuv;
    ck_assert_int_eq(rig_start(&rig, "kms", MODE_W_PX, MODE_H_PX, 30000, NULL), 0);
    show_gray(&rig, 100, 1);
    if (!resizings[_i].flying)
        ar_loop_run_once(rig.loop, 100000);
    before = *fb;
    n_commits = card.n_commits;
    for (uint32_t i = 0; i < resizings[_i].n_sizes_before; i++)
        resize(&rig, 32 + 2 * i, 18);
    resize(&rig, 64, 36);
    if (resizings[_i].flying)
        ar_loop_run_once(rig.loop, 100000);
    ck_assert_uint_eq(card.n_commits, n_commits);
    ck_assert_uint_eq(*fb, before);
    ck_assert_uint_eq(card.n_fbs, 4);

    for (uint32_t i = 2; i < 5; i++) {
        ck_assert_uint_eq(card.n_fbs, i == 2 ? 4 : 2);
        show_gray(&rig, 200, i);
        ck_assert_uint_ne(*fb, before);
        ck_assert_uint_eq(card.last_flags, DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT);
        ar_loop_run_once(rig.loop, 100000);
        ck_assert_uint_eq(rig.n_shown, i);
    }
    if (card.scales)
        expect_plane(18, 113);
    else
        for (uint32_t y = 0; y < MODE_H_PX; y++)
            ck_assert_uint_eq(pixel(*fb, 100, y), y >= 18 && y < 131 ? 0xc8c8c8 : 0);
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);
    ck_assert_uint_eq(card.n_fbs, 0);
    ck_assert_uint_eq(card.n_handles, 0);
    rig_finish(&rig);
}
END_TEST

/* It ends between the two, or the screen gets another mode. */
START_TEST(pictures_of_another_size_never_come)
{
    struct rig rig;

    rig_init(&rig);
    insert_card();
    ck_assert_int_eq(rig_start(&rig, "kms", MODE_W_PX, MODE_H_PX, 30000, NULL), 0);
    resize(&rig, 64, 36);
    ck_assert_uint_eq(card.n_fbs, 4);
    if (_i == 1) {
        plug(&rig, true, 160, 120);
        ck_assert_uint_eq(card.n_fbs, 2);
    }
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);
    ck_assert_uint_eq(card.n_fbs, 0);
    rig_finish(&rig);
}
END_TEST

/* The frames stay as they were at the start: a screen that cannot take them any more is the end. */
START_TEST(format_is_for_good)
{
    struct rig rig;

    rig_init(&rig);
    insert_card();
    card.scales = true;
    card.yuv = true;
    ck_assert_int_eq(rig_start(&rig, "kms", 64, 36, 30000, NULL), 0);
    put_in_front("tty2\n");
    rig_run(&rig, 400000);
    card.yuv = false;
    put_in_front("tty1\n");
    rig_run(&rig, 400000);
    ck_assert_uint_eq(rig.n_failed, 1);
    rig_finish(&rig);
}
END_TEST

START_TEST(stop_waits_restores_and_frees)
{
    struct rig rig;

    start_screen(&rig);
    ck_assert_uint_eq(card.n_blobs, 0);
    ck_assert_uint_eq(card.n_fbs, 2);
    show_gray(&rig, 1, 1);
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);
    ck_assert_uint_eq(rig.n_shown, 1);
    ck_assert(card.restored);
    ck_assert_uint_eq(card.n_fbs, 0);
    ck_assert_uint_eq(card.n_handles, 0);
    ck_assert(!is_open());
    rig_finish(&rig);
}
END_TEST

START_TEST(busy_drops_one_picture)
{
    struct rig rig;

    start_screen(&rig);
    card.commit_errno = EBUSY;
    show_gray(&rig, 1, 1);
    ck_assert_uint_eq(rig.n_failed, 0);
    card.commit_errno = 0;
    show_gray(&rig, 2, 2);
    ar_loop_run_once(rig.loop, 100000);
    ck_assert_uint_eq(rig.n_shown, 1);
    ck_assert_uint_eq(rig.shown[0].sequence, 2);
    rig_finish(&rig);
}
END_TEST

START_TEST(refusal_is_told_once)
{
    struct rig rig;

    start_screen(&rig);
    card.commit_errno = EINVAL;
    show_gray(&rig, 1, 1);
    show_gray(&rig, 2, 2);
    ck_assert_uint_eq(rig.n_failed, 1);
    ck_assert_msg(strstr(rig.why, "cannot show a picture"), "%s", rig.why);
    rig_finish(&rig);
}
END_TEST

static void expect_away(struct rig *rig, enum ar_display_state state, uint64_t sequence)
{
    const uint32_t n_unseen = rig->n_unseen;

    ck_assert_int_eq(ar_display_condition(rig->display)->state, state);
    ck_assert_ptr_nonnull(
        strstr(ar_display_describe(rig->display), ar_display_state_name(state)));
    ck_assert_uint_eq(ar_display_refresh_millihz(rig->display), 0);
    ck_assert(!is_open());
    ck_assert_uint_eq(card.n_fbs, 0);
    show_gray(rig, 1, sequence);
    ck_assert_uint_eq(rig->n_unseen, n_unseen + 1);
    ck_assert_uint_eq(rig->n_failed, 0);
}

static void expect_back(struct rig *rig, uint32_t n_resumed, uint64_t sequence)
{
    const uint32_t n_shown = rig->n_shown;

    ck_assert_int_eq(ar_display_condition(rig->display)->state, AR_DISPLAY_UP);
    ck_assert_uint_eq(ar_display_condition(rig->display)->n_resumed, n_resumed);
    ck_assert_ptr_nonnull(
        strstr(ar_display_describe(rig->display), "kms HDMI-A-2 200x150 at 60 Hz"));
    show_gray(rig, 200, sequence);
    ar_loop_run_once(rig->loop, 100000);
    ck_assert_uint_eq(rig->n_shown, n_shown + 1);
    ck_assert_uint_eq(rig->shown[n_shown].sequence, sequence);
    ck_assert_uint_eq(pixel(*value_of("FB_ID", DRM_MODE_OBJECT_PLANE), 100, 75), 0xc8c8c8);
}

#define TRIED_AGAIN_US 400000

/* The kernel cannot show another console's text while we have the screen. */
START_TEST(another_console_comes_to_the_front)
{
    struct rig rig;

    start_screen(&rig);
    for (uint32_t turn = 1; turn <= 2; turn++) {
        card.restored = false;
        put_in_front("tty2\n");
        rig_run(&rig, TRIED_AGAIN_US);
        ck_assert(card.restored);
        expect_away(&rig, AR_DISPLAY_BEHIND, 10 * turn);
        put_in_front("tty1\n");
        rig_run(&rig, TRIED_AGAIN_US);
        expect_back(&rig, turn, 10 * turn + 1);
    }
    ck_assert_uint_eq(rig.n_changed, 4);
    rig_finish(&rig);
}
END_TEST

START_TEST(another_program_takes_the_screen)
{
    struct rig rig;

    start_screen(&rig);
    card.commit_errno = EACCES;
    card.others_master = true;
    show_gray(&rig, 1, 1);
    card.commit_errno = 0;
    expect_away(&rig, AR_DISPLAY_TAKEN, 2);
    rig_run(&rig, TRIED_AGAIN_US);
    expect_away(&rig, AR_DISPLAY_TAKEN, 3);
    card.others_master = false;
    rig_run(&rig, TRIED_AGAIN_US);
    expect_back(&rig, 1, 4);
    rig_finish(&rig);
}
END_TEST

static void leave_desktop(void)
{
    unsetenv("DISPLAY");         /* NOLINT(concurrency-mt-unsafe): one thread */
    unsetenv("WAYLAND_DISPLAY"); /* NOLINT(concurrency-mt-unsafe) */
}

static const struct {
    const char *output;
    struct card change;
    enum ar_display_state state;
    const char *describe;
} awaited[] = {
    { "kms", { .connected = true, .others_master = true }, AR_DISPLAY_TAKEN, "kms taken" },
    { "auto", { .connected = true, .others_master = true }, AR_DISPLAY_TAKEN, "kms taken" },
    { "kms", { .connected = false }, AR_DISPLAY_UNPLUGGED, "kms unplugged" },
    { "auto", { .connected = false }, AR_DISPLAY_UNPLUGGED, "kms unplugged" },
    { "kms:HDMI-A-2", { .connected = false }, AR_DISPLAY_UNPLUGGED, "kms HDMI-A-2 unplugged" },
};

START_TEST(screen_that_is_not_there_at_the_start_is_waited_for)
{
    struct rig rig;

    rig_init(&rig);
    insert_card();
    leave_desktop();
    rig.patient = true;
    card.connected = awaited[_i].change.connected;
    card.others_master = awaited[_i].change.others_master;
    ck_assert_int_eq(rig_start(&rig, awaited[_i].output, 64, 36, 30000, NULL), 0);
    ck_assert_str_eq(ar_display_describe(rig.display), awaited[_i].describe);
    expect_away(&rig, awaited[_i].state, 1);
    rig_run(&rig, TRIED_AGAIN_US);
    expect_away(&rig, awaited[_i].state, 2);
    card.connected = true;
    card.others_master = false;
    rig_run(&rig, TRIED_AGAIN_US);
    expect_back(&rig, 1, 3);
    rig_finish(&rig);
}
END_TEST

START_TEST(card_goes_and_comes_back)
{
    struct rig rig;

    start_screen(&rig);
    card.commit_errno = ENODEV;
    card.open_errno = ENOENT;
    show_gray(&rig, 1, 1);
    card.commit_errno = 0;
    rig_run(&rig, TRIED_AGAIN_US);
    expect_away(&rig, AR_DISPLAY_GONE, 2);
    card.open_errno = 0;
    rig_run(&rig, TRIED_AGAIN_US);
    expect_back(&rig, 1, 3);
    rig_finish(&rig);
}
END_TEST

/* Behind another console, the screen is unplugged: back in front it is waited for. */
START_TEST(screen_is_unplugged_unnoticed)
{
    struct rig rig;

    start_screen(&rig);
    put_in_front("tty2\n");
    rig_run(&rig, TRIED_AGAIN_US);
    card.connected = false;
    put_in_front("tty1\n");
    rig_run(&rig, TRIED_AGAIN_US);
    expect_away(&rig, AR_DISPLAY_UNPLUGGED, 1);
    card.connected = true;
    rig_run(&rig, TRIED_AGAIN_US);
    expect_back(&rig, 1, 2);
    rig_finish(&rig);
}
END_TEST

START_TEST(flip_that_never_comes_sets_the_mode_again)
{
    struct rig rig;
    uint32_t n_commits;

    start_screen(&rig);
    card.no_flips = true;
    show_gray(&rig, 1, 1);
    n_commits = card.n_commits;
    rig_run(&rig, 700000);
    ck_assert_uint_eq(card.n_commits, n_commits);
    ck_assert(!ar_display_ready(rig.display));
    rig_run(&rig, 800000);
    ck_assert_uint_eq(card.n_commits, n_commits + 1);
    ck_assert_uint_eq(card.last_flags, DRM_MODE_ATOMIC_ALLOW_MODESET);
    ck_assert_uint_eq(ar_display_condition(rig.display)->n_stalled, 1);
    ck_assert_uint_eq(rig.n_shown, 0);
    card.no_flips = false;
    expect_back(&rig, 0, 2);
    ck_assert_uint_eq(card.n_fbs, 2);
    ck_assert_uint_eq(rig.n_failed, 0);
    rig_finish(&rig);
}
END_TEST

/* Unplugged, pictures go nowhere and nothing is committed; plugged in again, all is set up for the new screen. */
START_TEST(screen_goes_and_another_comes)
{
    const uint64_t *fb = value_of("FB_ID", DRM_MODE_OBJECT_PLANE);
    struct rig rig;
    uint32_t n_commits;

    start_screen(&rig);
    show_gray(&rig, 100, 1);
    card.connected = false;
    plug(&rig, false, MODE_W_PX, MODE_H_PX);
    ar_loop_run_once(rig.loop, 100000);
    ck_assert_uint_eq(rig.n_shown, 1);
    ck_assert_uint_eq(rig.n_changed, 1);
    ck_assert_ptr_nonnull(strstr(ar_display_describe(rig.display), "HDMI-A-2 unplugged"));
    n_commits = card.n_commits;
    show_gray(&rig, 100, 2);
    show_gray(&rig, 100, 3);
    ck_assert_uint_eq(card.n_commits, n_commits);
    ck_assert_uint_eq(rig.n_unseen, 2);

    plug(&rig, true, 160, 120);
    ck_assert_uint_eq(rig.n_changed, 2);
    ck_assert_ptr_nonnull(strstr(ar_display_describe(rig.display), "HDMI-A-2 160x120"));
    ck_assert_uint_eq(card.last_flags, DRM_MODE_ATOMIC_ALLOW_MODESET);
    ck_assert_uint_eq(*value_of("CRTC_W", DRM_MODE_OBJECT_PLANE), 160);
    ck_assert_uint_eq(card.n_fbs, 2);
    ck_assert_uint_eq(pixel(*fb, 80, 60), 0);
    show_gray(&rig, 200, 4);
    ar_loop_run_once(rig.loop, 100000);
    ck_assert_uint_eq(rig.n_shown, 2);
    ck_assert_uint_eq(pixel(*fb, 80, 60), 0xc8c8c8);
    ck_assert_uint_eq(pixel(*fb, 80, 2), 0);
    ck_assert_uint_eq(rig.n_failed, 0);
    rig_finish(&rig);
}
END_TEST

/* Whoever asks for no connector in particular gets the picture wherever the cable is plugged in; whoever names one waits. */
START_TEST(cable_goes_into_another_connector)
{
    const bool named = _i == 1;
    struct rig rig;

    rig_init(&rig);
    insert_card();
    ck_assert_int_eq(rig_start(&rig, named ? "kms:HDMI-A-2" : "kms", 64, 36, 30000, NULL), 0);
    plug(&rig, false, MODE_W_PX, MODE_H_PX);
    ck_assert_ptr_nonnull(strstr(ar_display_describe(rig.display), "HDMI-A-2 unplugged"));
    card.other_connected = true;
    plug(&rig, false, 160, 120);
    if (named) {
        rig_run(&rig, TRIED_AGAIN_US);
        ck_assert_ptr_nonnull(strstr(ar_display_describe(rig.display), "HDMI-A-2 unplugged"));
    } else {
        ck_assert_ptr_nonnull(strstr(ar_display_describe(rig.display), "HDMI-A-1 160x120"));
        ck_assert_uint_eq(card.n_fbs, 2);
        show_gray(&rig, 200, 2);
        ar_loop_run_once(rig.loop, 100000);
        ck_assert_uint_eq(rig.n_shown, 1);
        ck_assert_uint_eq(pixel(*value_of("FB_ID", DRM_MODE_OBJECT_PLANE), 80, 60), 0xc8c8c8);
    }
    rig_finish(&rig);
}
END_TEST

/* Some other screen has come or gone: nothing changes. */
START_TEST(screen_stays)
{
    struct rig rig;
    uint32_t n_commits;

    start_screen(&rig);
    n_commits = card.n_commits;
    plug(&rig, true, MODE_W_PX, MODE_H_PX);
    ck_assert_uint_eq(card.n_commits, n_commits);
    ck_assert_uint_eq(rig.n_changed, 0);
    rig_finish(&rig);
}
END_TEST

static const struct {
    struct card change;
    const char *output;
    int ret;
    const char *part_of_reason;
} troubles[] = {
    { { .connected = true }, "kms:DP-1", -ENODEV, "no such connector; there are HDMI-A-2" },
    { { .connected = true, .open_errno = EACCES }, "kms", -EACCES, "group video" },
    { { .connected = true, .open_errno = ENOENT }, "kms", -ENODEV, "no graphics card" },
    { { .connected = true, .no_atomic = true }, "kms", -ENOTSUP, "no atomic mode setting" },
    { { .connected = true, .lacks = "SRC_W" }, "kms", -ENOTSUP, "no property SRC_W" },
    { { .connected = true, .lacks = "type" }, "kms", -ENOTSUP, "no plane takes XRGB8888" },
    { { .connected = true, .commit_errno = EINVAL }, "kms", -EINVAL, "cannot set the mode" },
};

START_TEST(trouble_is_explained)
{
    struct ar_reason reason = { "" };
    struct rig rig;

    rig_init(&rig);
    insert_card();
    card.connected = troubles[_i].change.connected;
    card.open_errno = troubles[_i].change.open_errno;
    card.no_atomic = troubles[_i].change.no_atomic;
    card.lacks = troubles[_i].change.lacks;
    card.commit_errno = troubles[_i].change.commit_errno;
    ck_assert_int_eq(rig_start(&rig, troubles[_i].output, 64, 36, 30000, &reason),
                     troubles[_i].ret);
    ck_assert_msg(strstr(reason.text, troubles[_i].part_of_reason), "%s", reason.text);
    ck_assert_uint_eq(card.n_fbs, 0);
    ck_assert_uint_eq(card.n_handles, 0);
    ck_assert_uint_eq(card.n_blobs, 0);
    ck_assert(!is_open());
    rig_finish(&rig);
}
END_TEST

START_TEST(automatic_on_a_bare_terminal)
{
    struct rig rig;

    rig_init(&rig);
    insert_card();
    leave_desktop();
    ck_assert_int_eq(rig_start(&rig, "auto", 64, 36, 30000, NULL), 0);
    ck_assert_msg(strstr(ar_display_describe(rig.display), "kms HDMI-A-2"), "%s",
                  ar_display_describe(rig.display));
    rig_finish(&rig);
}
END_TEST

static const struct {
    struct card change;
    const char *reason;
} nothing[] = {
    { { .connected = false }, "no screen: kms: no screen is plugged in" },
    { { .connected = true, .others_master = true }, "another program draws on the screen" },
};

START_TEST(nothing_on_a_bare_terminal)
{
    struct rig rig;
    struct ar_reason reason = { "" };

    rig_init(&rig);
    insert_card();
    card.connected = nothing[_i].change.connected;
    card.others_master = nothing[_i].change.others_master;
    leave_desktop();
    ck_assert_int_eq(rig_start(&rig, "auto", 64, 36, 30000, &reason), -ENODEV);
    ck_assert_msg(strstr(reason.text, nothing[_i].reason), "%s", reason.text);
    rig_finish(&rig);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("display_kms_screen");
    TCase *tcase = tcase_create("screen");

    tcase_add_test(tcase, mode_is_set_on_the_whole_pipe);
    tcase_add_test(tcase, pictures_flip_between_two_buffers);
    tcase_add_test(tcase, times_are_never_before_the_picture);
    tcase_add_test(tcase, picture_is_letterboxed);
    tcase_add_loop_test(tcase, plane_scales_and_converts, 0, 2);
    tcase_add_test(tcase, plane_scales);
    tcase_add_loop_test(tcase, pictures_get_another_size, 0, AR_ARRAY_LEN(resizings));
    tcase_add_loop_test(tcase, pictures_of_another_size_never_come, 0, 2);
    tcase_add_test(tcase, format_is_for_good);
    tcase_add_test(tcase, stop_waits_restores_and_frees);
    tcase_add_test(tcase, busy_drops_one_picture);
    tcase_add_test(tcase, refusal_is_told_once);
    tcase_add_test(tcase, another_console_comes_to_the_front);
    tcase_add_test(tcase, another_program_takes_the_screen);
    tcase_add_loop_test(tcase, screen_that_is_not_there_at_the_start_is_waited_for, 0,
                        AR_ARRAY_LEN(awaited));
    tcase_add_test(tcase, card_goes_and_comes_back);
    tcase_add_test(tcase, screen_is_unplugged_unnoticed);
    tcase_add_test(tcase, flip_that_never_comes_sets_the_mode_again);
    tcase_add_test(tcase, screen_goes_and_another_comes);
    tcase_add_loop_test(tcase, cable_goes_into_another_connector, 0, 2);
    tcase_add_test(tcase, screen_stays);
    tcase_add_loop_test(tcase, trouble_is_explained, 0, AR_ARRAY_LEN(troubles));
    tcase_add_test(tcase, automatic_on_a_bare_terminal);
    tcase_add_loop_test(tcase, nothing_on_a_bare_terminal, 0, AR_ARRAY_LEN(nothing));
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
