/* SPDX-License-Identifier: MIT */
#include "daemon/commands.h"

#include <string.h>

const struct ar_command ar_commands[] = {
    { "status", "[--json] [--watch]", 0, 0, AR_COMMAND_READS,
      "what runs, how fast, and where the time goes; --watch: once a second" },
    { "top", "", 0, 0, AR_COMMAND_LOCAL, "the same as a live screen, with keys" },
    { "style", "[NAME|next|prev]", 0, 1, AR_COMMAND_CHANGES_IF_TOLD,
      "change the style; alone, list the styles there are" },
    { "budget", "[TIME|explain]", 0, 1, AR_COMMAND_CHANGES_IF_TOLD,
      "change the budget of a frame, such as 25ms; explain: what each layer costs", "explain" },
    { "calibrate", "[--watts IDLE,BUSY]", 0, 2, AR_COMMAND_CHANGES,
      "measure again what painting costs; --watts: what the board draws, for the energy in status" },
    { "trace", "[FROM|--perfetto]", 0, 1, AR_COMMAND_READS,
      "the last minute's frames as JSON lines, or for ui.perfetto.dev" },
    { "events", "", 0, 0, AR_COMMAND_LISTENS, "what happens, as it happens, as JSON lines" },
    { "wait", "READY|CAMERA|STYLE NAME|STOPPED [--timeout TIME]", 1, 4, AR_COMMAND_LOCAL,
      "return when pictures are shown, the camera gives them, a style paints, or nobody answers" },
    { "metrics", "", 0, 0, AR_COMMAND_READS, "counters and times as OpenMetrics text" },
    { "devices", "[--json]", 0, 0, AR_COMMAND_LOCAL,
      "this machine's cameras and video outputs, with names that last" },
    { "outputs", "[--json]", 0, 0, AR_COMMAND_LOCAL,
      "this machine's screens and virtual cameras, as --display takes them" },
    { "get", "[KEY|SECTION]", 0, 1, AR_COMMAND_READS,
      "settings as they are now, and where each comes from" },
    { "set", "KEY VALUE|KEY=VALUE", 2, 2, AR_COMMAND_CHANGES,
      "change a setting, until the next reload or start" },
    { "save", "", 0, 0, AR_COMMAND_CHANGES, "keep what was set, for the next reload or start" },
    { "reload", "", 0, 0, AR_COMMAND_CHANGES,
      "read the configuration's files anew, and do as they say" },
    { "pause", "", 0, 0, AR_COMMAND_CHANGES,
      "close the camera and keep the last picture, until resume" },
    { "resume", "", 0, 0, AR_COMMAND_CHANGES, "paint again" },
    { "snapshot", "FILE.jpg [--pair]", 1, 2, AR_COMMAND_CHANGES,
      "write the next painting as a picture; --pair: beside what the camera saw" },
    { "record", "start FILE|stop", 1, 2, AR_COMMAND_CHANGES,
      "paintings into a movie (.mp4, .mov, .y4m) that plays while it grows" },
    { "stop", "", 0, 0, AR_COMMAND_CHANGES, "end the daemon" },
    { .name = NULL },
};

const struct ar_command *ar_commands_find(const char *name)
{
    for (const struct ar_command *command = ar_commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

bool ar_command_changes(const struct ar_command *command, const char *const *args)
{
    if (command->access == AR_COMMAND_CHANGES_IF_TOLD)
        return args[0] && !(command->reads && strcmp(args[0], command->reads) == 0);
    return command->access == AR_COMMAND_CHANGES;
}
