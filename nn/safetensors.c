/* SPDX-License-Identifier: MIT */
#include "nn/safetensors.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "nn/json.h"

#define PREFIX_B     8u         /* the header's length, a little-endian uint64 */
#define HEADER_MAX_B (1u << 20) /* a hundred times what 64 layers need */
#define TENSORS_MAX  4096u
#define NAME_MAX_B   95u
#define VALUES_MAX   (AR_SAFETENSORS_MAX_B / sizeof(float))
#define META_KEY     "__metadata__"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "tensors are used as they lie in the file");
static_assert(sizeof(float) == 4, "F32");

struct tensor {
    const char *name; /* owned by the header */
    uint64_t begin_b; /* into the data */
    uint64_t end_b;
    struct ar_safetensors_view view;
};

struct ar_safetensors {
    json_t *header; /* owns names and metadata */
    float *data;
    size_t data_b;
    uint64_t hash;
    uint32_t n_tensors;
    struct tensor *tensors; /* in the order of their data */
};

/* What is being parsed, for the checks below. */
struct source {
    const char *name;
    const uint8_t *bytes;
    size_t size_b;
    struct ar_reason *reason;
};

static uint64_t fnv1a(const uint8_t *bytes, size_t size_b)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < size_b; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

static bool name_is_plain(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t length = strlen(name);

    return length >= 1 && length <= NAME_MAX_B && strspn(name, allowed) == length;
}

static int parse_header_length(const struct source *src, size_t *header_b)
{
    uint64_t length;

    if (src->size_b > AR_SAFETENSORS_MAX_B)
        return ar_reason_set(src->reason, -EINVAL, "%s: %zu bytes, at most %u are read",
                             src->name, src->size_b, AR_SAFETENSORS_MAX_B);
    if (src->size_b < PREFIX_B)
        return ar_reason_set(
            src->reason, -EINVAL,
            "%s: %zu bytes, a safetensors file starts with 8 bytes of header length", src->name,
            src->size_b);
    memcpy(&length, src->bytes, sizeof(length));
    if (length > HEADER_MAX_B)
        return ar_reason_set(
            src->reason, -EINVAL,
            "%s: header length %llu, must be at most %u: not a safetensors file?", src->name,
            (unsigned long long)length, HEADER_MAX_B);
    if (length > src->size_b - PREFIX_B)
        return ar_reason_set(src->reason, -EINVAL,
                             "%s: header length %llu, but only %zu bytes follow: truncated?",
                             src->name, (unsigned long long)length, src->size_b - PREFIX_B);
    *header_b = (size_t)length;
    return 0;
}

static int check_metadata(const struct source *src, json_t *metadata)
{
    const char *key;
    json_t *value;

    if (!metadata)
        return 0;
    if (!json_is_object(metadata))
        return ar_reason_set(src->reason, -EINVAL,
                             "%s: " META_KEY " is %s, must be an object of strings", src->name,
                             ar_json_describe(metadata).text);
    json_object_foreach(metadata, key, value)
    {
        if (!name_is_plain(key))
            return ar_reason_set(src->reason, -EINVAL,
                                 "%s: " META_KEY
                                 ": a key has other characters than letters, digits, "
                                 "'_', '.', '-', or not 1 to %u of them",
                                 src->name, NAME_MAX_B);
        if (!json_is_string(value))
            return ar_reason_set(src->reason, -EINVAL,
                                 "%s: " META_KEY ": '%s' is %s, must be a string", src->name,
                                 key, ar_json_describe(value).text);
    }
    return 0;
}

