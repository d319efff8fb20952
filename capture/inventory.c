/* SPDX-License-Identifier: MIT */
#include "capture/inventory.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include <linux/videodev2.h>

#include "capture/devices.h"
#include "capture/v4l2_control.h"
#include "capture/v4l2_format.h"
#include "capture/v4l2_io.h"
#include "capture/v4l2_kind.h"

/* More than any driver has: a list that does not end is left there. */
#define ENUM_MAX 256

#define PATH_W  12
#define LABEL_W 10

/* The label stands on the first line only. */
struct column {
    FILE *out;
    const char *label;
};

static void begin_line(struct column *column)
{
    fprintf(column->out, "  %-*s", LABEL_W, column->label);
    column->label = "";
}

static void print_hertz(FILE *out, struct v4l2_fract interval)
{
    fprintf(out, "%.5g", ar_v4l2_rate_millihz(interval) / 1000.0);
}

static void print_rates(const struct ar_v4l2_io *io, FILE *out, uint32_t fourcc,
                        uint32_t width_px, uint32_t height_px)
{
    struct v4l2_frmivalenum entry = { .pixel_format = fourcc,
                                      .width = width_px,
                                      .height = height_px };

    for (; entry.index < ENUM_MAX; entry.index++) {
        if (ar_v4l2_io_call(io, VIDIOC_ENUM_FRAMEINTERVALS, &entry) < 0)
            break;
        fputs(entry.index == 0 ? " at " : ", ", out);
        if (entry.type != V4L2_FRMIVAL_TYPE_DISCRETE) {
            print_hertz(out, entry.stepwise.max);
            fputs("..", out);
            print_hertz(out, entry.stepwise.min);
            entry.index++;
            break;
        }
        print_hertz(out, entry.discrete);
    }
    fputs(entry.index > 0 ? " fps\n" : "\n", out);
}

static void print_sizes(const struct ar_v4l2_io *io, struct column *column, uint32_t fourcc)
{
    struct v4l2_frmsizeenum entry = { .pixel_format = fourcc };

    for (; entry.index < ENUM_MAX; entry.index++) {
        const struct v4l2_frmsize_stepwise *range = &entry.stepwise;

        if (ar_v4l2_io_call(io, VIDIOC_ENUM_FRAMESIZES, &entry) < 0)
            break;
        begin_line(column);
        if (entry.type != V4L2_FRMSIZE_TYPE_DISCRETE) {
            fprintf(column->out, "%ux%u..%ux%u", range->min_width, range->min_height,
                    range->max_width, range->max_height);
            print_rates(io, column->out, fourcc, range->max_width, range->max_height);
            return;
        }
        fprintf(column->out, "%ux%u", entry.discrete.width, entry.discrete.height);
        print_rates(io, column->out, fourcc, entry.discrete.width, entry.discrete.height);
    }
    if (entry.index == 0) {
        begin_line(column);
        fputs("any size\n", column->out);
    }
}

static void print_formats(const struct ar_v4l2_io *io, uint32_t type, FILE *out)
{
    struct v4l2_fmtdesc entry = { .type = type };

    for (; entry.index < ENUM_MAX; entry.index++) {
        const struct ar_v4l2_format *format;
        struct column column = { .out = out };
        char name[5];

        if (ar_v4l2_io_call(io, VIDIOC_ENUM_FMT, &entry) < 0)
            return;
        format = ar_v4l2_format_find(entry.pixelformat);
        ar_v4l2_fourcc_text(name, entry.pixelformat);
        column.label = format ? format->name : name;
        if (format) {
            print_sizes(io, &column, entry.pixelformat);
        } else {
            begin_line(&column);
            fputs("not read by ar-daemon\n", out);
        }
    }
}

static void print_controls(const struct ar_v4l2_io *io, FILE *out)
{
    struct ar_v4l2_control control = { .id = 0 };
    struct column column = { .out = out, .label = "controls" };

    while (ar_v4l2_control_next(io, control.id, &control) == 0) {
        char takes[240];
        int64_t now;

        ar_v4l2_control_describe(io, &control, takes, sizeof(takes));
        begin_line(&column);
        fprintf(out, "%-28s %s", control.name, takes);
        if (control.flags & V4L2_CTRL_FLAG_READ_ONLY)
            fputs(", read only", out);
        if (control.type != V4L2_CTRL_TYPE_BUTTON &&
            ar_v4l2_control_get(io, &control, &now) == 0)
            fprintf(out, ", default %" PRId64 ", now %" PRId64, control.fallback, now);
        fputc('\n', out);
    }
}

static void print_camera(const struct ar_device *device, FILE *out)
{
    struct v4l2_capability capability = { .capabilities = 0 };
    struct ar_v4l2_io io;

    if (ar_v4l2_io_open(&io, device->path) < 0)
        return;
    if (ar_v4l2_io_call(&io, VIDIOC_QUERYCAP, &capability) == 0) {
        print_formats(&io, ar_v4l2_buffer_type(&capability), out);
        print_controls(&io, out);
    }
    ar_v4l2_io_close(&io);
}

static const char *role_of(const struct ar_device *device)
{
    if (device->capture)
        return "camera";
    return device->sensor ? "sensor" : "output";
}

static void print_device(const struct ar_device *device, FILE *out)
{
    struct column names = { .out = out, .label = "names" };
    const char *const links[] = { device->by_id, device->by_path };

    fprintf(out, "%-*s %s  %s\n", PATH_W, device->path, role_of(device),
            device->card[0] != '\0' ? device->card : "(may not be opened)");
    for (size_t i = 0; i < 2; i++)
        if (links[i][0] != '\0') {
            begin_line(&names);
            fprintf(out, "%s\n", links[i]);
        }
    if (device->capture)
        print_camera(device, out);
    if (device->sensor)
        fputs("  raw sensor data: start ar-daemon through libcamerify\n", out);
}

int ar_inventory_print(FILE *out)
{
    struct ar_device devices[AR_DEVICES_MAX];
    const int n_devices = ar_devices_list(devices, AR_DEVICES_MAX);

    if (n_devices == 0)
        fputs("no cameras and no video outputs\n", out);
    for (int i = 0; i < n_devices; i++)
        print_device(&devices[i], out);
    return n_devices < 0 ? n_devices : 0;
}
