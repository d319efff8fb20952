/* SPDX-License-Identifier: MIT */
#include "display/kms_card.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "display/kms_atomic.h"

#define TAG "kms"

#define MAX_CARDS 16

/* What was seen on the way, for the words when there is no screen in the end. */
struct search {
    const char *wanted; /* connector; NULL: any */
    bool known;         /* such a connector is there */
    char seen[160];     /* names of connectors */
    int ret;            /* of the first card that failed where another might not; 0: none did */
    struct ar_reason reason;
};

static void note_connector(struct search *search, const char *name, bool connected)
{
    size_t used = strlen(search->seen);

    snprintf(search->seen + used, sizeof(search->seen) - used, "%s%s%s", used > 0 ? ", " : "",
             name, connected ? "" : " (nothing plugged in)");
}

static bool has_screen(const struct search *search, const drmModeConnector *connector)
{
    /* Some analog connectors cannot tell: whoever names one gets it. */
    return connector->connection == DRM_MODE_CONNECTED ||
           (search->wanted && connector->connection == DRM_MODE_UNKNOWNCONNECTION);
}

/* The first connector that is wanted and has a screen. NULL: none; the caller frees it. */
static drmModeConnector *find_connector(struct ar_kms_card *card, struct search *search,
                                        const drmModeRes *resources)
{
    drmModeConnector *found = NULL;

    for (int i = 0; i < resources->count_connectors; i++) {
        drmModeConnector *connector = drmModeGetConnector(card->fd, resources->connectors[i]);
        char name[AR_KMS_NAME_B];
        bool wanted;

        if (!connector)
            continue;
        ar_kms_connector_name(name, connector->connector_type, connector->connector_type_id);
        note_connector(search, name, has_screen(search, connector));
        wanted = !search->wanted || strcmp(search->wanted, name) == 0;
        search->known |= wanted;
        if (!found && wanted && has_screen(search, connector)) {
            found = connector;
            snprintf(card->connector_name, sizeof(card->connector_name), "%s", name);
        } else {
            drmModeFreeConnector(connector);
        }
    }
    return found;
}

static uint32_t current_crtc(int fd, const drmModeConnector *connector)
{
    drmModeEncoder *encoder =
        connector->encoder_id ? drmModeGetEncoder(fd, connector->encoder_id) : NULL;
    uint32_t crtc = encoder ? encoder->crtc_id : 0;

    drmModeFreeEncoder(encoder);
    return crtc;
}

static bool feeds_another(int fd, const drmModeRes *resources, uint32_t crtc,
                          uint32_t connector)
{
    bool feeds = false;

    for (int i = 0; i < resources->count_connectors && !feeds; i++) {
        drmModeConnector *other =
            resources->connectors[i] == connector
                ? NULL
                : drmModeGetConnectorCurrent(fd, resources->connectors[i]);

        feeds = other && current_crtc(fd, other) == crtc;
        drmModeFreeConnector(other);
    }
    return feeds;
}

static uint32_t possible_crtcs(int fd, const drmModeConnector *connector)
{
    uint32_t mask = 0;

    for (int i = 0; i < connector->count_encoders; i++) {
        drmModeEncoder *encoder = drmModeGetEncoder(fd, connector->encoders[i]);

        if (encoder)
            mask |= encoder->possible_crtcs;
        drmModeFreeEncoder(encoder);
    }
    return mask;
}

/* The CRTC that feeds the connector now, else one that feeds nothing. Its index, or -1. */
static int find_crtc(int fd, const drmModeRes *resources, const drmModeConnector *connector)
{
    uint32_t current = current_crtc(fd, connector);
    uint32_t possible = possible_crtcs(fd, connector);

    for (int i = 0; i < resources->count_crtcs; i++)
        if (current != 0 && resources->crtcs[i] == current)
            return i;
    for (int i = 0; i < resources->count_crtcs && i < 32; i++)
        if (possible >> i & 1 &&
            !feeds_another(fd, resources, resources->crtcs[i], connector->connector_id))
            return i;
    return -1;
}

static bool is_primary(int fd, const drmModePlane *plane)
{
    uint32_t property;
    uint64_t type;
    bool xrgb = false;

    for (uint32_t i = 0; i < plane->count_formats; i++)
        xrgb = xrgb || plane->formats[i] == DRM_FORMAT_XRGB8888;
    return xrgb &&
           ar_kms_get_property(fd, plane->plane_id, DRM_MODE_OBJECT_PLANE, "type", &property,
                               &type) &&
           type == DRM_PLANE_TYPE_PRIMARY;
}