static int parse_shape(const struct source *src, struct tensor *tensor, const json_t *shape)
{
    size_t n_dims = json_array_size(shape); /* 0 for what is no list */
    uint64_t n_values = 1;

    if (n_dims < 1 || n_dims > AR_SAFETENSORS_MAX_DIMS)
        return ar_reason_set(src->reason, -EINVAL,
                             "%s: tensor '%s': shape must be a list of 1 to %u sizes",
                             src->name, tensor->name, AR_SAFETENSORS_MAX_DIMS);
    for (size_t i = 0; i < n_dims; i++) {
        const json_t *dim = json_array_get(shape, i);
        json_int_t value = json_integer_value(dim); /* 0 for what is no integer */

        if (value < 1 || (uint64_t)value > VALUES_MAX)
            return ar_reason_set(src->reason, -EINVAL,
                                 "%s: tensor '%s': shape has %s, sizes are from 1 to %zu",
                                 src->name, tensor->name, ar_json_describe(dim).text,
                                 VALUES_MAX);
        n_values *= (uint64_t)value;
        if (n_values > VALUES_MAX)
            return ar_reason_set(src->reason, -EINVAL,
                                 "%s: tensor '%s': shape has more than %zu values", src->name,
                                 tensor->name, VALUES_MAX);
        tensor->view.dims[i] = (uint32_t)value;
    }
    tensor->view.n_dims = (uint32_t)n_dims;
    tensor->view.n_values = (size_t)n_values;
    return 0;
}

static int parse_offsets(const struct source *src, struct tensor *tensor, const json_t *offsets,
                         size_t data_b)
{
    const json_t *begin = json_array_get(offsets, 0);
    const json_t *end = json_array_get(offsets, 1);

    if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end))
        return ar_reason_set(src->reason, -EINVAL,
                             "%s: tensor '%s': data_offsets must be two integers", src->name,
                             tensor->name);
    json_int_t begin_b = json_integer_value(begin);
    json_int_t end_b = json_integer_value(end);

    if (begin_b < 0 || end_b < begin_b || (uint64_t)end_b > data_b)
        return ar_reason_set(src->reason, -EINVAL,
                             "%s: tensor '%s': data_offsets %" JSON_INTEGER_FORMAT
                             " to %" JSON_INTEGER_FORMAT " do not lie in 0 to %zu: truncated?",
                             src->name, tensor->name, begin_b, end_b, data_b);
    if ((uint64_t)begin_b % sizeof(float) != 0)
        return ar_reason_set(src->reason, -EINVAL,
                             "%s: tensor '%s': data starts at %" JSON_INTEGER_FORMAT
                             ", must be a multiple of 4",
                             src->name, tensor->name, begin_b);
    if ((uint64_t)(end_b - begin_b) != tensor->view.n_values * sizeof(float))
        return ar_reason_set(src->reason, -EINVAL,
                             "%s: tensor '%s': %" JSON_INTEGER_FORMAT
                             " bytes of data, its shape needs %zu",
                             src->name, tensor->name, end_b - begin_b,
                             tensor->view.n_values * sizeof(float));
    tensor->begin_b = (uint64_t)begin_b;
    tensor->end_b = (uint64_t)end_b;
    return 0;
}

static int parse_tensor(const struct source *src, struct tensor *tensor, const char *name,
                        const json_t *entry, size_t data_b)
{
    const json_t *dtype = json_object_get(entry, "dtype");
    int ret;

    if (!name_is_plain(name))
        return ar_reason_set(src->reason, -EINVAL,
                             "%s: a tensor's name has other characters than letters, digits, "
                             "'_', '.', '-', or not 1 to %u of them",
                             src->name, NAME_MAX_B);
    tensor->name = name;
    if (!json_is_string(dtype) || strcmp(json_string_value(dtype), "F32") != 0)
        return ar_reason_set(src->reason, -EINVAL, "%s: tensor '%s': dtype is %s, must be F32",
                             src->name, name, ar_json_describe(dtype).text);
    ret = parse_shape(src, tensor, json_object_get(entry, "shape"));
    if (ret < 0)
        return ret;
    ret = parse_offsets(src, tensor, json_object_get(entry, "data_offsets"), data_b);
    if (ret < 0)
        return ret;
    if (json_object_size(entry) != 3)
        return ar_reason_set(
            src->reason, -EINVAL,
            "%s: tensor '%s': has other keys than dtype, shape and data_offsets", src->name,
            name);
    return 0;
}

