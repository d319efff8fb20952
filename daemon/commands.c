/* SPDX-License-Identifier: MIT */
#include "daemon/commands.h"

#include <string.h>

const struct ar_command ar_commands[] = {
    { "status", "[--json]", 0, 0, "what runs, how fast, and where the time goes" },
    { "style", "[NAME|next|prev]", 0, 1, "change the style; alone, list the styles there are" },
    { "budget", "[TIME|explain]", 0, 1,
      "change the budget of a frame, such as 25ms; explain: what each layer costs" },
    { "calibrate", "[--watts IDLE,BUSY]", 0, 2,
      "measure again what painting costs; --watts: what the board draws, for the energy in status" },
    { "trace", "[FROM|--perfetto]", 0, 1,
      "the last minute's frames as JSON lines, or for ui.perfetto.dev" },
    { "set", "KEY VALUE|KEY=VALUE", 2, 2, "change an option of the running daemon" },
    { "stop", "", 0, 0, "end the daemon" },
    { .name = NULL },
};

const struct ar_command *ar_commands_find(const char *name)
{
    for (const struct ar_command *command = ar_commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}