/* 0: none. */
static uint32_t find_plane(int fd, int crtc_index, uint32_t crtc)
{
    drmModePlaneRes *planes = drmModeGetPlaneResources(fd);
    uint32_t found = 0;

    for (uint32_t i = 0; planes && i < planes->count_planes && !found; i++) {
        drmModePlane *plane = drmModeGetPlane(fd, planes->planes[i]);

        if (plane && plane->possible_crtcs >> crtc_index & 1 &&
            (plane->crtc_id == 0 || plane->crtc_id == crtc) && is_primary(fd, plane))
            found = plane->plane_id;
        drmModeFreePlane(plane);
    }
    drmModeFreePlaneResources(planes);
    return found;
}

static int become_master(const struct ar_kms_card *card, struct ar_reason *reason)
{
    if (drmIsMaster(card->fd) || drmSetMaster(card->fd) == 0)
        return 0;
    return ar_reason_set(
        reason, -EBUSY,
        "%s (%s): another program draws on the screen (a desktop, a login screen, "
        "a boot splash); stop it, or run in the desktop with display.output=sdl",
        card->path, card->connector_name);
}

/* A screen that cannot do what was wished for is better than none. */
static const drmModeModeInfo *choose_mode(const struct ar_kms_card *card,
                                          const drmModeConnector *connector)
{
    static const struct ar_kms_wish any = { 0 };
    const struct ar_kms_wish *wish = &card->wish;
    const drmModeModeInfo *mode =
        ar_kms_mode_choose(connector->modes, connector->count_modes, wish);
    char offers[200];

    if (mode)
        return mode;
    mode = ar_kms_mode_choose(connector->modes, connector->count_modes, &any);
    if (!mode)
        return NULL;
    ar_kms_mode_list(connector->modes, connector->count_modes, offers, sizeof(offers));
    ar_log(AR_LOG_WARN, TAG,
           "%s (%s): no mode of display.size=%ux%u, display.rate=%g; taking %ux%u; it has %s",
           card->path, card->connector_name, wish->width_px, wish->height_px,
           wish->rate_millihz / 1000.0, mode->hdisplay, mode->vdisplay, offers);
    return mode;
}

static int take_connector(struct ar_kms_card *card, const drmModeRes *resources,
                          const drmModeConnector *connector, struct ar_reason *reason)
{
    const drmModeModeInfo *mode;
    int crtc_index;
    int ret = become_master(card, reason);

    if (ret < 0)
        return ret;
    mode = choose_mode(card, connector);
    crtc_index = find_crtc(card->fd, resources, connector);
    if (!mode)
        return ar_reason_set(reason, -ENOTSUP, "%s (%s): the screen offers no progressive mode",
                             card->path, card->connector_name);
    if (crtc_index < 0)
        return ar_reason_set(reason, -EBUSY,
                             "%s (%s): no CRTC is free, other screens use them all", card->path,
                             card->connector_name);
    card->mode = *mode;
    card->connector = connector->connector_id;
    card->crtc = resources->crtcs[crtc_index];
    card->plane = find_plane(card->fd, crtc_index, card->crtc);
    if (card->plane == 0)
        return ar_reason_set(reason, -ENOTSUP, "%s (%s): no plane takes XRGB8888", card->path,
                             card->connector_name);
    return 0;
}

static void read_capabilities(struct ar_kms_card *card)
{
    drmVersion *version = drmGetVersion(card->fd);
    uint64_t monotonic = 0;

    snprintf(card->driver, sizeof(card->driver), "%s",
             version && version->name ? version->name : "?");
    drmFreeVersion(version);
    card->monotonic =
        drmGetCap(card->fd, DRM_CAP_TIMESTAMP_MONOTONIC, &monotonic) == 0 && monotonic == 1;
}

/* -ENODEV without words: no screen here, look at the next card. */
static int search_card(struct ar_kms_card *card, struct search *search,
                       struct ar_reason *reason)
{
    drmModeRes *resources = drmModeGetResources(card->fd);
    drmModeConnector *connector = NULL;
    uint64_t dumb = 0;
    int ret = -ENODEV;

