/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "capture/capture.h"
#include "tests/suite.h"

/* Clips through libav: the test writes MP4 with MPEG-4 pictures, which every FFmpeg can, and reads it back. */

#define WIDTH    96
#define HEIGHT   64
#define N_FRAMES 40

#define FOLDER "/tmp/test_capture_clip.XXXXXX"

static char folder[] = FOLDER;
static char path[64];
static struct ar_loop *loop;
static struct ar_capture *capture;
static struct ar_capture_params params;
static struct ar_reason reason;

struct writer {
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *picture;
};

static void drain(struct writer *writer, const AVFrame *picture)
{
    ck_assert_int_eq(avcodec_send_frame(writer->codec, picture), 0);
    while (avcodec_receive_packet(writer->codec, writer->packet) == 0) {
        writer->packet->duration = 1;
        av_packet_rescale_ts(writer->packet, writer->codec->time_base,
                             writer->format->streams[0]->time_base);
        ck_assert_int_eq(av_write_frame(writer->format, writer->packet), 0);
        av_packet_unref(writer->packet);
    }
}

/* The grey of a picture tells its number. */
static int grey(uint32_t number)
{
    return 40 + 4 * (int)number;
}

static void paint(AVFrame *picture, uint32_t number)
{
    ck_assert_int_eq(av_frame_make_writable(picture), 0);
    memset(picture->data[0], grey(number), (size_t)picture->linesize[0] * HEIGHT);
    memset(picture->data[1], 100, (size_t)picture->linesize[1] * HEIGHT / 2);
    memset(picture->data[2], 150, (size_t)picture->linesize[2] * HEIGHT / 2);
    picture->pts = number;
}

static void open_writer(struct writer *writer)
{
    const AVCodec *encoder = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
    AVStream *stream;

    ck_assert_ptr_nonnull(encoder);
    ck_assert_int_eq(avformat_alloc_output_context2(&writer->format, NULL, "mp4", path), 0);
    writer->codec = avcodec_alloc_context3(encoder);
    writer->codec->width = WIDTH;
    writer->codec->height = HEIGHT;
    writer->codec->pix_fmt = AV_PIX_FMT_YUV420P;
    writer->codec->time_base = (AVRational){ 1, 50 };
    writer->codec->framerate = (AVRational){ 50, 1 };
    writer->codec->gop_size = 10;
    writer->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_QSCALE;
    writer->codec->global_quality = FF_QP2LAMBDA * 2;
    ck_assert_int_eq(avcodec_open2(writer->codec, encoder, NULL), 0);
    stream = avformat_new_stream(writer->format, NULL);
    stream->time_base = writer->codec->time_base;
    ck_assert_int_ge(avcodec_parameters_from_context(stream->codecpar, writer->codec), 0);
    writer->packet = av_packet_alloc();
    writer->picture = av_frame_alloc();
    writer->picture->format = AV_PIX_FMT_YUV420P;
    writer->picture->width = WIDTH;
    writer->picture->height = HEIGHT;
    ck_assert_int_eq(av_frame_get_buffer(writer->picture, 0), 0);
}

/* index_first puts the index before the pictures, so that a clip cut short can be opened. */
static void write_clip(bool index_first)
{
    struct writer writer = { .format = NULL };
    AVDictionary *options = NULL;

    open_writer(&writer);
    if (index_first)
        av_dict_set(&options, "movflags", "faststart", 0);
    ck_assert_int_ge(avio_open(&writer.format->pb, path, AVIO_FLAG_WRITE), 0);
    ck_assert_int_ge(avformat_write_header(writer.format, &options), 0);
    for (uint32_t i = 0; i < N_FRAMES; i++) {
        paint(writer.picture, i);
        drain(&writer, writer.picture);
    }
    drain(&writer, NULL);
    ck_assert_int_eq(av_write_trailer(writer.format), 0);
    av_dict_free(&options);
    avio_closep(&writer.format->pb);
    av_frame_free(&writer.picture);
    av_packet_free(&writer.packet);
    avcodec_free_context(&writer.codec);
    avformat_free_context(writer.format);
}

