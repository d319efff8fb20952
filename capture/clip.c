/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "capture/clip_picture.h"
#include "capture/reader.h"
#include "capture/timeline.h"

/* Reads every clip that FFmpeg decodes. Compiled only where libav is there. */

#define DEFAULT_RATE_MILLIHZ 25000
#define MAX_RATE_MILLIHZ     1000000
#define MAX_DECODER_THREADS  4

struct clip {
    struct ar_reader base;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *picture; /* the current one, or the next one when primed */
    struct SwsContext *sws;
    int stream;
    bool primed;        /* `picture` was decoded ahead, by open */
    bool draining;      /* no packets are left, the decoder is giving out what it holds */
    bool cut;           /* the container broke off */
    uint64_t n_packets; /* since open or rewind */
    uint64_t n_good;    /* pictures, since then too */
    struct ar_timeline timeline;
};

static_assert(offsetof(struct clip, base) == 0, "from_base() casts");

static struct clip *from_base(struct ar_reader *base)
{
    return (struct clip *)base;
}

/* libav's own codes are no errno: they mean that the data is not what it should be. */
static int errno_of(int av_error)
{
    return av_error > -4096 ? av_error : -EINVAL;
}

static bool starts_like_mp4(const char *path)
{
    char magic[8] = { 0 };
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const bool mp4 = fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) &&
                     memcmp(magic + 4, "ftyp", 4) == 0;

    if (fd >= 0)
        close(fd);
    return mp4;
}

/*
 * What libav would take for a clip and is none: any text or bytes shown as pictures, and lists, which lead to
 * other files or hosts and may wait for them.
 */
static const struct {
    const char *format;
    const char *what;
} no_clips[] = {
    { "tty", "text" },           { "bin", "text" },        { "xbin", "text" },
    { "adf", "text" },           { "idf", "text" },        { "rawvideo", "bytes" },
    { "hls", "a playlist" },     { "dash", "a playlist" }, { "concat", "a playlist" },
    { "concatf", "a playlist" }, { "sdp", "a playlist" },
};

/* Finds the container's kind by its first bytes. */
static int probe(const char *url, const char *path, const AVInputFormat **format,
                 struct ar_reason *reason)
{
    AVIOContext *io = NULL;
    int ret = avio_open2(&io, url, AVIO_FLAG_READ, NULL, NULL);

    if (ret == 0)
        ret = av_probe_input_buffer2(io, format, url, NULL, 0, 0);
    avio_closep(&io);
    if (ret < 0 && errno_of(ret) != -EINVAL)
        return ar_reason_set_err(reason, ret, "%s: cannot read the clip", path);
    if (ret < 0 || !*format)
        return ar_reason_set(reason, -EINVAL, "%s: not a clip that FFmpeg knows", path);
    for (size_t i = 0; i < AR_ARRAY_LEN(no_clips); i++)
        if (strcmp((*format)->name, no_clips[i].format) == 0)
            return ar_reason_set(reason, -EINVAL, "%s: is %s, not a clip", path,
                                 no_clips[i].what);
    return 0;
}

static int open_container(struct clip *clip, struct ar_reason *reason)
{
    const char *path = clip->base.path;
    char url[sizeof(clip->base.path) + 8];
    const AVInputFormat *format = NULL;
    AVDictionary *options = NULL;
    int ret;

    /* The prefix and the list keep names like "http://..." and references in clips from reaching further. */
    snprintf(url, sizeof(url), "file:%s", path);
    ret = probe(url, path, &format, reason);
    if (ret < 0)
        return ret;
    assert(format);
    av_dict_set(&options, "protocol_whitelist", "file", 0);
    ret = avformat_open_input(&clip->format, url, format, &options);
    av_dict_free(&options);
    if (ret < 0 && starts_like_mp4(path))
        return ar_reason_set(
            reason, -EINVAL,
            "%s: MP4 without its index (moov): cut short, or still being recorded", path);
    if (ret >= 0)
        ret = avformat_find_stream_info(clip->format, NULL);
    if (ret < 0)
        return ar_reason_set(reason, errno_of(ret), "%s: looks like %.*s, but is broken", path,
                             (int)strcspn(format->name, ","), format->name);
    return 0;
}

static int find_stream(struct clip *clip, const AVCodec **decoder, struct ar_reason *reason)
{
    const char *path = clip->base.path;
    const int stream =
        av_find_best_stream(clip->format, AVMEDIA_TYPE_VIDEO, -1, -1, decoder, 0);

    if (stream == AVERROR_DECODER_NOT_FOUND)
        return ar_reason_set(reason, -EINVAL, "%s: this FFmpeg has no decoder for its pictures",
                             path);
    if (stream < 0 || clip->format->streams[stream]->disposition & AV_DISPOSITION_ATTACHED_PIC)
        return ar_reason_set(reason, -EINVAL, "%s: has no moving pictures", path);
    clip->stream = stream;
    for (unsigned i = 0; i < clip->format->nb_streams; i++)
        if ((int)i != stream)
            clip->format->streams[i]->discard = AVDISCARD_ALL;
    return 0;
}

