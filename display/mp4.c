/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/opt.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/macros.h"
#include "display/movie.h"

/* Containers written by FFmpeg. Compiled only where libav is there. */

/*
 * Ticks of the time stamps. 1/60000 s holds 24, 25, 30, 60 Hz and television's 1001ths exactly,
 * and MPEG-4 part 2 allows no denominator beyond 65535.
 */
#define TICKS_PER_S 60000
#define MIN_STEP    (TICKS_PER_S / 1000) /* Matroska counts in milliseconds */

/* What a movie that must play at any time may lose with its end. */
#define FRAGMENT_TICKS TICKS_PER_S

#define BUFFER_B 65536

/* The network works beside us: an encoder that takes every core would spoil its budget. */
#define N_ENCODER_THREADS 2

struct mp4 {
    struct ar_movie base;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVStream *stream; /* owned by format */
    AVFrame *picture; /* borrows the planes of the frame that is written */
    AVPacket *packet;
    AVPacket *kept;    /* of a live movie: the newest, not written yet; empty: none */
    bool live;         /* plays while it grows: in fragments, with every packet at once */
    uint64_t first_us; /* capture time of the first frame */
    int64_t last_pts;  /* of the frame written last; -1: none */
    int64_t cut_pts;   /* where the fragment begins that is being made */
};

static_assert(offsetof(struct mp4, base) == 0, "from_base() casts");

static struct mp4 *from_base(struct ar_movie *base)
{
    return (struct mp4 *)base;
}

struct container {
    const char *ending;
    const char *format;
    const char *options;
    const char *live_options; /* NULL: it has its length and its index written back into it */
};

#define FRAGMENTS "movflags=+frag_custom+empty_moov+default_base_moof"

/* faststart: the index comes first, so that a browser plays while it loads. */
static const struct container containers[] = {
    { ".mp4", "mp4", "movflags=+faststart", FRAGMENTS },
    { ".mov", "mov", "movflags=+faststart", FRAGMENTS },
    { ".mkv", "matroska", "", NULL },
};

struct encoder {
    const char *name;
    const char *options;
    const char *live_options; /* holds no frame back */
    bool by_rate;             /* has no constant quality: wants a bit rate */
    const char *words;
};

#define MPEG4_OPTIONS "flags=+qscale:global_quality=354" /* 3 * FF_QP2LAMBDA */

/* Best first; the first that opens is used. */
static const struct encoder encoders[] = {
    { "libx264", "preset=veryfast:crf=18", "preset=veryfast:crf=18:tune=zerolatency:g=60",
      false, "H.264" },
    { "libopenh264", "", "g=60", true, "H.264" },
    { "mpeg4", MPEG4_OPTIONS, MPEG4_OPTIONS, false, "MPEG-4" },
};

/* libav's own codes are no errno. */
static int errno_of(int av_error)
{
    return av_error > -4096 ? av_error : -EIO;
}

static int fail(const struct mp4 *mp4, int av_error, const char *what, struct ar_reason *reason)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "";

    av_strerror(av_error, text, sizeof(text));
    return ar_reason_set(reason, errno_of(av_error), "%s: %s: %s", mp4->base.sink->path, what,
                         text);
}

static const struct container *find_container(const char *path)
{
    size_t length = strlen(path);

    for (size_t i = 0; i < AR_ARRAY_LEN(containers); i++) {
        size_t ending = strlen(containers[i].ending);

        if (length > ending && strcasecmp(path + length - ending, containers[i].ending) == 0)
            return &containers[i];
    }
    return NULL;
}

static void set_picture_params(AVCodecContext *codec, const struct ar_display_source *source)
{
    codec->width = (int)source->width_px;
    codec->height = (int)source->height_px;
    codec->time_base = (AVRational){ 1, TICKS_PER_S };
    av_reduce(&codec->framerate.num, &codec->framerate.den, source->rate_millihz, 1000,
              INT32_MAX);
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->color_range = AVCOL_RANGE_MPEG;
    codec->colorspace = AVCOL_SPC_SMPTE170M;
    codec->color_primaries = AVCOL_PRI_SMPTE170M;
    codec->color_trc = AVCOL_TRC_SMPTE170M;
    codec->chroma_sample_location = AVCHROMA_LOC_CENTER;
    codec->thread_count = N_ENCODER_THREADS;
}

