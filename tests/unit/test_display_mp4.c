/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <signal.h>

#include "base/macros.h"
#include "display/movie.h"
#include "tests/unit/display_rig.h"

#define WIDTH_PX     64
#define HEIGHT_PX    36
#define RATE_MILLIHZ 25000
#define PERIOD_US    INT64_C(40000)

/* A red of television range. */
static const uint8_t limited_yuv[3] = { 81, 90, 240 };

struct clip {
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *picture;
    uint32_t n_pictures;
    int64_t pts_us[16];
};

static void open_clip(struct clip *clip, const char *path)
{
    const AVCodec *codec;

    *clip = (struct clip){ 0 };
    ck_assert_int_eq(avformat_open_input(&clip->format, path, NULL, NULL), 0);
    ck_assert_int_ge(avformat_find_stream_info(clip->format, NULL), 0);
    ck_assert_uint_eq(clip->format->nb_streams, 1);
    codec = avcodec_find_decoder(clip->format->streams[0]->codecpar->codec_id);
    ck_assert_ptr_nonnull(codec);
    clip->codec = avcodec_alloc_context3(codec);
    ck_assert_int_eq(avcodec_parameters_to_context(clip->codec,
                                                   clip->format->streams[0]->codecpar),
                     0);
    ck_assert_int_eq(avcodec_open2(clip->codec, codec, NULL), 0);
    clip->packet = av_packet_alloc();
    clip->picture = av_frame_alloc();
}

/* Lossy, but a picture of one colour stays within a step or two in each plane. */
static void check_picture(const AVFrame *picture)
{
    ck_assert_int_eq(picture->width, WIDTH_PX);
    ck_assert_int_eq(picture->height, HEIGHT_PX);
    for (int i = 0; i < 3; i++)
        for (int y = 0; y < HEIGHT_PX / (i ? 2 : 1); y++)
            for (int x = 0; x < WIDTH_PX / (i ? 2 : 1); x++)
                ck_assert_int_le(abs(picture->data[i][y * picture->linesize[i] + x] -
                                     limited_yuv[i]),
                                 2);
}

static void show_colour(struct rig *rig, uint64_t sequence, uint64_t capture_us)
{
    struct ar_frame *frame = ar_pool_take(rig->pool);

    ck_assert_ptr_nonnull(frame);
    frame->sequence = sequence;
    frame->capture_us = capture_us;
    for (uint32_t i = 0; i < 3; i++)
        memset(frame->planes[i].data, limited_yuv[i],
               (size_t)frame->planes[i].stride_b * ar_frame_plane_rows(&frame->shape, i));
    ar_display_show(rig->display, &frame);
}

static void receive(struct clip *clip)
{
    AVRational us = { 1, 1000000 };

    while (avcodec_receive_frame(clip->codec, clip->picture) == 0) {
        ck_assert_uint_lt(clip->n_pictures, AR_ARRAY_LEN(clip->pts_us));
        check_picture(clip->picture);
        clip->pts_us[clip->n_pictures++] =
            av_rescale_q(clip->picture->pts, clip->format->streams[0]->time_base, us);
    }
}

static void decode_all(struct clip *clip)
{
    while (av_read_frame(clip->format, clip->packet) == 0) {
        ck_assert_int_eq(avcodec_send_packet(clip->codec, clip->packet), 0);
        av_packet_unref(clip->packet);
        receive(clip);
    }
    ck_assert_int_eq(avcodec_send_packet(clip->codec, NULL), 0);
    receive(clip);
}

static void close_clip(struct clip *clip)
{
    av_frame_free(&clip->picture);
    av_packet_free(&clip->packet);
    avcodec_free_context(&clip->codec);
    avformat_close_input(&clip->format);
}

static int start_file(struct rig *rig, const char *path, struct ar_reason *reason)
{
    char output[160];

    snprintf(output, sizeof(output), "file:%s", path);
    return rig_start(rig, output, WIDTH_PX, HEIGHT_PX, RATE_MILLIHZ, reason);
}

static const char *const names[] = { "out.mp4", "out.MKV", "out.mov", "http:b.mp4" };