    /* A card may be for computing only: the Raspberry Pi has one of each kind. */
    if (!resources || resources->count_crtcs == 0)
        goto out;
    connector = find_connector(card, search, resources);
    if (!connector)
        goto out;
    read_capabilities(card);
    if (drmGetCap(card->fd, DRM_CAP_DUMB_BUFFER, &dumb) < 0 || dumb == 0 ||
        drmSetClientCap(card->fd, DRM_CLIENT_CAP_ATOMIC, 1) < 0)
        ret =
            ar_reason_set(reason, -ENOTSUP,
                          "%s (%s): the driver %s has no atomic mode setting with dumb buffers",
                          card->path, card->connector_name, card->driver);
    else
        ret = take_connector(card, resources, connector, reason);
out:
    drmModeFreeConnector(connector);
    drmModeFreeResources(resources);
    return ret;
}

static int try_card(struct ar_kms_card *card, struct search *search, unsigned index,
                    struct ar_reason *reason)
{
    int ret;

    snprintf(card->path, sizeof(card->path), "/dev/dri/card%u", index);
    card->fd = open(card->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (card->fd < 0) {
        ret = errno == ENOENT ? -ENODEV : -errno;
        if (ret == -EACCES)
            ar_reason_set(reason, ret,
                          "%s: no permission; the group video has it: "
                          "\"sudo usermod -aG video $USER\", then log in again",
                          card->path);
        else if (ret != -ENODEV)
            ar_reason_set_err(reason, ret, "%s: cannot be opened", card->path);
        return ret;
    }
    ret = search_card(card, search, reason);
    if (ret < 0)
        ar_kms_card_close(card);
    return ret;
}

static int explain(const struct search *search, struct ar_reason *reason)
{
    if (search->ret < 0)
        return ar_reason_set(reason, search->ret, "%s", search->reason.text);
    if (search->seen[0] == '\0')
        return ar_reason_set(reason, -ENODEV,
                             "kms: no graphics card with a connector in /dev/dri");
    if (!search->known)
        return ar_reason_set(reason, -ENODEV, "kms:%s: no such connector; there are %s",
                             search->wanted, search->seen);
    return ar_reason_set(reason, -ENOTCONN, "kms%s%s: no screen is plugged in; there are %s",
                         search->wanted ? ":" : "", search->wanted ? search->wanted : "",
                         search->seen);
}

int ar_kms_card_open(struct ar_kms_card *card, const char *connector,
                     const struct ar_kms_wish *wish, struct ar_reason *reason)
{
    struct search search = { .wanted = connector };

    for (unsigned i = 0; i < MAX_CARDS; i++) {
        struct ar_reason why = { .text = "" };
        int ret;

        *card = (struct ar_kms_card){ .fd = -1, .wish = *wish };
        ret = try_card(card, &search, i, &why);
        if (ret == 0)
            return 0;
        if (ret != -ENODEV && search.ret == 0) {
            search.ret = ret;
            search.reason = why;
        }
    }
    return explain(&search, reason);
}

int ar_kms_card_probe(const struct ar_kms_card *card, drmModeModeInfo *mode)
{
    drmModeConnector *connector = drmModeGetConnector(card->fd, card->connector);
    const drmModeModeInfo *best = NULL;
    int ret = -ENODEV;

    if (connector && connector->connection != DRM_MODE_DISCONNECTED) {
        best = choose_mode(card, connector);
        ret = best ? 0 : -ENOTSUP;
    }
    if (best)
        *mode = *best;
    drmModeFreeConnector(connector);
    return ret;
}

bool ar_kms_card_has_another(const struct ar_kms_card *card)
{
    drmModeRes *resources = drmModeGetResources(card->fd);
    bool found = false;

    for (int i = 0; resources && i < resources->count_connectors && !found; i++) {
        drmModeConnector *other = resources->connectors[i] == card->connector
                                      ? NULL
                                      : drmModeGetConnector(card->fd, resources->connectors[i]);

        found = other && other->connection == DRM_MODE_CONNECTED;
        drmModeFreeConnector(other);
    }
    drmModeFreeResources(resources);
    return found;
}

void ar_kms_card_close(struct ar_kms_card *card)
{
    if (card->fd >= 0)
        close(card->fd);
    card->fd = -1;
}