/* A fifth of a bit per pixel: generous for a painting, whose strokes are all edges. */
static int64_t bit_rate_of(const struct ar_display_source *source)
{
    return (int64_t)source->width_px * source->height_px * source->rate_millihz / 5000;
}

static int try_encoder(struct mp4 *mp4, const struct encoder *encoder)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(encoder->name);
    AVDictionary *options = NULL;
    int ret;

    if (!codec)
        return AVERROR_ENCODER_NOT_FOUND;
    mp4->codec = avcodec_alloc_context3(codec);
    if (!mp4->codec)
        return AVERROR(ENOMEM);
    set_picture_params(mp4->codec, &mp4->base.source);
    if (encoder->by_rate)
        mp4->codec->bit_rate = bit_rate_of(&mp4->base.source);
    if (mp4->format->oformat->flags & AVFMT_GLOBALHEADER)
        mp4->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    ret = av_dict_parse_string(&options, mp4->live ? encoder->live_options : encoder->options,
                               "=", ":", 0);
    if (ret == 0)
        ret = avcodec_open2(mp4->codec, codec, &options);
    av_dict_free(&options);
    if (ret < 0)
        avcodec_free_context(&mp4->codec);
    return ret;
}

static int open_encoder(struct mp4 *mp4, struct ar_reason *reason)
{
    int ret = AVERROR_ENCODER_NOT_FOUND;

    for (size_t i = 0; i < AR_ARRAY_LEN(encoders); i++) {
        ret = try_encoder(mp4, &encoders[i]);
        if (ret == 0) {
            snprintf(mp4->base.encoder, sizeof(mp4->base.encoder), "%s by %s",
                     encoders[i].words, encoders[i].name);
            return 0;
        }
    }
    return fail(mp4, ret, "no encoder of this FFmpeg works (libx264, libopenh264, mpeg4)",
                reason);
}

#if LIBAVFORMAT_VERSION_MAJOR < 61
typedef uint8_t packet_byte;
#else
typedef const uint8_t packet_byte;
#endif

static int write_to_sink(void *opaque, packet_byte *data, int size_b)
{
    const struct mp4 *mp4 = opaque;
    int ret = mp4->base.sink->write(mp4->base.sink, data, (size_t)size_b, NULL);

    return ret < 0 ? ret : size_b;
}

/* Bytes to the sink's write(), in order. */
static int open_stream(struct mp4 *mp4)
{
    uint8_t *buffer = av_malloc(BUFFER_B);

    if (!buffer)
        return AVERROR(ENOMEM);
    mp4->format->pb = avio_alloc_context(buffer, BUFFER_B, 1, mp4, NULL, write_to_sink, NULL);
    if (!mp4->format->pb) {
        av_free(buffer);
        return AVERROR(ENOMEM);
    }
    mp4->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    return 0;
}

static int open_container(struct mp4 *mp4, const struct container *container,
                          struct ar_reason *reason)
{
    const char *name = mp4->live ? mp4->base.sink->path : mp4->base.sink->regular;
    char url[sizeof("file:") + PATH_MAX + 8];
    int ret;

    /* Without the prefix, a colon in the name would make it a protocol. */
    snprintf(url, sizeof(url), "file:%s", name);
    ret = avformat_alloc_output_context2(&mp4->format, NULL, container->format, url);
    if (ret < 0)
        return fail(mp4, ret, "this FFmpeg cannot write the container", reason);
    ret = mp4->live ? open_stream(mp4) : avio_open(&mp4->format->pb, url, AVIO_FLAG_WRITE);
    if (ret < 0)
        return fail(mp4, ret, "cannot be written", reason);
    mp4->stream = avformat_new_stream(mp4->format, NULL);
    if (!mp4->stream)
        return fail(mp4, AVERROR(ENOMEM), "cannot begin", reason);
    return 0;
}