static void setup(void)
{
    av_log_set_level(AV_LOG_QUIET);
    snprintf(folder, sizeof(folder), "%s", FOLDER);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/clip.mp4", folder);
    ck_assert_int_eq(ar_loop_create(&loop, AR_LOOP_AUTO), 0);
    ar_option_defaults(ar_capture_options, &params);
    params.pace = AR_CAPTURE_FAST;
    capture = NULL;
}

static void teardown(void)
{
    ar_capture_destroy(capture);
    ar_loop_destroy(loop);
    unlink(path);
    rmdir(folder);
}

static int start(void)
{
    snprintf(params.source, sizeof(params.source), "file:%s", path);
    ck_assert_int_eq(ar_capture_create(&capture, &params, &reason), 0);
    return ar_capture_start(capture, loop, &reason);
}

static int next(struct ar_frame **frame)
{
    return ar_capture_next(capture, frame, &reason);
}

static void check_picture(const struct ar_frame *frame, uint32_t number)
{
    const int want[3] = { grey(number), 100, 150 };

    for (uint32_t p = 0; p < 3; p++) {
        const struct ar_frame_plane *plane = &frame->planes[p];
        const uint32_t row = ar_frame_plane_rows(&frame->shape, p) / 2;

        ck_assert_int_le(abs(plane->data[row * plane->stride_b + 7] - want[p]), 3);
    }
}

/* Reads to the end or to an error; how many pictures there were. */
static uint32_t read_all(int *ret)
{
    struct ar_frame *frame;
    uint32_t n = 0;

    while ((*ret = next(&frame)) == 0) {
        ar_frame_unref(&frame);
        n++;
    }
    return n;
}

START_TEST(test_reads_every_picture)
{
    struct ar_frame *frame;

    write_clip(false);
    params.loop = _i;
    ck_assert_msg(start() == 0, "%s", reason.text);
    ck_assert_uint_eq(ar_capture_rate_millihz(capture), 50000);
    ck_assert_uint_eq(ar_capture_shape(capture)->width_px, WIDTH);
    ck_assert_int_eq(ar_capture_shape(capture)->range, AR_FRAME_LIMITED);
    ck_assert_ptr_nonnull(strstr(ar_capture_describe(capture), "mpeg4"));
    for (uint32_t i = 0; i < N_FRAMES * (params.loop ? 3 : 1); i++) {
        ck_assert_int_eq(next(&frame), 0);
        ck_assert_uint_eq(frame->sequence, i);
        check_picture(frame, i % N_FRAMES);
        ar_frame_unref(&frame);
    }
    ck_assert_int_eq(next(&frame), params.loop ? 0 : -ENODATA);
    ar_frame_unref(&frame);
}
END_TEST

START_TEST(test_scaled_to_fit)
{
    struct ar_frame *frame;

    write_clip(false);
    params.size = (struct ar_option_size){ 100, 40 };
    ck_assert_int_eq(start(), 0);
    ck_assert_uint_eq(ar_capture_shape(capture)->width_px, 60);
    ck_assert_uint_eq(ar_capture_shape(capture)->height_px, 40);
    ck_assert_int_eq(next(&frame), 0);
    check_picture(frame, 0);
    ar_frame_unref(&frame);
}
END_TEST

START_TEST(test_own_pace)
{
    const uint64_t start_us = ar_clock_now_us();
    struct ar_frame *frame;
    uint64_t first_us = 0;

    write_clip(false);
    params.pace = AR_CAPTURE_REAL;
    ck_assert_int_eq(start(), 0);
    while (next(&frame) == 0) {
        if (first_us == 0)
            first_us = frame->capture_us - frame->sequence * 20000;
        ck_assert_uint_eq(frame->capture_us, first_us + frame->sequence * 20000);
        check_picture(frame, (uint32_t)frame->sequence);
        ar_frame_unref(&frame);
    }
    ck_assert_uint_ge(ar_clock_now_us() - start_us, (N_FRAMES - 2) * 20000ul);
}
END_TEST

static long size_of_clip(void)
{
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    return (long)status.st_size;
}