/* Half of the processors at most: the painter needs the rest. */
static int decoder_threads(void)
{
    return ar_clamp_i32((int32_t)sysconf(_SC_NPROCESSORS_ONLN) / 2, 1, MAX_DECODER_THREADS);
}

static int open_decoder(struct clip *clip, const AVCodec *decoder, struct ar_reason *reason)
{
    const AVStream *stream = clip->format->streams[clip->stream];
    int ret;

    clip->codec = avcodec_alloc_context3(decoder);
    clip->packet = av_packet_alloc();
    clip->picture = av_frame_alloc();
    if (!clip->codec || !clip->packet || !clip->picture)
        return ar_reason_set_err(reason, -ENOMEM, "%s", clip->base.path);
    ret = avcodec_parameters_to_context(clip->codec, stream->codecpar);
    clip->codec->pkt_timebase = stream->time_base;
    clip->codec->thread_count = decoder_threads();
    if (ret == 0)
        ret = avcodec_open2(clip->codec, decoder, NULL);
    if (ret < 0)
        return ar_reason_set(reason, errno_of(ret), "%s: the %s decoder refuses it",
                             clip->base.path, decoder->name);
    snprintf(clip->base.kind, sizeof(clip->base.kind), "%s", avcodec_get_name(decoder->id));
    return 0;
}

/* The index promised more, and the reader ran into the end of the file: it was cut between two packets. */
static bool misses_packets(const struct clip *clip)
{
    const int64_t promised = clip->format->streams[clip->stream]->nb_frames;

    return promised > (int64_t)clip->n_packets && clip->format->pb &&
           avio_feof(clip->format->pb);
}

/* Hands the next packet of our stream to the decoder, or the end. */
static void feed(struct clip *clip)
{
    int ret = av_read_frame(clip->format, clip->packet);

    while (ret == 0 && clip->packet->stream_index != clip->stream) {
        av_packet_unref(clip->packet);
        ret = av_read_frame(clip->format, clip->packet);
    }
    if (ret < 0) {
        /* A packet marked corrupt matters here only as the last one: the file ended inside it. */
        clip->cut |= ret != AVERROR_EOF || misses_packets(clip);
        clip->draining = true;
        avcodec_send_packet(clip->codec, NULL);
        return;
    }
    clip->n_packets++;
    clip->cut = (clip->packet->flags & AV_PKT_FLAG_CORRUPT) != 0;
    if (avcodec_send_packet(clip->codec, clip->packet) < 0)
        clip->base.n_corrupt++;
    av_packet_unref(clip->packet);
}

/* Decodes into clip->picture. -ENODATA at the end, -EIO at the end of a clip that is cut. */
static int decode(struct clip *clip, struct ar_reason *reason)
{
    for (;;) {
        const int ret = avcodec_receive_frame(clip->codec, clip->picture);
        const AVFrame *picture = clip->picture;

        if (ret == 0 && !picture->decode_error_flags &&
            !(picture->flags & AV_FRAME_FLAG_CORRUPT))
            break;
        if (ret == AVERROR_EOF || (ret < 0 && clip->draining))
            return clip->cut ? ar_reason_set(reason, -EIO,
                                             "%s: cut short or damaged after frame %llu",
                                             clip->base.path, (unsigned long long)clip->n_good)
                             : -ENODATA;
        if (ret != AVERROR(EAGAIN))
            clip->base.n_corrupt++;
        if (ret < 0)
            feed(clip);
    }
    clip->n_good++;
    return 0;
}

static uint32_t rate_of(const struct clip *clip)
{
    const AVRational rate =
        av_guess_frame_rate(clip->format, clip->format->streams[clip->stream], NULL);
    int64_t rate_millihz = 0;

    if (rate.num > 0 && rate.den > 0)
        rate_millihz = av_rescale(rate.num, 1000, rate.den);
    if (rate_millihz <= 0 || rate_millihz > MAX_RATE_MILLIHZ)
        return DEFAULT_RATE_MILLIHZ;
    return (uint32_t)rate_millihz;
}

/* The size to show: pixels made square, fitted into the box; without a box only what is too large shrinks. */
static struct ar_option_size shown_size(const AVFrame *picture, struct ar_option_size box)
{
    const AVRational aspect = picture->sample_aspect_ratio;
    const uint32_t height = (uint32_t)picture->height;
    uint32_t width = (uint32_t)picture->width;

    if (aspect.num > 0 && aspect.den > 0 && aspect.num / aspect.den < 4 &&
        aspect.den / aspect.num < 4)
        width = (uint32_t)av_rescale(width, aspect.num, aspect.den);
    if (box.width_px == 0) {
        if (width <= AR_READER_MAX_W_PX && height <= AR_READER_MAX_H_PX)
            return (struct ar_option_size){ width & ~1u, height & ~1u };
        box = (struct ar_option_size){ AR_READER_MAX_W_PX, AR_READER_MAX_H_PX };
    }
    return ar_reader_fit(width, height, box);
}