static int parse_tensors(const struct source *src, struct ar_safetensors *file)
{
    size_t n_keys = json_object_size(file->header);
    const char *name;
    json_t *entry;

    if (n_keys > TENSORS_MAX)
        return ar_reason_set(src->reason, -EINVAL, "%s: %zu tensors, at most %u are read",
                             src->name, n_keys, TENSORS_MAX);
    file->tensors = calloc(n_keys + 1, sizeof(*file->tensors));
    if (!file->tensors)
        return ar_reason_set_err(src->reason, -ENOMEM, "%s", src->name);
    json_object_foreach(file->header, name, entry)
    {
        int ret;

        if (strcmp(name, META_KEY) == 0)
            continue;
        ret = parse_tensor(src, &file->tensors[file->n_tensors], name, entry, file->data_b);
        if (ret < 0)
            return ret;
        file->n_tensors++;
    }
    if (file->n_tensors == 0)
        return ar_reason_set(src->reason, -EINVAL, "%s: has no tensors", src->name);
    return 0;
}

static int by_begin(const void *a, const void *b)
{
    const struct tensor *left = a;
    const struct tensor *right = b;

    return (left->begin_b > right->begin_b) - (left->begin_b < right->begin_b);
}

/* Sorts by data, then each tensor must begin where the one before it ended. None is empty. */
static int check_cover(const struct source *src, struct ar_safetensors *file)
{
    const struct tensor *last = &file->tensors[file->n_tensors - 1];
    uint64_t end_b = 0;

    qsort(file->tensors, file->n_tensors, sizeof(*file->tensors), by_begin);
    for (uint32_t i = 0; i < file->n_tensors; i++) {
        const struct tensor *tensor = &file->tensors[i];

        if (tensor->begin_b != end_b)
            return ar_reason_set(src->reason, -EINVAL,
                                 "%s: tensor '%s': data starts at %llu, %s must be at %llu",
                                 src->name, tensor->name, (unsigned long long)tensor->begin_b,
                                 tensor->begin_b < end_b ? "overlaps the one before it:"
                                                         : "leaves a gap:",
                                 (unsigned long long)end_b);
        end_b = tensor->end_b;
    }
    if (end_b != file->data_b)
        return ar_reason_set(
            src->reason, -EINVAL,
            "%s: tensor '%s': is the last and ends at %llu, but data goes on to %zu", src->name,
            last->name, (unsigned long long)end_b, file->data_b);
    return 0;
}

static int copy_data(const struct source *src, struct ar_safetensors *file, size_t offset_b)
{
    file->data = malloc(file->data_b);
    if (!file->data)
        return ar_reason_set_err(src->reason, -ENOMEM, "%s", src->name);
    memcpy(file->data, src->bytes + offset_b, file->data_b);
    for (uint32_t t = 0; t < file->n_tensors; t++) {
        struct tensor *tensor = &file->tensors[t];
        const float *data = file->data + tensor->begin_b / sizeof(float);

        for (size_t i = 0; i < tensor->view.n_values; i++)
            if (!isfinite(data[i]))
                return ar_reason_set(src->reason, -EINVAL,
                                     "%s: tensor '%s': value %zu is %f, must be finite",
                                     src->name, tensor->name, i, (double)data[i]);
        tensor->view.data = data;
    }
    return 0;
}

static int parse(const struct source *src, struct ar_safetensors *file)
{
    size_t header_b = 0;
    int ret = parse_header_length(src, &header_b);

    if (ret < 0)
        return ret;
    file->data_b = src->size_b - PREFIX_B - header_b;
    file->hash = fnv1a(src->bytes, src->size_b);
    ret = ar_json_load(&file->header, src->name, (const char *)src->bytes + PREFIX_B, header_b,
                       src->reason);
    if (ret < 0)
        return ret;
    if (!json_is_object(file->header))
        return ar_reason_set(src->reason, -EINVAL, "%s: header is %s, must be an object",
                             src->name, ar_json_describe(file->header).text);
    ret = check_metadata(src, json_object_get(file->header, META_KEY));
    if (ret < 0)
        return ret;
    ret = parse_tensors(src, file);
    if (ret < 0)
        return ret;
    ret = check_cover(src, file);
    if (ret < 0)
        return ret;
    return copy_data(src, file, PREFIX_B + header_b);
}

