/* SPDX-License-Identifier: MIT */
#include "daemon/control.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include "base/bucket.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/shortage.h"
#include "daemon/client.h"
#include "daemon/listener.h"
#include "daemon/wire.h"

#define TAG "control"

/* How long a client that has sent more than it may is left alone. */
#define REST_US 10000u

/* Somebody who is connected, or was. */
struct person {
    uid_t uid;
    size_t n_clients;
    struct ar_bucket bucket; /* of all that they ask */
    bool is_known;           /* all above is set */
};

struct place {
    struct ar_control *control;
    struct ar_client *client; /* NULL: free */
    struct person *person;
    bool listens;    /* for events */
    uint64_t n_lost; /* events that it had no room for */
};

struct ar_control {
    struct ar_loop *loop;
    struct ar_listener listener;
    struct ar_loop_source *source;
    struct ar_loop_source *rest; /* a timer, for all that are held */
    bool resting;                /* it is set */
    bool is_put_off;             /* new clients wait, as was logged */
    ar_control_fn *handle;
    void *user;
    struct place places[AR_CONTROL_MAX_CLIENTS];
    struct person persons[AR_CONTROL_MAX_CLIENTS]; /* as many as may be connected */
};

static bool is_reader(const struct place *place)
{
    return place->client && !ar_client_peer(place->client)->may_change;
}

/* NULL: none is free, or none for those who may only look: they cannot keep out who may do more. */
static struct place *free_place(struct ar_control *control, const struct ar_peer *peer)
{
    struct place *place = NULL;
    size_t n_readers = 0;

    for (size_t i = 0; i < AR_CONTROL_MAX_CLIENTS; i++) {
        if (!control->places[i].client)
            place = &control->places[i];
        n_readers += is_reader(&control->places[i]);
    }
    return peer->may_change || n_readers < AR_CONTROL_MAX_READERS ? place : NULL;
}

/* Whoever has gone stays known as long as there is room: who comes again at once has no new bucket. */
static struct person *person_of(struct ar_control *control, uid_t uid)
{
    struct person *person = NULL;

    for (size_t i = 0; i < AR_CONTROL_MAX_CLIENTS; i++) {
        struct person *const one = &control->persons[i];

        if (one->is_known && one->uid == uid)
            return one;
        if (one->n_clients == 0 && (!person || person->is_known))
            person = one;
    }
    assert(person); /* there are no more of them than places, of which one is free */
    *person = (struct person){ .uid = uid, .is_known = true };
    ar_bucket_init(&person->bucket, AR_CLIENT_USER_PER_S, AR_CLIENT_USER_BURST,
                   ar_clock_now_us());
    return person;
}

static json_t *failure(enum ar_wire_code code, const struct ar_reason *reason)
{
    return json_pack("{s:i, s:b, s:s, s:s}", "protocol", AR_WIRE_PROTOCOL, "ok", 0, "code",
                     ar_wire_code_name(code), "error", reason->text);
}

/* Fills args with the texts of a JSON list; their number, or -EINVAL. */
static int read_args(const json_t *list, const char *args[AR_COMMANDS_MAX_ARGS])
{
    size_t count = json_array_size(list);

    if (list && (!json_is_array(list) || count > AR_COMMANDS_MAX_ARGS))
        return -EINVAL;
    for (size_t i = 0; i < count; i++) {
        args[i] = json_string_value(json_array_get(list, i));
        if (!args[i])
            return -EINVAL;
    }
    return (int)count;
}

/* One request, taken apart. */
struct request {
    const struct ar_command *command;
    const char *args[AR_COMMANDS_MAX_ARGS];
};

/* 0, or the code of what is wrong with it, with the reason. */
static enum ar_wire_code check(struct request *request, const json_t *object,
                               const struct ar_peer *peer, struct ar_reason *reason)
{
    const json_int_t protocol = json_integer_value(json_object_get(object, "protocol"));
    const char *name = json_string_value(json_object_get(object, "command"));
    const struct ar_command *command = name ? ar_commands_find(name) : NULL;
    const int n_args = read_args(json_object_get(object, "args"), request->args);

    request->command = command;
    if (protocol != AR_WIRE_PROTOCOL) {
        ar_reason_set(reason, -EPROTO, "protocol %lld: this ar-daemon (%s) speaks %d",
                      (long long)protocol, AR_VERSION, AR_WIRE_PROTOCOL);
        return AR_WIRE_OTHER_PROTOCOL;
    }
    if (!command || command->access == AR_COMMAND_LOCAL) {
        ar_reason_set(reason, -EINVAL, "command \"%.40s\": unknown", name ? name : "");
        return AR_WIRE_UNKNOWN;
    }
    if (n_args < (int)command->min_args || n_args > (int)command->max_args) {
        ar_reason_set(reason, -EINVAL, "%s: wants %s", command->name,
                      command->usage[0] != '\0' ? command->usage : "no arguments");
        return AR_WIRE_USAGE;
    }
    if (!peer->may_change && ar_command_changes(command, request->args)) {
        ar_reason_set(reason, -EPERM,
                      "%s: not permitted for user %d, who may only look; right would be root, "
                      "user %d, or the socket's group %d",
                      command->name, (int)peer->uid, (int)geteuid(), (int)peer->group);
        return AR_WIRE_DENIED;
    }
    return AR_WIRE_OK;
}

