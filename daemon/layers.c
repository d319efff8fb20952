/* SPDX-License-Identifier: MIT */
#include "daemon/layers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "daemon/state_folder.h"

#define SAVED "saved.conf"

void ar_layers_init(struct ar_layers *layers, const struct ar_command_line *line)
{
    char folder[AR_CONFIG_PATH_MAX_B - sizeof("/" SAVED)];

    *layers = (struct ar_layers){ .line = line, .path = AR_SYSTEM_CONFIG };
    if (line->config_path) {
        layers->path = line->config_path;
        snprintf(layers->saved, sizeof(layers->saved), "%s.d/" SAVED, layers->path);
    } else if (ar_state_folder(folder, sizeof(folder)) == 0) {
        snprintf(layers->saved, sizeof(layers->saved), "%s/" SAVED, folder);
    }
}

static bool is_there(const char *path)
{
    return path[0] != '\0' && access(path, F_OK) == 0;
}

/* Which files there are now. */
static int find_files(struct ar_layers *layers, ar_config_problem_fn *problem, void *user)
{
    const bool wanted = layers->line->config_path || is_there(layers->path);
    int ret;

    layers->files.n = 0;
    ret = ar_config_files_find(&layers->files, layers->path, wanted, problem, user);
    if (ret == 0 && is_there(layers->saved))
        ret = ar_config_files_add(&layers->files, layers->saved, problem, user);
    return ret;
}

/* Tells what is wrong with a key's value, at the place that it comes from. */
static int tell(const struct ar_layers *layers, struct ar_settings *settings, const char *name,
                const char *text, ar_config_problem_fn *problem, void *user)
{
    struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_config_key key;
    const struct ar_config_origin *origin = NULL;

    ar_settings_sections(settings, sections);
    if (ar_config_find(sections, name, &key))
        origin = key.origin;
    if (origin && origin->layer == AR_CONFIG_FILE && origin->file < layers->files.n) {
        problem(user, layers->files.paths[origin->file], origin->line, text);
        return EX_CONFIG;
    }
    problem(user, NULL, 0, text);
    return EX_USAGE;
}

/* What this build lacks, and files that are not there, are told by who opens them, unless all shall be told now. */
static int check(const struct ar_layers *layers, struct ar_settings *settings, bool thorough,
                 ar_config_problem_fn *problem, void *user)
{
    int code = EX_OK;

    for (const struct ar_settings_check *one = ar_settings_checks; one->key; one++) {
        struct ar_reason reason;
        int ret;

        if (one->opens_files && !thorough)
            continue;
        ret = one->check(settings, &reason);
        if (ret == -EINVAL || (ret < 0 && thorough))
            code = tell(layers, settings, one->key, reason.text, problem, user);
    }
    return code;
}

int ar_layers_read(struct ar_layers *layers, struct ar_settings *settings, bool thorough,
                   ar_config_problem_fn *problem, void *user)
{
    struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_reason reason;
    int code;
    int ret;

    ar_settings_sections(settings, sections);
    ar_config_defaults(sections);
    ret = find_files(layers, problem, user);
    if (ret == 0)
        ret = ar_config_files_read(&layers->files, sections, problem, user);
    if (ret == -ENOMEM)
        return EX_OSERR;
    if (ret < 0 && ret != -EINVAL)
        return EX_NOINPUT;
    if (ar_command_line_apply(layers->line, sections, &reason) < 0) {
        problem(user, NULL, 0, reason.text);
        return EX_USAGE;
    }
    /* What a line with a problem should have set is the default by now, and of that there is nothing to tell. */
    code = check(layers, settings, thorough, problem, user);
    return ret < 0 ? EX_CONFIG : code;
}

/* Settings of the files alone: of `saved` alone, or of all others. -EINVAL for one that is wrong by now. */
static int read_part(const struct ar_layers *layers, struct ar_settings *settings, bool saved,
                     ar_config_problem_fn *problem, void *user)
{
    struct ar_config_section sections[AR_SETTINGS_N_SECTIONS + 1];

    ar_settings_sections(settings, sections);
    ar_config_defaults(sections);
    for (uint32_t i = 0; i < layers->files.n; i++) {
        const char *path = layers->files.paths[i];
        int ret;

        if ((strcmp(path, layers->saved) == 0) != saved)
            continue;
        ret = ar_config_read(sections, path, i, problem, user);
        if (ret == -ENOENT && saved) /* somebody has cleaned up */
            continue;
        if (ret < 0 && ret != -EINVAL)
            problem(user, path, 0, strerrordesc_np(-ret));
        if (ret < 0)
            return ret;
    }
    return 0;
}

/* What save works on. */
struct saving {
    struct ar_config_section now[AR_SETTINGS_N_SECTIONS + 1];
    struct ar_config_section others[AR_SETTINGS_N_SECTIONS + 1]; /* what the other files say */
    struct ar_config_section saved[AR_SETTINGS_N_SECTIONS + 1];  /* what the file has said */
    uint32_t file;                                               /* its number */
    FILE *out;
    uint32_t line;
    const struct ar_config_section *section; /* whose head was written */
    int n_keys;
};

