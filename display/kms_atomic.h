/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Atomic mode setting on one pipe: a connector, a CRTC and a plane.
 *
 * A request is a list of properties that change together. Adding never fails: the first error
 * sticks, and commit gives it back. Nothing is allocated after init. One thread.
 */

enum ar_kms_object {
    AR_KMS_CONNECTOR,
    AR_KMS_CRTC,
    AR_KMS_PLANE,
    AR_KMS_N_OBJECTS,
};

enum ar_kms_property {
    AR_KMS_CONNECTOR_CRTC_ID,
    AR_KMS_CRTC_ACTIVE,
    AR_KMS_CRTC_MODE_ID,
    AR_KMS_PLANE_FB_ID,
    AR_KMS_PLANE_CRTC_ID,
    AR_KMS_PLANE_SRC_X, /* SRC_*: 16.16 */
    AR_KMS_PLANE_SRC_Y,
    AR_KMS_PLANE_SRC_W,
    AR_KMS_PLANE_SRC_H,
    AR_KMS_PLANE_CRTC_X,
    AR_KMS_PLANE_CRTC_Y,
    AR_KMS_PLANE_CRTC_W,
    AR_KMS_PLANE_CRTC_H,
    AR_KMS_PLANE_COLOR_ENCODING, /* these two: choices, which a driver may lack */
    AR_KMS_PLANE_COLOR_RANGE,
    AR_KMS_N_PROPERTIES,
};

struct ar_kms_pipe {
    int fd; /* borrowed */
    uint32_t objects[AR_KMS_N_OBJECTS];
    uint32_t properties[AR_KMS_N_PROPERTIES]; /* the driver's number for each; 0: it has none */
    uint64_t choices[AR_KMS_N_PROPERTIES]; /* and for the value of a choice: BT.601, limited */
};

/* Asks the driver for the numbers of all properties. -ENOTSUP when it lacks one that it must have, named in *missing. */
int ar_kms_pipe_init(struct ar_kms_pipe *pipe, int fd, uint32_t connector, uint32_t crtc,
                     uint32_t plane, const char **missing);

struct ar_kms_atomic {
    int err;
    uint64_t values[AR_KMS_N_PROPERTIES];
    bool present[AR_KMS_N_PROPERTIES];
};

/* Starts from a request that is all zeros. Each property once. */
void ar_kms_atomic_add(struct ar_kms_atomic *atomic, const struct ar_kms_pipe *pipe,
                       enum ar_kms_property property, uint64_t value);

/* A choice with its one value; nothing when the driver does not let us choose. */
void ar_kms_atomic_choose(struct ar_kms_atomic *atomic, const struct ar_kms_pipe *pipe,
                          enum ar_kms_property property);

/* flags: DRM_MODE_ATOMIC_*, DRM_MODE_PAGE_FLIP_EVENT; user comes back with the event. */
int ar_kms_atomic_commit(const struct ar_kms_atomic *atomic, const struct ar_kms_pipe *pipe,
                         uint32_t flags, void *user);

/* The value of one property by name; false when the object has none of this name. */
bool ar_kms_get_property(int fd, uint32_t object, uint32_t object_type, const char *name,
                         uint32_t *property, uint64_t *value);