/* NULL when there is no memory for it, or for all of it. */
static json_t *answer(struct place *place, const json_t *object)
{
    const struct ar_control *control = place->control;
    struct request request = { .command = NULL };
    struct ar_reason reason = { "" };
    const enum ar_wire_code code =
        check(&request, object, ar_client_peer(place->client), &reason);
    json_t *result;

    if (code != AR_WIRE_OK)
        return failure(code, &reason);
    result = control->handle(control->user, request.command, request.args, &reason);
    if (ar_shortage_take()) { /* it may lack a part, or the reason be another */
        json_decref(result);
        return NULL;
    }
    if (!result)
        return failure(AR_WIRE_REFUSED, &reason);
    if (request.command->access == AR_COMMAND_LISTENS)
        place->listens = true;
    return json_pack("{s:i, s:b, s:o}", "protocol", AR_WIRE_PROTOCOL, "ok", 1, "result",
                     result);
}

static json_t *answer_line(struct place *place, const char *line, size_t length)
{
    struct ar_reason reason;
    json_error_t error;
    json_t *request;
    json_t *reply;

    ar_shortage_take();
    request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    if (ar_shortage_take()) { /* a text in it may be cut short */
        json_decref(request);
        return NULL;
    }
    if (!json_is_object(request)) {
        json_decref(request);
        ar_reason_set(&reason, -EINVAL, "request: not a JSON object in one line: %.100s",
                      request ? "" : error.text);
        return failure(AR_WIRE_MALFORMED, &reason);
    }
    reply = answer(place, request);
    json_decref(request);
    return reply;
}

static json_t *too_long(void)
{
    struct ar_reason reason;

    ar_reason_set(&reason, -EMSGSIZE, "request: longer than %d bytes", AR_WIRE_MAX_REQUEST_B);
    return failure(AR_WIRE_MALFORMED, &reason);
}

/* False when there is no room, or no memory. Steals the reference. */
static bool send_object(struct ar_client *client, json_t *object)
{
    size_t length = 0;
    char *line = ar_wire_line(object, &length);
    const bool sent = line && ar_client_send(client, line, length);

    free(line);
    return sent;
}

static const char no_memory[] =
    "{\"protocol\":1,\"ok\":false,\"code\":\"memory\",\"error\":\"no memory for an answer; "
    "what was asked for may have been done\"}\n";
static_assert(AR_WIRE_PROTOCOL == 1, "as the line says");

/* False when there is no room. Steals the reference; NULL: there is no memory. */
static bool reply(struct ar_client *client, json_t *object)
{
    size_t length = 0;
    char *line = ar_wire_line(object, &length);
    const bool sent = line ? ar_client_send(client, line, length)
                           : ar_client_send(client, no_memory, sizeof(no_memory) - 1);

    free(line);
    return sent;
}

/* A client that does not read its replies is one that we stop listening to. */
static bool on_line(void *user, struct ar_client *client, const char *line, size_t length)
{
    if (line)
        return reply(client, answer_line(user, line, length));
    ar_client_end(client);
    return reply(client, too_long());
}

/* Not put off by those who are held while it runs. */
static void rest(struct ar_control *control)
{
    if (!control->resting)
        ar_loop_set_timer(control->rest, ar_clock_now_us() + REST_US, 0);
    control->resting = true;
}

static void on_held(void *user, struct ar_client *client)
{
    const struct place *place = user;

    (void)client;
    rest(place->control);
}

static void on_rest_over(void *user, uint64_t n_expired)
{
    struct ar_control *control = user;

    (void)n_expired;
    control->resting = false;
    ar_loop_set_events(control->source, POLLIN);
    for (size_t i = 0; i < AR_CONTROL_MAX_CLIENTS; i++)
        if (control->places[i].client)
            ar_client_go_on(control->places[i].client);
}

