/* SPDX-License-Identifier: MIT */
#include "display/kms_atomic.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "base/macros.h"

static const uint32_t object_types[] = {
    [AR_KMS_CONNECTOR] = DRM_MODE_OBJECT_CONNECTOR,
    [AR_KMS_CRTC] = DRM_MODE_OBJECT_CRTC,
    [AR_KMS_PLANE] = DRM_MODE_OBJECT_PLANE,
};
static_assert(AR_ARRAY_LEN(object_types) == AR_KMS_N_OBJECTS, "a type for each object");

/* Properties of one object stand together: the kernel wants them so. */
static const struct {
    enum ar_kms_object object;
    const char *name;
    const char *choice; /* the value's name; NULL: a number */
} properties[] = {
    [AR_KMS_CONNECTOR_CRTC_ID] = { AR_KMS_CONNECTOR, "CRTC_ID" },
    [AR_KMS_CRTC_ACTIVE] = { AR_KMS_CRTC, "ACTIVE" },
    [AR_KMS_CRTC_MODE_ID] = { AR_KMS_CRTC, "MODE_ID" },
    [AR_KMS_PLANE_FB_ID] = { AR_KMS_PLANE, "FB_ID" },
    [AR_KMS_PLANE_CRTC_ID] = { AR_KMS_PLANE, "CRTC_ID" },
    [AR_KMS_PLANE_SRC_X] = { AR_KMS_PLANE, "SRC_X" },
    [AR_KMS_PLANE_SRC_Y] = { AR_KMS_PLANE, "SRC_Y" },
    [AR_KMS_PLANE_SRC_W] = { AR_KMS_PLANE, "SRC_W" },
    [AR_KMS_PLANE_SRC_H] = { AR_KMS_PLANE, "SRC_H" },
    [AR_KMS_PLANE_CRTC_X] = { AR_KMS_PLANE, "CRTC_X" },
    [AR_KMS_PLANE_CRTC_Y] = { AR_KMS_PLANE, "CRTC_Y" },
    [AR_KMS_PLANE_CRTC_W] = { AR_KMS_PLANE, "CRTC_W" },
    [AR_KMS_PLANE_CRTC_H] = { AR_KMS_PLANE, "CRTC_H" },
    [AR_KMS_PLANE_COLOR_ENCODING] = { AR_KMS_PLANE, "COLOR_ENCODING", "ITU-R BT.601 YCbCr" },
    [AR_KMS_PLANE_COLOR_RANGE] = { AR_KMS_PLANE, "COLOR_RANGE", "YCbCr limited range" },
};
static_assert(AR_ARRAY_LEN(properties) == AR_KMS_N_PROPERTIES, "a name for each property");

bool ar_kms_get_property(int fd, uint32_t object, uint32_t object_type, const char *name,
                         uint32_t *property, uint64_t *value)
{
    drmModeObjectProperties *all = drmModeObjectGetProperties(fd, object, object_type);
    bool found = false;

    for (uint32_t i = 0; all && i < all->count_props && !found; i++) {
        drmModePropertyRes *one = drmModeGetProperty(fd, all->props[i]);

        found = one && strcmp(one->name, name) == 0;
        if (found) {
            *property = all->props[i];
            *value = all->prop_values[i];
        }
        drmModeFreeProperty(one);
    }
    drmModeFreeObjectProperties(all);
    return found;
}

static bool find_choice(int fd, uint32_t property, const char *name, uint64_t *value)
{
    drmModePropertyRes *all = drmModeGetProperty(fd, property);
    bool found = false;

    for (int i = 0; all && i < all->count_enums && !found; i++) {
        found = strcmp(all->enums[i].name, name) == 0;
        *value = all->enums[i].value;
    }
    drmModeFreeProperty(all);
    return found;
}

int ar_kms_pipe_init(struct ar_kms_pipe *pipe, int fd, uint32_t connector, uint32_t crtc,
                     uint32_t plane, const char **missing)
{
    uint64_t value;

    *pipe = (struct ar_kms_pipe){ .fd = fd,
                                  .objects = { [AR_KMS_CONNECTOR] = connector,
                                               [AR_KMS_CRTC] = crtc,
                                               [AR_KMS_PLANE] = plane } };
    for (size_t i = 0; i < AR_KMS_N_PROPERTIES; i++) {
        enum ar_kms_object object = properties[i].object;
        const char *choice = properties[i].choice;
        bool found = ar_kms_get_property(fd, pipe->objects[object], object_types[object],
                                         properties[i].name, &pipe->properties[i], &value);

        *missing = properties[i].name;
        if (!found && !choice)
            return -ENOTSUP;
        if (found && choice && !find_choice(fd, pipe->properties[i], choice, &pipe->choices[i]))
            pipe->properties[i] = 0;
    }
    *missing = NULL;
    return 0;
}

void ar_kms_atomic_add(struct ar_kms_atomic *atomic, const struct ar_kms_pipe *pipe,
                       enum ar_kms_property property, uint64_t value)
{
    if (atomic->err < 0)
        return;
    if (pipe->properties[property] == 0) {
        atomic->err = -ENOTSUP;
        return;
    }
    assert(!atomic->present[property]);
    atomic->present[property] = true;
    atomic->values[property] = value;
}

void ar_kms_atomic_choose(struct ar_kms_atomic *atomic, const struct ar_kms_pipe *pipe,
                          enum ar_kms_property property)
{
    if (pipe->properties[property] != 0)
        ar_kms_atomic_add(atomic, pipe, property, pipe->choices[property]);
}

/* The ioctl itself: libdrm's wrapper allocates, and flips are on the frame path. */
int ar_kms_atomic_commit(const struct ar_kms_atomic *atomic, const struct ar_kms_pipe *pipe,
                         uint32_t flags, void *user)
{
    uint32_t objects[AR_KMS_N_OBJECTS];
    uint32_t counts[AR_KMS_N_OBJECTS] = { 0 };
    uint32_t ids[AR_KMS_N_PROPERTIES];
    uint64_t values[AR_KMS_N_PROPERTIES];
    uint32_t n_objects = 0;
    uint32_t n_values = 0;

    if (atomic->err < 0)
        return atomic->err;
    for (size_t i = 0; i < AR_KMS_N_PROPERTIES; i++) {
        uint32_t object = pipe->objects[properties[i].object];

        if (!atomic->present[i])
            continue;
        if (n_objects == 0 || objects[n_objects - 1] != object)
            objects[n_objects++] = object;
        counts[n_objects - 1]++;
        ids[n_values] = pipe->properties[i];
        values[n_values++] = atomic->values[i];
    }

    struct drm_mode_atomic request = {
        .flags = flags,
        .count_objs = n_objects,
        .objs_ptr = (uintptr_t)objects,
        .count_props_ptr = (uintptr_t)counts,
        .props_ptr = (uintptr_t)ids,
        .prop_values_ptr = (uintptr_t)values,
        .user_data = (uintptr_t)user,
    };

    return drmIoctl(pipe->fd, DRM_IOCTL_MODE_ATOMIC, &request) < 0 ? -errno : 0;
}