static bool find_same(const struct ar_config_section *sections, const struct ar_config_key *key,
                      struct ar_config_key *same)
{
    char name[2 * AR_ENTRY_KEY_MAX];

    snprintf(name, sizeof(name), "%s.%s", key->section->name, key->name);
    return ar_config_find(sections, name, same);
}

/* The value to keep: what was set, or had been saved. False where the files and the command line say all. */
static bool is_to_keep(const struct saving *saving, const struct ar_config_key *now,
                       struct ar_config_key *keep)
{
    *keep = *now;
    if (now->origin->layer == AR_CONFIG_SET)
        return true;
    if (find_same(saving->saved, now, keep) && keep->origin->layer == AR_CONFIG_FILE)
        return true;
    return false;
}

static void write_text(struct saving *saving, const char *text)
{
    fprintf(saving->out, "%s\n", text);
    saving->line++;
}

static void write_head(struct saving *saving, const struct ar_config_section *section)
{
    char head[AR_OPTION_TEXT_MAX];

    if (saving->section == section)
        return;
    saving->section = section;
    snprintf(head, sizeof(head), "[%s]", section->name);
    write_text(saving, head);
}

static int save_key(struct saving *saving, const struct ar_config_key *now,
                    struct ar_reason *reason)
{
    char line[AR_CONFIG_LINE_MAX_B];
    struct ar_config_key other;
    struct ar_config_key keep;
    int ret;

    if (!is_to_keep(saving, now, &keep))
        return 0;
    if (find_same(saving->others, now, &other) &&
        ar_option_equal(keep.option, keep.params, other.params)) {
        if (now->origin->layer == AR_CONFIG_SET)
            *now->origin = *other.origin;
        return 0;
    }
    ret = ar_config_format_line(&keep, line, reason);
    if (ret < 0)
        return ret;
    write_head(saving, now->section);
    write_text(saving, line);
    saving->n_keys++;
    if (now->origin->layer == AR_CONFIG_SET)
        *now->origin =
            (struct ar_config_origin){ AR_CONFIG_FILE, (uint16_t)saving->file, saving->line };
    return 0;
}

static int write_keys(struct saving *saving, struct ar_reason *reason)
{
    struct ar_config_key now;
    int ret = 0;

    write_text(saving, "# Written by `ar-ctl save`, which writes it anew each time.");
    for (uint32_t i = 0; ret == 0 && ar_config_at(saving->now, i, &now); i++)
        ret = save_key(saving, &now, reason);
    return ret;
}

/* The first problem is the reason. */
static void keep_problem(void *user, const char *where, uint32_t line, const char *problem)
{
    struct ar_reason *reason = user;

    if (reason->text[0] == '\0' && line > 0)
        ar_reason_set(reason, -EINVAL, "%s:%u: %s", where, line, problem);
    else if (reason->text[0] == '\0')
        ar_reason_set(reason, -EINVAL, "%s: %s", where, problem);
}

static int write_saved(struct ar_layers *layers, struct ar_settings *settings,
                       struct ar_reason *reason)
{
    struct ar_settings others;
    struct ar_settings saved;
    struct saving saving = { .file = layers->files.n };
    char *text = NULL;
    size_t text_b = 0;
    int ret;

    reason->text[0] = '\0';
    ret = read_part(layers, &others, false, keep_problem, reason);
    if (ret == 0)
        ret = read_part(layers, &saved, true, keep_problem, reason);
    if (ret < 0)
        return ret;
    ret = ar_config_files_add(&layers->files, layers->saved, keep_problem, reason);
    if (ret < 0)
        return ret;
    saving.file = layers->files.n - 1;
    ar_settings_sections(settings, saving.now);
    ar_settings_sections(&others, saving.others);
    ar_settings_sections(&saved, saving.saved);
    saving.out = open_memstream(&text, &text_b);
    if (!saving.out)
        return ar_reason_set_err(reason, -ENOMEM, "%s", layers->saved);
    ret = write_keys(&saving, reason);
    if (fclose(saving.out) != 0 && ret == 0)
        ret = ar_reason_set_err(reason, -ENOMEM, "%s", layers->saved);
    if (ret == 0)
        ret = ar_file_replace(layers->saved, text, text_b, reason);
    free(text);
    return ret < 0 ? ret : saving.n_keys;
}

int ar_layers_save(struct ar_layers *layers, struct ar_settings *settings,
                   struct ar_reason *reason)
{
    struct ar_settings marked = *settings;
    const uint32_t n_files = layers->files.n;
    int ret;

    if (layers->saved[0] == '\0')
        return ar_reason_set(
            reason, -ENOENT,
            "save: there is no state folder; start ar-daemon with --config FILE");
    ret = write_saved(layers, &marked, reason);
    if (ret >= 0)
        *settings = marked;
    else
        layers->files.n = n_files;
    return ret;
}