static int write_header(struct mp4 *mp4, const struct container *container,
                        struct ar_reason *reason)
{
    AVDictionary *options = NULL;
    int ret;

    mp4->stream->time_base = mp4->codec->time_base;
    mp4->stream->avg_frame_rate = mp4->codec->framerate; /* how long the last frame lasts */
    ret = avcodec_parameters_from_context(mp4->stream->codecpar, mp4->codec);
    if (ret >= 0)
        ret = av_dict_parse_string(&options,
                                   mp4->live ? container->live_options : container->options,
                                   "=", ":", 0);
    if (ret >= 0)
        ret = avformat_write_header(mp4->format, &options);
    av_dict_free(&options);
    return ret < 0 ? fail(mp4, ret, "cannot begin", reason) : 0;
}

static int begin(struct ar_movie *base, struct ar_reason *reason)
{
    struct mp4 *mp4 = from_base(base);
    const struct container *container = find_container(base->sink->path);
    int ret;

    assert(container && (base->sink->mark || base->sink->regular));
    mp4->live = base->sink->mark;
    av_log_set_level(AV_LOG_QUIET); /* we say ourselves what is wrong */
    if (mp4->live && !container->live_options)
        return ar_reason_set(reason, -EINVAL,
                             "%s: what plays while it grows must end in .mp4, .mov or .y4m",
                             base->sink->path);
    mp4->last_pts = -1;
    mp4->cut_pts = 1 - FRAGMENT_TICKS; /* the first picture is a fragment of its own */
    mp4->picture = av_frame_alloc();
    mp4->packet = av_packet_alloc();
    mp4->kept = av_packet_alloc();
    if (!mp4->picture || !mp4->packet || !mp4->kept)
        return ar_reason_set_err(reason, -ENOMEM, "%s", base->sink->path);
    ret = open_container(mp4, container, reason);
    if (ret == 0)
        ret = open_encoder(mp4, reason);
    if (ret == 0)
        ret = write_header(mp4, container, reason);
    return ret;
}

/* The time since the first frame, always later than that of the frame before. */
static int64_t pts_of(struct mp4 *mp4, uint64_t capture_us)
{
    int64_t pts;

    if (mp4->last_pts < 0)
        mp4->first_us = capture_us;
    pts = av_rescale((int64_t)(capture_us - mp4->first_us), TICKS_PER_S, 1000000);
    if (mp4->last_pts >= 0 && pts < mp4->last_pts + MIN_STEP)
        pts = mp4->last_pts + MIN_STEP;
    mp4->last_pts = pts;
    return pts;
}

/* The end of a fragment: what is there so far plays. */
static int cut(struct mp4 *mp4)
{
    int ret = av_write_frame(mp4->format, NULL);

    avio_flush(mp4->format->pb);
    if (ret >= 0)
        ret = mp4->format->pb->error;
    if (ret >= 0)
        mp4->base.sink->mark(mp4->base.sink);
    return ret;
}

static int write_packet(struct mp4 *mp4, AVPacket *packet)
{
    int ret;

    av_packet_rescale_ts(packet, mp4->codec->time_base, mp4->stream->time_base);
    ret = av_write_frame(mp4->format, packet);
    av_packet_unref(packet);
    return ret;
}

/* A fragment says how long its last picture lasts, so each waits until the next one tells. */
static int write_kept(struct mp4 *mp4, int64_t end_pts)
{
    AVPacket *kept = mp4->kept;
    int ret = 0;

    if (kept->size == 0)
        return 0;
    kept->duration = end_pts - kept->pts;
    if (kept->pts >= mp4->cut_pts + FRAGMENT_TICKS) {
        ret = cut(mp4);
        mp4->cut_pts = kept->pts;
    }
    return ret < 0 ? ret : write_packet(mp4, kept);
}

