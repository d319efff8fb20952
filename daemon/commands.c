/* SPDX-License-Identifier: MIT */
#include "daemon/commands.h"

#include <string.h>

const struct ar_command ar_commands[] = {
    { AR_COMMAND_STATUS, "status", "[--json]", 0, 0,
      "what runs, how fast, and where the time goes" },
    { AR_COMMAND_STYLE, "style", "[NAME|next|prev]", 0, 1,
      "change the style; alone, list the styles there are" },
    { AR_COMMAND_SET, "set", "KEY VALUE", 2, 2, "change an option of the running daemon" },
    { AR_COMMAND_STOP, "stop", "", 0, 0, "end the daemon" },
    { .name = NULL },
};

const struct ar_command *ar_commands_find(const char *name)
{
    for (const struct ar_command *command = ar_commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}