START_TEST(test_cut_without_its_index)
{
    write_clip(false);
    ck_assert_int_eq(truncate(path, size_of_clip() / 2), 0);
    ck_assert_int_eq(start(), -EINVAL);
    ck_assert_ptr_nonnull(strstr(reason.text, path));
    ck_assert_ptr_nonnull(strstr(reason.text, "moov"));
}
END_TEST

START_TEST(test_cut_with_its_index)
{
    long size_b;
    int ret;

    write_clip(true);
    size_b = size_of_clip();
    for (long cut_b = size_b * 95 / 100; cut_b > size_b * 6 / 10; cut_b -= 11) {
        ck_assert_int_eq(truncate(path, cut_b), 0);
        ck_assert_int_eq(start(), 0);
        ck_assert_uint_gt(read_all(&ret), 5);
        ck_assert_msg(ret == -EIO, "%d, cut at %ld", ret, cut_b);
        ck_assert_ptr_nonnull(strstr(reason.text, path));
        ck_assert_ptr_nonnull(strstr(reason.text, "cut short"));
        ar_capture_destroy(capture);
        capture = NULL;
    }
}
END_TEST

/* Damage in the middle costs pictures, which are counted, and not the clip. */
START_TEST(test_damaged_in_the_middle)
{
    struct ar_capture_counters counters;
    uint32_t n_frames;
    long size_b;
    FILE *file;
    int ret;

    write_clip(true);
    size_b = size_of_clip();
    file = fopen(path, "r+b");
    ck_assert_int_eq(fseek(file, size_b * 3 / 4, SEEK_SET), 0);
    for (uint32_t i = 0; i < 60; i++)
        fputc((int)(i * 37 & 255), file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(start(), 0);
    n_frames = read_all(&ret);
    ck_assert_int_eq(ret, -ENODATA);
    ar_capture_counters(capture, &counters);
    ck_assert_uint_gt(counters.n_corrupt, 0);
    ck_assert_uint_gt(n_frames, N_FRAMES / 2);
    ck_assert_uint_lt(n_frames, N_FRAMES);
    ck_assert_uint_eq(counters.n_frames, n_frames);
}
END_TEST

/* Whatever bytes are changed, reading ends, and in one of the ways that it may. */
START_TEST(test_random_damage)
{
    uint32_t random = 12345u + (uint32_t)_i;
    long size_b;
    FILE *file;
    int ret;

    write_clip(_i % 2);
    size_b = size_of_clip();
    file = fopen(path, "r+b");
    for (uint32_t i = 0; i < 20; i++) {
        random = random * 1664525 + 1013904223;
        ck_assert_int_eq(fseek(file, (long)((random >> 4) % (uint32_t)size_b), SEEK_SET), 0);
        fputc((int)(random >> 24), file);
    }
    ck_assert_int_eq(fclose(file), 0);
    if (start() < 0)
        return;
    read_all(&ret);
    ck_assert(ret == -ENODATA || ret == -EIO);
}
END_TEST

/* Text with a name that libav would show as a terminal's picture, and a list that leads elsewhere. */
START_TEST(test_text_and_lists)
{
    static const char *const texts[] = {
        "Dear diary,\n", "ffconcat version 1.0\nfile clip.mp4\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n"
    };
    FILE *file;

    snprintf(path, sizeof(path), "%s/clip.txt", folder);
    file = fopen(path, "wb");
    fputs(texts[_i], file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(start(), -EINVAL);
    ck_assert_ptr_nonnull(strstr(reason.text, "not a clip"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capture/clip");
    TCase *clips = tcase_create("clips");

    ar_log_set_level(AR_LOG_WARN);
    tcase_add_checked_fixture(clips, setup, teardown);
    tcase_set_timeout(clips, 30);
    tcase_add_loop_test(clips, test_reads_every_picture, 0, 2);
    tcase_add_test(clips, test_scaled_to_fit);
    tcase_add_test(clips, test_own_pace);
    tcase_add_test(clips, test_cut_without_its_index);
    tcase_add_test(clips, test_cut_with_its_index);
    tcase_add_test(clips, test_damaged_in_the_middle);
    tcase_add_loop_test(clips, test_random_damage, 0, 16);
    tcase_add_loop_test(clips, test_text_and_lists, 0, 3);
    suite_add_tcase(suite, clips);
    return ar_suite_run(suite);
}
