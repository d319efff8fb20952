/* SPDX-License-Identifier: MIT */
/*
 * Gives a target the inputs of a folder, one after another: what was found once is looked for on every test run,
 * with any compiler. In place of libFuzzer's own main().
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/target.h"

#define MAX_INPUT_B (1 << 22)

static int replay(const char *path, uint8_t *data)
{
    FILE *file = fopen(path, "rb");
    size_t size_b;
    uint8_t *exact;

    if (!file) {
        perror(path);
        return -1;
    }
    size_b = fread(data, 1, MAX_INPUT_B, file);
    fclose(file);
    /* A block of its own, so that a sanitizer sees the byte behind it. */
    exact = malloc(size_b > 0 ? size_b : 1);
    if (!exact)
        return -1;
    memcpy(exact, data, size_b);
    LLVMFuzzerTestOneInput(exact, size_b);
    free(exact);
    return 0;
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **names = NULL;
    uint8_t *data = malloc(MAX_INPUT_B);
    int n = argc == 2 ? scandir(argv[1], &names, is_input, alphasort) : -1;
    int n_failed = n > 0 && data ? 0 : 1;

    for (int i = 0; i < n; i++) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]->d_name);
        if (data && replay(path, data) < 0)
            n_failed++;
        free(names[i]);
    }
    free(names);
    free(data);
    printf("%d inputs\n", n);
    return n_failed > 0;
}