static int take_packet(struct mp4 *mp4)
{
    int ret;

    if (!mp4->live)
        return write_packet(mp4, mp4->packet);
    ret = write_kept(mp4, mp4->packet->pts);
    if (ret >= 0)
        av_packet_move_ref(mp4->kept, mp4->packet);
    return ret;
}

/* Writes the packets that are ready. */
static int drain(struct mp4 *mp4, struct ar_reason *reason)
{
    for (;;) {
        int ret = avcodec_receive_packet(mp4->codec, mp4->packet);

        if (ret == AVERROR(EAGAIN) || ret == AVERROR_EOF)
            return 0;
        if (ret < 0)
            return fail(mp4, ret, "cannot encode", reason);
        ret = take_packet(mp4);
        if (ret < 0)
            return fail(mp4, ret, "cannot be written", reason);
    }
}

static int write_frame(struct ar_movie *base, const struct ar_frame *frame,
                       struct ar_reason *reason)
{
    struct mp4 *mp4 = from_base(base);
    AVFrame *picture = mp4->picture;
    int ret;

    picture->width = mp4->codec->width;
    picture->height = mp4->codec->height;
    picture->format = mp4->codec->pix_fmt;
    picture->color_range = mp4->codec->color_range;
    picture->colorspace = mp4->codec->colorspace;
    picture->pts = pts_of(mp4, frame->capture_us);
    for (size_t i = 0; i < 3; i++) {
        picture->data[i] = frame->planes[i].data;
        picture->linesize[i] = (int)frame->planes[i].stride_b;
    }
    /* Copies, because the picture has no buffer of its own. */
    ret = avcodec_send_frame(mp4->codec, picture);
    if (ret < 0)
        return fail(mp4, ret, "cannot encode", reason);
    return drain(mp4, reason);
}

static int64_t period(const struct mp4 *mp4)
{
    return av_rescale(TICKS_PER_S, 1000, mp4->base.source.rate_millihz);
}

static int close_output(struct mp4 *mp4)
{
    int ret;

    if (!mp4->live)
        return avio_closep(&mp4->format->pb);
    avio_flush(mp4->format->pb);
    ret = mp4->format->pb->error;
    if (ret >= 0)
        mp4->base.sink->mark(mp4->base.sink);
    return ret;
}

static int finish(struct ar_movie *base, struct ar_reason *reason)
{
    struct mp4 *mp4 = from_base(base);
    int ret = avcodec_send_frame(mp4->codec, NULL);

    if (ret < 0)
        return fail(mp4, ret, "cannot encode", reason);
    ret = drain(mp4, reason);
    if (ret < 0)
        return ret;
    if (mp4->live)
        ret = write_kept(mp4, mp4->kept->pts + period(mp4));
    if (ret >= 0 && mp4->live)
        ret = cut(mp4);
    if (ret >= 0)
        ret = av_write_trailer(mp4->format);
    if (ret >= 0)
        ret = close_output(mp4);
    return ret < 0 ? fail(mp4, ret, "cannot be finished", reason) : 0;
}

static void release(struct ar_movie *base)
{
    struct mp4 *mp4 = from_base(base);

    avcodec_free_context(&mp4->codec);
    if (mp4->format && mp4->live && mp4->format->pb)
        av_freep(&mp4->format->pb->buffer);
    if (mp4->format && mp4->live)
        avio_context_free(&mp4->format->pb);
    else if (mp4->format)
        avio_closep(&mp4->format->pb);
    avformat_free_context(mp4->format);
    av_packet_free(&mp4->packet);
    av_packet_free(&mp4->kept);
    av_frame_free(&mp4->picture);
}

const struct ar_movie_kind ar_movie_mp4 = {
    .endings = { ".mp4", ".mkv", ".mov" },
    .size_b = sizeof(struct mp4),
    .seeks = true,
    .begin = begin,
    .write = write_frame,
    .finish = finish,
    .release = release,
};