static void on_gone(void *user, struct ar_client *client)
{
    struct place *place = user;

    place->person->n_clients--;
    *place = (struct place){ .client = NULL };
    ar_client_destroy(client);
}

static const struct ar_client_events client_events = {
    .line = on_line,
    .held = on_held,
    .gone = on_gone,
};

/* Said once and not waited for. */
static void turn_away(int fd)
{
    struct ar_reason reason;
    size_t length = 0;
    char *line;

    ar_reason_set(&reason, -EBUSY,
                  "as many clients are connected already as there may be; try again later");
    line = ar_wire_line(failure(AR_WIRE_BUSY, &reason), &length);
    if (line)
        send(fd, line, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    free(line);
    close(fd);
}

/* Who has no descriptor left for a caller would be called again at once: callers wait for a moment. */
static void put_off(struct ar_control *control, int error)
{
    if (error == -EAGAIN || error == -ECONNABORTED || error == -EINTR)
        return;
    if (!control->is_put_off)
        ar_log(AR_LOG_WARN, TAG, "no new client can be taken: %s; they wait",
               strerrordesc_np(-error));
    control->is_put_off = true;
    ar_loop_set_events(control->source, 0);
    rest(control);
}

static void on_connection(void *user, uint32_t events)
{
    struct ar_control *control = user;
    struct place *place;
    struct ar_peer peer;
    const int fd = ar_listener_accept(&control->listener, &peer);

    (void)events;
    if (fd < 0) {
        put_off(control, fd);
        return;
    }
    control->is_put_off = false;
    place = free_place(control, &peer);
    if (!place) {
        turn_away(fd);
        return;
    }
    place->control = control;
    place->person = person_of(control, peer.uid);
    if (ar_client_create(&place->client, control->loop, fd, &peer, &place->person->bucket,
                         &client_events, place) == 0)
        place->person->n_clients++;
}

/* What it missed comes first. line: NULL where there is no memory for it. */
static void tell(struct place *place, const char *line, size_t length)
{
    if (place->n_lost > 0 &&
        send_object(place->client,
                    json_pack("{s:i, s:s, s:I}", "protocol", AR_WIRE_PROTOCOL, "event", "lost",
                              "lost", (json_int_t)place->n_lost)))
        place->n_lost = 0;
    if (place->n_lost > 0 || !line || !ar_client_send(place->client, line, length))
        place->n_lost++;
}

void ar_control_tell(struct ar_control *control, json_t *event)
{
    size_t length = 0;
    char *line = NULL;

    if (json_object_set_new(event, "protocol", json_integer(AR_WIRE_PROTOCOL)) == 0)
        line = ar_wire_line(event, &length);
    else
        json_decref(event);
    for (size_t i = 0; i < AR_CONTROL_MAX_CLIENTS; i++)
        if (control->places[i].listens)
            tell(&control->places[i], line, length);
    free(line);
}

bool ar_control_has_listeners(const struct ar_control *control)
{
    for (size_t i = 0; i < AR_CONTROL_MAX_CLIENTS; i++)
        if (control->places[i].listens)
            return true;
    return false;
}

static int add_sources(struct ar_control *control)
{
    const int ret = ar_loop_add_timer(control->loop, on_rest_over, control, &control->rest);

    return ret < 0 ? ret
                   : ar_loop_add_fd(control->loop, control->listener.fd, POLLIN, on_connection,
                                    control, &control->source);
}

int ar_control_create(struct ar_control **out, struct ar_loop *loop, const char *path,
                      ar_control_fn *handle, void *user, struct ar_reason *reason)
{
    struct ar_control *control = calloc(1, sizeof(*control));
    int ret;

    if (!control)
        return ar_reason_set_err(reason, -ENOMEM, "socket %s", path);
    control->loop = loop;
    control->handle = handle;
    control->user = user;
    ret = ar_listener_open(&control->listener, path, reason);
    if (ret == 0) {
        ret = add_sources(control);
        if (ret < 0)
            ar_reason_set_err(reason, ret, "socket %s", path);
    }
    if (ret < 0) {
        ar_control_destroy(control);
        return ret;
    }
    *out = control;
    return 0;
}

void ar_control_destroy(struct ar_control *control)
{
    if (!control)
        return;
    for (size_t i = 0; i < AR_CONTROL_MAX_CLIENTS; i++)
        ar_client_destroy(control->places[i].client);
    ar_loop_remove(&control->source);
    ar_loop_remove(&control->rest);
    ar_listener_close(&control->listener);
    free(control);
}