int ar_safetensors_parse(struct ar_safetensors **out, const char *name, const void *bytes,
                         size_t size_b, struct ar_reason *reason)
{
    const struct source src = {
        .name = name, .bytes = bytes, .size_b = size_b, .reason = reason
    };
    struct ar_safetensors *file = calloc(1, sizeof(*file));
    int ret;

    assert(bytes);
    *out = NULL;
    if (!file)
        return ar_reason_set_err(reason, -ENOMEM, "%s", name);
    ret = parse(&src, file);
    if (ret < 0) {
        ar_safetensors_close(file);
        return ret;
    }
    *out = file;
    return 0;
}

/*
 * Reads a regular file of an acceptable size whole. *bytes is owned by the caller, also on
 * failure.
 */
static int read_whole(int fd, const char *path, uint8_t **bytes, size_t *size_b,
                      struct ar_reason *reason)
{
    struct stat st;
    size_t done_b = 0;

    if (fstat(fd, &st) < 0)
        return ar_reason_set_err(reason, -errno, "%s: cannot stat", path);
    if (!S_ISREG(st.st_mode))
        return ar_reason_set(reason, -EINVAL, "%s: not a regular file", path);
    if (st.st_size > (off_t)AR_SAFETENSORS_MAX_B)
        return ar_reason_set(reason, -EINVAL, "%s: %lld bytes, at most %u are read", path,
                             (long long)st.st_size, AR_SAFETENSORS_MAX_B);
    *size_b = (size_t)st.st_size;
    *bytes = malloc(*size_b + 1);
    if (!*bytes)
        return ar_reason_set_err(reason, -ENOMEM, "%s", path);
    while (done_b < *size_b) {
        ssize_t n = read(fd, *bytes + done_b, *size_b - done_b);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ar_reason_set_err(reason, -errno, "%s: cannot read", path);
        if (n == 0)
            return ar_reason_set(reason, -EINVAL,
                                 "%s: ended at byte %zu of %zu while being read", path, done_b,
                                 *size_b);
        done_b += (size_t)n;
    }
    return 0;
}

int ar_safetensors_open(struct ar_safetensors **out, const char *path, struct ar_reason *reason)
{
    /*
     * O_NONBLOCK: opening a FIFO by mistake must not hang; it changes nothing for regular
     * files.
     */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    uint8_t *bytes = NULL;
    size_t size_b = 0;
    int ret;

    *out = NULL;
    if (fd < 0)
        return ar_reason_set_err(reason, -errno, "%s: cannot open", path);
    ret = read_whole(fd, path, &bytes, &size_b, reason);
    if (ret == 0)
        ret = ar_safetensors_parse(out, path, bytes, size_b, reason);
    free(bytes);
    close(fd);
    return ret;
}

void ar_safetensors_close(struct ar_safetensors *file)
{
    if (!file)
        return;
    json_decref(file->header);
    free(file->tensors);
    free(file->data);
    free(file);
}

const char *ar_safetensors_meta(const struct ar_safetensors *file, const char *key)
{
    return json_string_value(json_object_get(json_object_get(file->header, META_KEY), key));
}

uint64_t ar_safetensors_hash(const struct ar_safetensors *file)
{
    return file->hash;
}

uint32_t ar_safetensors_count(const struct ar_safetensors *file)
{
    return file->n_tensors;
}

const char *ar_safetensors_name(const struct ar_safetensors *file, uint32_t index)
{
    assert(index < file->n_tensors);
    return file->tensors[index].name;
}

int ar_safetensors_find(const struct ar_safetensors *file, const char *name,
                        struct ar_safetensors_view *view)
{
    for (uint32_t i = 0; i < file->n_tensors; i++) {
        if (strcmp(file->tensors[i].name, name) != 0)
            continue;
        *view = file->tensors[i].view;
        return (int)i;
    }
    return -ENOENT;
}