/* Frame 3 was dropped on the way, frame 5 came with the time of frame 4: time is kept, and rises. */
START_TEST(clip_opens_again_with_its_times)
{
    static const int64_t times[] = { 0, 1, 2, 4, 4, 6, 7, 8, 9, 10 };
    struct rig rig;
    struct clip clip;
    const AVCodecParameters *parameters;
    char path[128];

    rig_init(&rig);
    ck_assert_int_eq(chdir(rig.folder), 0);
    rig_path(&rig, names[_i], path);
    ck_assert_int_eq(start_file(&rig, names[_i], NULL), 0);
    for (uint64_t i = 0; i < AR_ARRAY_LEN(times); i++)
        show_colour(&rig, i, 5000000000 + (uint64_t)times[i] * PERIOD_US);
    ck_assert_uint_eq(rig.n_shown, AR_ARRAY_LEN(times));
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);

    open_clip(&clip, path);
    parameters = clip.format->streams[0]->codecpar;
    ck_assert_int_eq(parameters->width, WIDTH_PX);
    ck_assert_int_eq(parameters->height, HEIGHT_PX);
    ck_assert_int_eq(parameters->format, AV_PIX_FMT_YUV420P);
    ck_assert_int_eq(parameters->color_range, AVCOL_RANGE_MPEG);
    ck_assert_int_eq(parameters->color_space, AVCOL_SPC_SMPTE170M);
    ck_assert_int_le(llabs(clip.format->duration - 11 * PERIOD_US), 2000);
    decode_all(&clip);
    ck_assert_uint_eq(clip.n_pictures, AR_ARRAY_LEN(times));
    ck_assert_int_eq(clip.pts_us[0], 0);
    for (uint32_t i = 1; i < clip.n_pictures; i++) {
        ck_assert_int_le(llabs(clip.pts_us[i] - times[i] * PERIOD_US), 1500);
        ck_assert_int_gt(clip.pts_us[i], clip.pts_us[i - 1]);
    }
    close_clip(&clip);
    rig_finish(&rig);
}
END_TEST

/* faststart: the index stands before the pictures. */
START_TEST(index_comes_first)
{
    static char data[1 << 16];
    struct rig rig;
    char path[128];
    size_t size_b;
    const char *index;
    const char *pictures;
    struct clip clip;
    FILE *in;

    rig_init(&rig);
    rig_path(&rig, "out.mp4", path);
    ck_assert_int_eq(start_file(&rig, path, NULL), 0);
    rig_show(&rig, 0, 0);
    ck_assert_int_eq(ar_display_stop(rig.display, NULL), 0);
    in = fopen(path, "rb");
    ck_assert_ptr_nonnull(in);
    size_b = fread(data, 1, sizeof(data), in);
    fclose(in);
    index = memmem(data, size_b, "moov", 4);
    pictures = memmem(data, size_b, "mdat", 4);
    ck_assert(index && pictures && index < pictures);
    open_clip(&clip, path);
    ck_assert_int_eq(clip.format->duration, PERIOD_US); /* one picture lasts, too */
    close_clip(&clip);
    rig_finish(&rig);
}
END_TEST

START_TEST(device_cannot_be_an_mp4)
{
    struct rig rig;
    struct ar_reason reason = { "" };
    char path[128];

    rig_init(&rig);
    rig_path(&rig, "full.mp4", path);
    ck_assert_int_eq(symlink("/dev/full", path), 0);
    ck_assert_int_eq(start_file(&rig, path, &reason), -ESPIPE);
    ck_assert_msg(strstr(reason.text, ".y4m"), "%s", reason.text);
    rig_finish(&rig);
}
END_TEST

static void check_nothing_left(const char *path, int ret, const struct ar_reason *reason)
{
    char part[160];

    ck_assert_int_eq(ret, -EFBIG);
    ck_assert_msg(strstr(reason->text, path) && strstr(reason->text, "too large"), "%s",
                  reason->text);
    snprintf(part, sizeof(part), "%s.part", path);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_ne(access(part, F_OK), 0);
}

/* Nothing that an encoder could make small. */
static struct ar_frame *noise_frame(struct rig *rig, uint64_t i, uint32_t *random)
{
    struct ar_frame *frame = rig_frame(rig, i, i * PERIOD_US);

    for (uint32_t k = 0; k < frame->planes[0].stride_b * HEIGHT_PX; k++) {
        *random = *random * 1664525 + 1013904223;
        frame->planes[0].data[k] = (uint8_t)(*random >> 24);
    }
    return frame;
}

