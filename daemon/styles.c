/* SPDX-License-Identifier: MIT */
#include "daemon/styles.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/ending.h"
#include "base/log.h"
#include "daemon/state_folder.h"

#define TAG "styles"

#define ENDING ".safetensors"

const struct ar_style *ar_styles_get(const struct ar_styles *styles, const char *name)
{
    for (uint32_t i = 0; i < styles->n_styles; i++)
        if (strcmp(styles->list[i].name, name) == 0)
            return &styles->list[i];
    return NULL;
}

/* -EINVAL when it is no file. */
static int take_stamp(struct ar_style_stamp *stamp, const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    *stamp = (struct ar_style_stamp){
        .device = status.st_dev,
        .inode = status.st_ino,
        .size_b = (uint64_t)status.st_size,
        .changed_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec,
    };
    return 0;
}

static void tell_folder(struct ar_reason *reason, const char *folder, int ret)
{
    ar_reason_set_err(reason, ret, "%s: styles in it cannot be read", folder);
}

static void add(struct ar_styles *styles, const char *folder, const char *file)
{
    struct ar_style style = { .is_checked = false };
    size_t length = strlen(file) - strlen(ENDING);
    int written;
    int ret;

    if (styles->n_styles == AR_STYLES_MAX || length >= sizeof(style.name))
        return;
    memcpy(style.name, file, length);
    style.name[length] = '\0';
    written = snprintf(style.path, sizeof(style.path), "%s/%s", folder, file);
    if (written < 0 || (size_t)written >= sizeof(style.path) ||
        ar_styles_get(styles, style.name))
        return;
    ret = take_stamp(&style.stamp, style.path);
    if (ret == 0)
        styles->list[styles->n_styles++] = style;
    else if (ret == -EACCES)
        tell_folder(&styles->problem, folder, ret);
}

/* That there is none is a problem of the user's own alone, which is looked for by ar_styles_check_folder(). */
static void add_folder(struct ar_styles *styles, const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    if (!dir && errno != ENOENT)
        tell_folder(&styles->problem, folder, -errno);
    if (!dir)
        return;
    /* A stream of our own. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((entry = readdir(dir)))
        if (ar_has_ending(entry->d_name, ENDING))
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

/* Where a user without root's rights puts a style for the service: the state folder is the daemon's own. */
static void add_state_folder(struct ar_styles *styles)
{
    char state[512];
    char folder[sizeof(state) + sizeof("/styles")];

    if (ar_state_folder(state, sizeof(state)) < 0)
        return;
    snprintf(folder, sizeof(folder), "%s/styles", state);
    add_folder(styles, folder);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct ar_style *)a)->name, ((const struct ar_style *)b)->name);
}

int ar_styles_check_folder(const char *folder, struct ar_reason *reason)
{
    DIR *dir = folder[0] != '\0' ? opendir(folder) : NULL;
    const int ret = dir || folder[0] == '\0' ? 0 : -errno;

    if (ret < 0)
        tell_folder(reason, folder, ret);
    if (dir)
        closedir(dir);
    return ret;
}

static void look(struct ar_styles *styles)
{
    styles->n_styles = 0;
    styles->problem.text[0] = '\0';
    ar_styles_check_folder(styles->folder, &styles->problem);
    add_folder(styles, styles->folder);
    add_state_folder(styles);
    add_build_tree(styles);
    add_folder(styles, AR_DATADIR "/styles");
    qsort(styles->list, styles->n_styles, sizeof(styles->list[0]), by_name);
}

static void check(struct ar_style *style)
{
    struct ar_model *model = NULL;

    style->problem.text[0] = '\0';
    style->is_checked = true;
    if (ar_model_open(&model, style->path, &style->problem) < 0)
        ar_log(AR_LOG_WARN, TAG, "%s; it is left out", style->problem.text);
    ar_model_close(model);
}

static bool is_same_file(const struct ar_style *a, const struct ar_style *b)
{
    return strcmp(a->path, b->path) == 0 && a->stamp.device == b->stamp.device &&
           a->stamp.inode == b->stamp.inode && a->stamp.size_b == b->stamp.size_b &&
           a->stamp.changed_ns == b->stamp.changed_ns;
}

/* What is known of the file from the last time. */
static void recall(struct ar_style *style, const struct ar_styles *before)
{
    const struct ar_style *old = ar_styles_get(before, style->name);

    if (!old || !is_same_file(old, style))
        return;
    style->is_checked = old->is_checked;
    style->problem = old->problem;
}

/* Without memory nothing is remembered, and all is looked at anew. */
static void look_again(struct ar_styles *styles)
{
    struct ar_styles *before = malloc(sizeof(*before));

    if (before)
        *before = *styles;
    look(styles);
    for (uint32_t i = 0; before && i < styles->n_styles; i++)
        recall(&styles->list[i], before);
    free(before);
}

void ar_styles_find(struct ar_styles *styles, const char *folder)
{
    snprintf(styles->folder, sizeof(styles->folder), "%s", folder);
    look_again(styles);
}

void ar_styles_refresh(struct ar_styles *styles)
{
    const struct ar_reason before = styles->problem;

    look_again(styles);
    if (styles->problem.text[0] != '\0' && strcmp(styles->problem.text, before.text) != 0)
        ar_log(AR_LOG_WARN, TAG, "%s", styles->problem.text);
    for (uint32_t i = 0; i < styles->n_styles; i++)
        if (!styles->list[i].is_checked)
            check(&styles->list[i]);
}

static int unknown(const struct ar_styles *styles, const char *name, struct ar_reason *reason)
{
    char names[200] = "";
    size_t used = 0;

    for (uint32_t i = 0; i < styles->n_styles && used < sizeof(names); i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
                                 styles->list[i].name);
    if (styles->problem.text[0] != '\0')
        return ar_reason_set(reason, -ENOENT, "style \"%.32s\": unknown; %s", name,
                             styles->problem.text);
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

    if (strchr(name_or_path, '/') || ar_has_ending(name_or_path, ENDING)) {
        snprintf(path, path_b, "%s", name_or_path);
        return 0;
    }
    style = ar_styles_get(styles, name_or_path);
    if (!style)
        return unknown(styles, name_or_path, reason);
    snprintf(path, path_b, "%s", style->path);
    return 0;
}

const struct ar_style *ar_styles_step(const struct ar_styles *styles, const char *name,
                                      int step)
{
    const struct ar_style *now = ar_styles_get(styles, name);
    const struct ar_style *good[AR_STYLES_MAX];
    int count = 0;
    int index = 0;

    for (uint32_t i = 0; i < styles->n_styles; i++) {
        const struct ar_style *style = &styles->list[i];

        if (style == now)
            index = count + step;
        if (style == now || style->problem.text[0] == '\0')
            good[count++] = style;
    }
    if (count == 0)
        return NULL;
    index %= count;
    return good[index < 0 ? index + count : index];
}
