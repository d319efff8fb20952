/* SPDX-License-Identifier: MIT */
#include "config/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ending.h"
#include "base/reason.h"

#define ENDING ".conf"
#define FOLDER ".d"

static int refuse(const char *where, int ret, const char *what, ar_config_problem_fn *problem,
                  void *user)
{
    struct ar_reason reason;

    ar_reason_set_err(&reason, ret, "%s", what);
    problem(user, where, 0, reason.text);
    return ret;
}

static int is_drop_in(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && ar_has_ending(entry->d_name, ENDING);
}

/* By bytes: the same on every machine, whatever its language. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int ar_config_files_add(struct ar_config_files *files, const char *path,
                        ar_config_problem_fn *problem, void *user)
{
    struct ar_reason reason;

    for (uint32_t i = 0; i < files->n; i++)
        if (strcmp(files->paths[i], path) == 0)
            return 0;
    if (files->n == AR_CONFIG_FILES_MAX) {
        ar_reason_set(&reason, -EINVAL, "one too many, there is room for %d",
                      AR_CONFIG_FILES_MAX);
        problem(user, path, 0, reason.text);
        return -EINVAL;
    }
    if (strlen(path) >= AR_CONFIG_PATH_MAX_B)
        return refuse(path, -ENAMETOOLONG, "cannot be read", problem, user);
    snprintf(files->paths[files->n++], AR_CONFIG_PATH_MAX_B, "%s", path);
    return 0;
}

static int add_drop_in(struct ar_config_files *files, const char *folder, const char *name,
                       ar_config_problem_fn *problem, void *user)
{
    char path[2 * AR_CONFIG_PATH_MAX_B];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return ar_config_files_add(files, path, problem, user);
}

int ar_config_files_find(struct ar_config_files *files, const char *path, bool with_path,
                         ar_config_problem_fn *problem, void *user)
{
    char folder[AR_CONFIG_PATH_MAX_B + sizeof(FOLDER)];
    struct dirent **entries = NULL;
    int ret = with_path ? ar_config_files_add(files, path, problem, user) : 0;
    int n;

    snprintf(folder, sizeof(folder), "%s" FOLDER, path);
    n = scandir(folder, &entries, is_drop_in, by_name);
    if (n < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? ret
                   : refuse(folder, -errno, "cannot be read", problem, user);
    for (int i = 0; i < n; i++) {
        const int added = add_drop_in(files, folder, entries[i]->d_name, problem, user);

        ret = ret < 0 ? ret : added;
        free(entries[i]);
    }
    free(entries);
    return ret;
}

int ar_config_files_read(const struct ar_config_files *files,
                         const struct ar_config_section *sections,
                         ar_config_problem_fn *problem, void *user)
{
    int worst = 0;

    for (uint32_t i = 0; i < files->n; i++) {
        const int ret = ar_config_read(sections, files->paths[i], i, problem, user);

        if (ret < 0 && ret != -EINVAL)
            refuse(files->paths[i], ret, "cannot be read", problem, user);
        if (ret < 0 && worst != -EINVAL)
            worst = ret;
    }
    return worst;
}

void ar_config_files_describe(const struct ar_config_files *files,
                              const struct ar_config_origin *origin, char *text, size_t text_b)
{
    static const char *const names[] = {
        [AR_CONFIG_DEFAULT] = "default",
        [AR_CONFIG_FILE] = "file",
        [AR_CONFIG_COMMAND_LINE] = "command line",
        [AR_CONFIG_SET] = "set while running",
    };

    if (origin->layer == AR_CONFIG_FILE && origin->file < files->n)
        snprintf(text, text_b, "%s:%u", files->paths[origin->file], origin->line);
    else
        snprintf(text, text_b, "%s", names[origin->layer]);
}