START_TEST(disk_that_fills_up_leaves_nothing)
{
    struct rig rig;
    struct ar_reason reason = { "" };
    char path[128];
    uint32_t random = 1;

    rig_init(&rig);
    signal(SIGXFSZ, SIG_IGN);
    rig_path(&rig, "out.mp4", path);
    ck_assert_int_eq(start_file(&rig, path, NULL), 0);
    /* Encoder and file both hold some of it back. */
    for (uint64_t i = 0; i < 1000 && rig.n_failed == 0; i++)
        rig_show_on_full_disk(&rig, noise_frame(&rig, i, &random), 2000);
    ck_assert_uint_eq(rig.n_failed, 1);
    rig_show(&rig, 1001, 0);
    ck_assert_uint_eq(rig.n_failed, 1);
    check_nothing_left(path, ar_display_stop(rig.display, &reason), &reason);
    ck_assert_str_eq(reason.text, rig.why);
    rig_finish(&rig);
}
END_TEST

START_TEST(disk_full_at_the_end_leaves_nothing)
{
    struct rig rig;
    struct ar_reason reason = { "" };
    char path[128];
    int ret;

    rig_init(&rig);
    signal(SIGXFSZ, SIG_IGN);
    rig_path(&rig, "out.mp4", path);
    ck_assert_int_eq(start_file(&rig, path, NULL), 0);
    rig_show(&rig, 0, 0);
    rig_set_disk(500);
    ret = ar_display_stop(rig.display, &reason);
    rig_set_disk(RLIM_INFINITY);
    ck_assert_uint_eq(rig.n_failed, 0);
    check_nothing_left(path, ret, &reason);
    rig_finish(&rig);
}
END_TEST

/* A movie that must play while it grows, in memory, with what was marked. */
struct growing {
    struct ar_movie_sink sink;
    uint8_t data[1 << 20];
    size_t size_b;
    size_t marks_b[32];
    uint32_t n_marks;
    size_t room_b;
};

static int grow(struct ar_movie_sink *sink, const void *data, size_t size_b,
                struct ar_reason *reason)
{
    struct growing *growing = AR_CONTAINER_OF(sink, struct growing, sink);

    if (size_b > growing->room_b - growing->size_b)
        return ar_reason_set_err(reason, -ENOSPC, "%s", sink->path);
    memcpy(growing->data + growing->size_b, data, size_b);
    growing->size_b += size_b;
    return 0;
}

static void mark(struct ar_movie_sink *sink)
{
    struct growing *growing = AR_CONTAINER_OF(sink, struct growing, sink);

    ck_assert_uint_lt(growing->n_marks, AR_ARRAY_LEN(growing->marks_b));
    growing->marks_b[growing->n_marks++] = growing->size_b;
}

/* The pictures of its first so many bytes, each with the time that it should have. */
static uint32_t check_prefix(const struct growing *growing, size_t size_b,
                             const uint64_t *times_us)
{
    struct clip clip;
    FILE *out = fopen("prefix.mp4", "wb");

    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(growing->data, 1, size_b, out), size_b);
    ck_assert_int_eq(fclose(out), 0);
    open_clip(&clip, "prefix.mp4");
    decode_all(&clip);
    for (uint32_t i = 0; i < clip.n_pictures; i++)
        ck_assert_int_le(llabs(clip.pts_us[i] - (int64_t)(times_us[i] - times_us[0])), 100);
    close_clip(&clip);
    return clip.n_pictures;
}

static const struct ar_display_source growing_source = { .width_px = WIDTH_PX,
                                                         .height_px = HEIGHT_PX,
                                                         .rate_millihz = RATE_MILLIHZ };

static struct growing *make_growing(const char *path, struct ar_movie **movie)
{
    struct growing *growing = calloc(1, sizeof(*growing));

    ck_assert_ptr_nonnull(growing);
    growing->sink = (struct ar_movie_sink){ .path = path, .write = grow, .mark = mark };
    growing->room_b = sizeof(growing->data);
    ck_assert_int_eq(ar_movie_create(movie, ar_movie_kind_of(path), &growing->sink,
                                     &growing_source, NULL),
                     0);
    return growing;
}

