/* SPDX-License-Identifier: MIT */
#include "daemon/styles.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENDING ".safetensors"

static bool has_ending(const char *name)
{
    size_t length = strlen(name);

    return length > strlen(ENDING) && strcmp(name + length - strlen(ENDING), ENDING) == 0;
}

static const struct ar_style *find(const struct ar_styles *styles, const char *name)
{
    for (uint32_t i = 0; i < styles->n_styles; i++)
        if (strcmp(styles->list[i].name, name) == 0)
            return &styles->list[i];
    return NULL;
}

static void add(struct ar_styles *styles, const char *folder, const char *file)
{
    struct ar_style style;
    size_t length = strlen(file) - strlen(ENDING);
    int written;

    if (styles->n_styles == AR_STYLES_MAX || length >= sizeof(style.name))
        return;
    memcpy(style.name, file, length);
    style.name[length] = '\0';
    written = snprintf(style.path, sizeof(style.path), "%s/%s", folder, file);
    if (written < 0 || (size_t)written >= sizeof(style.path) || find(styles, style.name))
        return;
    styles->list[styles->n_styles++] = style;
}

static void add_folder(struct ar_styles *styles, const char *folder)
{
    DIR *dir = folder[0] != '\0' ? opendir(folder) : NULL;
    const struct dirent *entry;

    if (!dir)
        return;
    /* A stream of our own. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((entry = readdir(dir)))
        if (has_ending(entry->d_name))
            add(styles, folder, entry->d_name);
    closedir(dir);
}

/* PREFIX/build/daemon/ar-daemon belongs to PREFIX/models. */
static void add_build_tree(struct ar_styles *styles)
{
    char path[512];
    char folder[sizeof(path) + sizeof("/models")];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (length <= 0)
        return;
    path[length] = '\0';
    for (int level = 0; level < 3; level++) {
        char *slash = strrchr(path, '/');

        if (!slash)
            return;
        *slash = '\0';
    }
    snprintf(folder, sizeof(folder), "%s/models", path);
    add_folder(styles, folder);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct ar_style *)a)->name, ((const struct ar_style *)b)->name);
}

void ar_styles_find(struct ar_styles *styles, const char *folder)
{
    styles->n_styles = 0;
    add_folder(styles, folder);
    add_build_tree(styles);
    add_folder(styles, AR_DATADIR "/styles");
    qsort(styles->list, styles->n_styles, sizeof(styles->list[0]), by_name);
}

static int unknown(const struct ar_styles *styles, const char *name, struct ar_reason *reason)
{
    char names[200] = "";
    size_t used = 0;

    for (uint32_t i = 0; i < styles->n_styles && used < sizeof(names); i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
                                 styles->list[i].name);
    if (styles->n_styles == 0)
        return ar_reason_set(reason, -ENOENT,
                             "style \"%s\": unknown, and no styles are installed", name);
    return ar_reason_set(reason, -ENOENT,
                         "style \"%s\": unknown; there are %s, or give a %s file", name, names,
                         ENDING);
}

int ar_styles_resolve(const struct ar_styles *styles, const char *name_or_path, char *path,
                      size_t path_b, struct ar_reason *reason)
{
    const struct ar_style *style;

    if (strchr(name_or_path, '/') || has_ending(name_or_path)) {
        snprintf(path, path_b, "%s", name_or_path);
        return 0;
    }
    style = find(styles, name_or_path);
    if (!style)
        return unknown(styles, name_or_path, reason);
    snprintf(path, path_b, "%s", style->path);
    return 0;
}

const struct ar_style *ar_styles_step(const struct ar_styles *styles, const char *name,
                                      int step)
{
    const struct ar_style *style = find(styles, name);
    int count = (int)styles->n_styles;
    int index;

    if (count == 0)
        return NULL;
    if (!style)
        return &styles->list[0];
    index = ((int)(style - styles->list) + step) % count;
    return &styles->list[index < 0 ? index + count : index];
}
