/* SPDX-License-Identifier: MIT */
#include "display/connectors.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first line of a file of a connector; empty where there is none. */
static void read_line(const char *folder, const char *entry, const char *name, char *text,
                      size_t text_b)
{
    char path[512];
    FILE *file;

    text[0] = '\0';
    if ((size_t)snprintf(path, sizeof(path), "%s/%s/%s", folder, entry, name) >= sizeof(path))
        return;
    file = fopen(path, "re");
    if (!file)
        return;
    if (!fgets(text, (int)text_b, file))
        text[0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    fclose(file);
}

/* "card1-HDMI-A-1"; a card alone, or a render node, is no connector. */
static bool read_name(struct ar_connector *connector, const char *entry)
{
    const char *dash = strchr(entry, '-');
    const size_t card_b = dash ? (size_t)(dash - entry) : 0;

    if (strncmp(entry, "card", 4) != 0 || card_b == 0 || card_b >= sizeof(connector->card) ||
        strlen(dash + 1) >= sizeof(connector->name))
        return false;
    memcpy(connector->card, entry, card_b);
    connector->card[card_b] = '\0';
    memcpy(connector->name, dash + 1, strlen(dash + 1) + 1);
    return true;
}

static int by_card_and_name(const void *a, const void *b)
{
    const struct ar_connector *left = a;
    const struct ar_connector *right = b;
    const int cards = strverscmp(left->card, right->card);

    return cards != 0 ? cards : strverscmp(left->name, right->name);
}

int ar_connectors_list(struct ar_connector *connectors, uint32_t max, const char *sysfs)
{
    char folder[256];
    struct dirent *entry;
    uint32_t n = 0;
    DIR *dir;

    snprintf(folder, sizeof(folder), "%s/class/drm", sysfs);
    dir = opendir(folder);
    if (!dir)
        return errno == ENOENT ? 0 : -errno;
    /* The folder is this function's own. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while (n < max && (entry = readdir(dir))) {
        struct ar_connector *connector = &connectors[n];
        char status[32];

        if (!read_name(connector, entry->d_name))
            continue;
        read_line(folder, entry->d_name, "status", status, sizeof(status));
        read_line(folder, entry->d_name, "modes", connector->mode, sizeof(connector->mode));
        connector->connected = strcmp(status, "connected") == 0;
        n++;
    }
    closedir(dir);
    qsort(connectors, n, sizeof(*connectors), by_card_and_name);
    return (int)n;
}
