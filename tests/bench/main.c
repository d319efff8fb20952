/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/macros.h"
#include "tests/bench/bench.h"

static const struct subcommand {
    const char *name;
    int (*run)(const struct bench_options *options, struct ar_reason *reason);
    const char *help;
} subcommands[] = {
    { "net", bench_net, "the network alone, and what share of the machine's peak it reaches" },
    { "pipeline", bench_pipeline, "frame in to frame out, and what the conversions cost" },
    { "kernels", bench_kernels, "each kernel by itself, beside its scalar twin" },
    { "fit", bench_fit, "how well calibration predicts what it has not measured" },
    { "governor", bench_governor,
      "what decides the width, in made-up worlds, beside other rules" },
    { "switches", bench_switches, "whether a change of width is seen" },
    { "peer", bench_peer, "as part of tests/bench/peers.py" },
};

static int usage(FILE *file)
{
    fprintf(file, "usage: ar-bench SUBCOMMAND [OPTION ...]\n");
    for (size_t i = 0; i < AR_ARRAY_LEN(subcommands); i++)
        fprintf(file, "  %-9s %s\n", subcommands[i].name, subcommands[i].help);
    return EX_USAGE;
}

static int run(const struct subcommand *subcommand, int argc, char **argv)
{
    struct bench_options options;
    struct ar_reason reason = { "" };
    int ret = bench_options_parse(&options, argc, argv, &reason);

    if (ret == 0 && options.help) {
        printf("ar-bench %s: %s\n", subcommand->name, subcommand->help);
        bench_options_help();
        return EX_OK;
    }
    if (ret == 0)
        ret = subcommand->run(&options, &reason);
    if (ret == 0)
        return EX_OK;
    fprintf(stderr, "ar-bench: %s\n", reason.text);
    return ret == -EINVAL ? EX_USAGE : EX_UNAVAILABLE;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr);
    for (size_t i = 0; i < AR_ARRAY_LEN(subcommands); i++)
        if (strcmp(subcommands[i].name, argv[1]) == 0)
            return run(&subcommands[i], argc - 1, argv + 1);
    if (strcmp(argv[1], "--help") != 0)
        return usage(stderr);
    usage(stdout);
    return EX_OK;
}