/* Decodes the first picture, because only it says for sure what the clip is made of. */
static int prime(struct clip *clip, struct ar_option_size box, struct ar_reason *reason)
{
    const int ret = decode(clip, reason);
    struct ar_reader *base = &clip->base;
    struct ar_option_size size;

    if (ret == -ENODATA)
        return ar_reason_set(reason, -EINVAL, "%s: holds no picture that can be decoded",
                             base->path);
    if (ret < 0)
        return ret;
    clip->primed = true;
    size = shown_size(clip->picture, box);
    base->rate_millihz = rate_of(clip);
    base->shape = (struct ar_frame_shape){ .width_px = size.width_px,
                                           .height_px = size.height_px,
                                           .format = AR_FRAME_I420,
                                           .range = ar_clip_picture_range(clip->picture) };
    return ar_frame_shape_check(&base->shape, base->path, reason);
}

static void close_clip(struct ar_reader *base)
{
    struct clip *clip = from_base(base);

    sws_freeContext(clip->sws);
    av_frame_free(&clip->picture);
    av_packet_free(&clip->packet);
    avcodec_free_context(&clip->codec);
    avformat_close_input(&clip->format);
    free(clip);
}

static int open_clip(struct ar_reader **out, const char *path, const struct ar_option_size *box,
                     struct ar_reason *reason)
{
    struct clip *clip = calloc(1, sizeof(*clip));
    const AVCodec *decoder = NULL;
    int ret;

    if (!clip)
        return ar_reason_set_err(reason, -ENOMEM, "%s", path);
    av_log_set_level(AV_LOG_QUIET); /* we say ourselves what is wrong */
    clip->base.ops = &ar_clip_reader;
    snprintf(clip->base.path, sizeof(clip->base.path), "%s", path);
    ret = open_container(clip, reason);
    if (ret == 0)
        ret = find_stream(clip, &decoder, reason);
    if (ret == 0)
        ret = open_decoder(clip, decoder, reason);
    if (ret == 0)
        ret = prime(clip, *box, reason);
    if (ret < 0) {
        close_clip(&clip->base);
        return ret;
    }
    *out = &clip->base;
    return 0;
}

static int64_t duration_of(const AVFrame *picture)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    return picture->duration;
#else
    return picture->pkt_duration;
#endif
}

static void set_times(struct clip *clip)
{
    const AVRational unit = clip->format->streams[clip->stream]->time_base;
    const int64_t stamp = clip->picture->best_effort_timestamp;
    const uint64_t period_us = 1000000000u / clip->base.rate_millihz;
    const int64_t stay_us = av_rescale_q(duration_of(clip->picture), unit, AV_TIME_BASE_Q);
    const bool known = stamp != AV_NOPTS_VALUE;

    clip->base.time_us = ar_timeline_step(&clip->timeline,
                                          known ? av_rescale_q(stamp, unit, AV_TIME_BASE_Q)
                                                : AR_TIMELINE_UNKNOWN,
                                          period_us);
    clip->base.duration_us =
        stay_us > 0 && stay_us <= AR_TIMELINE_MAX_STEP_US ? (uint64_t)stay_us : period_us;
}

static int advance(struct ar_reader *base, struct ar_reason *reason)
{
    struct clip *clip = from_base(base);

    if (!clip->primed) {
        const int ret = decode(clip, reason);

        if (ret < 0)
            return ret;
    }
    clip->primed = false;
    set_times(clip);
    return 0;
}

static int read_picture(struct ar_reader *base, struct ar_frame *frame,
                        struct ar_reason *reason)
{
    struct clip *clip = from_base(base);
    const int ret = ar_clip_picture_write(&clip->sws, clip->picture, frame);

    return ret < 0 ? ar_reason_set(reason, ret, "%s: frame %llu: cannot convert its colours",
                                   base->path, (unsigned long long)clip->n_good)
                   : 0;
}

static int rewind_clip(struct ar_reader *base, struct ar_reason *reason)
{
    struct clip *clip = from_base(base);
    int ret = av_seek_frame(clip->format, clip->stream, INT64_MIN, AVSEEK_FLAG_BACKWARD);

    if (ret < 0) /* a format without an index */
        ret = av_seek_frame(clip->format, -1, 0, AVSEEK_FLAG_BYTE);
    if (ret < 0)
        return ar_reason_set(reason, -EIO, "%s: cannot go back to the start", base->path);
    avcodec_flush_buffers(clip->codec);
    clip->draining = false;
    clip->cut = false;
    clip->n_packets = 0;
    clip->n_good = 0;
    clip->timeline = (struct ar_timeline){ .started = false };
    return 0;
}

const struct ar_reader_ops ar_clip_reader = {
    .open = open_clip,
    .close = close_clip,
    .advance = advance,
    .read = read_picture,
    .rewind = rewind_clip,
};