static void write_red(struct ar_movie *movie, uint64_t capture_us)
{
    const struct ar_frame_shape shape = { WIDTH_PX, HEIGHT_PX, AR_FRAME_I420,
                                          AR_FRAME_LIMITED };
    static _Alignas(64) uint8_t memory[128 * HEIGHT_PX * 2];
    struct ar_frame frame = { .capture_us = capture_us };

    ck_assert_uint_le(ar_frame_size_b(&shape), sizeof(memory));
    ar_frame_map(&frame, &shape, memory);
    for (uint32_t i = 0; i < 3; i++)
        memset(frame.planes[i].data, limited_yuv[i],
               (size_t)frame.planes[i].stride_b * ar_frame_plane_rows(&shape, i));
    ck_assert_int_eq(ar_movie_write(movie, &frame, NULL), 0);
}

static const char *const growing_names[] = { "grows.mp4", "grows.mov" };

/* Of what was marked every picture is there, at the time of its capture, a dark second and a gap as well. */
START_TEST(growing_movie_plays_at_every_mark)
{
    static const uint64_t times_us[] = { 7000000, 7040000, 7080000, 7120000,  8000000, 8041000,
                                         9500000, 9533000, 9566000, 14000000, 14040000 };
    uint32_t n_before = 0;
    struct ar_movie *movie;
    struct growing *growing;
    struct rig rig;

    rig_init(&rig);
    ck_assert_int_eq(chdir(rig.folder), 0);
    growing = make_growing(growing_names[_i], &movie);
    for (size_t i = 0; i < AR_ARRAY_LEN(times_us); i++)
        write_red(movie, times_us[i]);
    ck_assert_int_eq(ar_movie_finish(movie, NULL), 0);
    ck_assert_uint_eq(growing->marks_b[growing->n_marks - 1], growing->size_b);
    for (uint32_t i = 0; i < growing->n_marks; i++) {
        const uint32_t n = check_prefix(growing, growing->marks_b[i], times_us);

        ck_assert_uint_gt(n, 0);
        ck_assert_uint_ge(n, n_before);
        n_before = n;
    }
    ck_assert_uint_eq(n_before, AR_ARRAY_LEN(times_us));
    ck_assert_uint_ge(growing->n_marks, 5); /* a second each, and the first picture alone */
    ar_movie_destroy(movie);
    free(growing);
    rig_finish(&rig);
}
END_TEST

START_TEST(growing_movie_says_that_its_disk_is_full)
{
    struct ar_reason reason = { "" };
    struct ar_movie *movie;
    struct growing *growing = make_growing("grows.mp4", &movie);

    write_red(movie, 0);
    growing->room_b = growing->size_b;
    ck_assert_int_eq(ar_movie_finish(movie, &reason), -ENOSPC);
    ck_assert_msg(strstr(reason.text, "grows.mp4") && strstr(reason.text, "No space"), "%s",
                  reason.text);
    ar_movie_destroy(movie);
    free(growing);
}
END_TEST

START_TEST(matroska_does_not_grow)
{
    struct ar_movie_sink sink = { .path = "grows.mkv", .write = grow, .mark = mark };
    struct ar_reason reason = { "" };
    struct ar_movie *movie;

    ck_assert_int_eq(ar_movie_create(&movie, ar_movie_kind_of(sink.path), &sink,
                                     &growing_source, &reason),
                     -EINVAL);
    ck_assert_ptr_null(movie);
    ck_assert_msg(strstr(reason.text, ".mp4"), "%s", reason.text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("display_mp4");
    TCase *tcase = tcase_create("mp4");

    tcase_add_loop_test(tcase, clip_opens_again_with_its_times, 0, AR_ARRAY_LEN(names));
    tcase_add_test(tcase, index_comes_first);
    tcase_add_test(tcase, device_cannot_be_an_mp4);
    tcase_add_test(tcase, disk_that_fills_up_leaves_nothing);
    tcase_add_test(tcase, disk_full_at_the_end_leaves_nothing);
    tcase_add_loop_test(tcase, growing_movie_plays_at_every_mark, 0,
                        AR_ARRAY_LEN(growing_names));
    tcase_add_test(tcase, growing_movie_says_that_its_disk_is_full);
    tcase_add_test(tcase, matroska_does_not_grow);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
