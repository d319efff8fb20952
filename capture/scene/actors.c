/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/macros.h"
#include "capture/scene/noise.h"
#include "capture/scene/paint.h"

/* Everybody who moves. Each is drawn anew for each picture, from a handful of strokes. */

#define TURN 6.2831853f

/* Body coordinates: 1 is the actor's height, x ahead, y up from the feet. */
static struct ar_point place(const struct ar_pose *pose, float ahead, float up)
{
    return (struct ar_point){ pose->at.x + ahead * pose->height * pose->facing,
                              pose->at.y - up * pose->height };
}

static void limb(struct ar_canvas *canvas, const struct ar_pose *pose, struct ar_point from,
                 struct ar_point to, const float radii[2], struct ar_colour colour)
{
    const struct ar_paint paint = ar_paint_flat(colour);

    ar_canvas_stroke(canvas, place(pose, from.x, from.y), radii[0] * pose->height,
                     place(pose, to.x, to.y), radii[1] * pose->height, &paint);
}

/* The end of a limb of length `length` that swings by `angle` from hanging down. */
static struct ar_point swing(struct ar_point from, float length, float angle)
{
    return (struct ar_point){ from.x + length * sinf(angle), from.y - length * cosf(angle) };
}

static void paint_leg(struct ar_canvas *canvas, const struct ar_pose *pose, struct ar_point hip,
                      float phase, struct ar_colour colour)
{
    const float thigh = 0.46f * sinf(TURN * phase);
    const float bend = 0.10f + 0.75f * fmaxf(sinf(TURN * (phase - 0.20f)), 0.0f) *
                                   fmaxf(cosf(TURN * phase) + 0.4f, 0.0f);
    const struct ar_point knee = swing(hip, 0.245f, thigh);
    const struct ar_point ankle = swing(knee, 0.225f, thigh - bend);
    const struct ar_point toe = { ankle.x + 0.070f, ankle.y - 0.018f + 0.02f * sinf(thigh) };
    const struct ar_colour boot = { 0.22f, 0.14f, 0.10f };

    limb(canvas, pose, hip, knee, (const float[]){ 0.056f, 0.042f }, colour);
    limb(canvas, pose, knee, ankle, (const float[]){ 0.042f, 0.030f }, colour);
    limb(canvas, pose, (struct ar_point){ ankle.x - 0.012f, ankle.y - 0.012f }, toe,
         (const float[]){ 0.026f, 0.020f }, boot);
}

static void paint_arm(struct ar_canvas *canvas, const struct ar_pose *pose,
                      struct ar_point shoulder, float angle, float bend,
                      struct ar_colour sleeve)
{
    const struct ar_point elbow = swing(shoulder, 0.165f, angle);
    const struct ar_point hand = swing(elbow, 0.150f, angle + bend);
    const struct ar_colour skin = { 0.90f, 0.70f, 0.56f };

    limb(canvas, pose, shoulder, elbow, (const float[]){ 0.040f, 0.032f }, sleeve);
    limb(canvas, pose, elbow, hand, (const float[]){ 0.031f, 0.024f }, sleeve);
    limb(canvas, pose, hand, swing(hand, 0.02f, angle + bend),
         (const float[]){ 0.022f, 0.018f }, skin);
}

static void paint_head(struct ar_canvas *canvas, const struct ar_pose *pose, float bob)
{
    const struct ar_colour skin = { 0.92f, 0.72f, 0.58f };
    const struct ar_colour hair = { 0.30f, 0.18f, 0.11f };
    const struct ar_colour straw = { 0.96f, 0.84f, 0.52f };
    const struct ar_colour ribbon = { 0.20f, 0.30f, 0.55f };
    const float up = 0.895f + bob;

    limb(canvas, pose, (struct ar_point){ 0.005f, up - 0.10f },
         (struct ar_point){ 0.012f, up - 0.03f }, (const float[]){ 0.030f, 0.030f }, skin);
    limb(canvas, pose, (struct ar_point){ -0.016f, up - 0.01f },
         (struct ar_point){ -0.022f, up - 0.05f }, (const float[]){ 0.052f, 0.034f }, hair);
    limb(canvas, pose, (struct ar_point){ 0.014f, up },
         (struct ar_point){ 0.020f, up - 0.022f }, (const float[]){ 0.048f, 0.040f }, skin);
    limb(canvas, pose, (struct ar_point){ 0.004f, up + 0.040f },
         (struct ar_point){ 0.004f, up + 0.070f }, (const float[]){ 0.050f, 0.040f }, straw);
    limb(canvas, pose, (struct ar_point){ -0.045f, up + 0.030f },
         (struct ar_point){ 0.055f, up + 0.034f }, (const float[]){ 0.012f, 0.012f }, ribbon);
    limb(canvas, pose, (struct ar_point){ -0.095f, up + 0.018f },
         (struct ar_point){ 0.105f, up + 0.024f }, (const float[]){ 0.011f, 0.010f }, straw);
}

/* On the ground, away from the low sun. */
static void paint_shadow(struct ar_canvas *canvas, const struct ar_pose *pose, float width)
{
    struct ar_paint shade = ar_paint_flat((struct ar_colour){ 0.10f, 0.12f, 0.12f });

    shade.alpha = 0.34f;
    ar_canvas_stroke(canvas, pose->at, 0.8f * width,
                     (struct ar_point){ pose->at.x + 5.0f * width, pose->at.y + 1.1f * width },
                     0.5f * width, &shade);
}

void ar_scene_paint_walker(struct ar_canvas *canvas, const struct ar_pose *pose)
{
    const struct ar_colour coat = { 0.80f, 0.22f, 0.16f };
    const struct ar_colour coat_far = { 0.52f, 0.13f, 0.12f };
    const struct ar_colour cloth = { 0.24f, 0.27f, 0.38f };
    const struct ar_colour cloth_far = { 0.15f, 0.17f, 0.26f };
    const float bob = 0.012f * fabsf(cosf(TURN * pose->phase));
    const struct ar_point hip = { 0.0f, 0.475f + bob };
    const struct ar_point shoulder = { 0.020f, 0.775f + bob };
    const float reach = 0.55f * sinf(TURN * pose->phase);

    paint_shadow(canvas, pose, 0.085f * pose->height);
    paint_arm(canvas, pose, shoulder, reach, 0.35f, coat_far);
    paint_leg(canvas, pose, hip, pose->phase + 0.5f, cloth_far);
    paint_leg(canvas, pose, hip, pose->phase, cloth);
    limb(canvas, pose, (struct ar_point){ -0.004f, 0.450f + bob }, shoulder,
         (const float[]){ 0.088f, 0.072f }, coat);
    limb(canvas, pose, (struct ar_point){ 0.030f, 0.480f + bob },
         (struct ar_point){ 0.045f, 0.730f + bob }, (const float[]){ 0.050f, 0.030f },
         (struct ar_colour){ 0.90f, 0.32f, 0.22f });
    paint_head(canvas, pose, bob);
    paint_arm(canvas, pose, (struct ar_point){ 0.010f, 0.770f + bob }, -0.6f * reach, 0.40f,
              coat);
}

static void paint_paw(struct ar_canvas *canvas, const struct ar_pose *pose, float ahead,
                      float phase, struct ar_colour colour)
{
    const struct ar_point hip = { ahead, 0.50f };
    const float angle = 0.55f * sinf(TURN * phase);
    const struct ar_point knee = swing(hip, 0.24f, angle);
    const struct ar_point foot =
        swing(knee, 0.24f, angle - 0.7f * fmaxf(sinf(TURN * (phase - 0.2f)), 0.0f));

    limb(canvas, pose, hip, knee, (const float[]){ 0.085f, 0.055f }, colour);
    limb(canvas, pose, knee, foot, (const float[]){ 0.050f, 0.040f }, colour);
}

void ar_scene_paint_dog(struct ar_canvas *canvas, const struct ar_pose *pose)
{
    const struct ar_colour fur = { 0.93f, 0.87f, 0.78f };
    const struct ar_colour far = { 0.62f, 0.55f, 0.48f };
    const struct ar_colour patch = { 0.55f, 0.33f, 0.18f };
    const struct ar_colour nose = { 0.12f, 0.09f, 0.09f };
    const float wag = 0.14f * sinf(2.0f * TURN * pose->phase);
    const float nod = 0.02f * sinf(TURN * pose->phase);

    paint_shadow(canvas, pose, 0.13f * pose->height);
    paint_paw(canvas, pose, 0.34f, pose->phase + 0.5f, far);
    paint_paw(canvas, pose, -0.34f, pose->phase, far);
    limb(canvas, pose, (struct ar_point){ -0.40f, 0.66f },
         (struct ar_point){ -0.62f + wag, 0.98f }, (const float[]){ 0.060f, 0.030f }, fur);
    limb(canvas, pose, (struct ar_point){ -0.34f, 0.58f }, (struct ar_point){ 0.32f, 0.60f },
         (const float[]){ 0.150f, 0.165f }, fur);
    limb(canvas, pose, (struct ar_point){ -0.16f, 0.66f }, (struct ar_point){ 0.06f, 0.67f },
         (const float[]){ 0.090f, 0.085f }, patch);
    paint_paw(canvas, pose, 0.36f, pose->phase, fur);
    paint_paw(canvas, pose, -0.36f, pose->phase + 0.5f, fur);
    limb(canvas, pose, (struct ar_point){ 0.36f, 0.66f },
         (struct ar_point){ 0.52f, 0.86f + nod }, (const float[]){ 0.120f, 0.110f }, fur);
    limb(canvas, pose, (struct ar_point){ 0.54f, 0.88f + nod },
         (struct ar_point){ 0.74f, 0.82f + nod }, (const float[]){ 0.115f, 0.055f }, fur);
    limb(canvas, pose, (struct ar_point){ 0.48f, 0.95f + nod },
         (struct ar_point){ 0.40f, 0.80f + nod }, (const float[]){ 0.055f, 0.045f }, patch);
    limb(canvas, pose, (struct ar_point){ 0.79f, 0.83f + nod },
         (struct ar_point){ 0.80f, 0.83f + nod }, (const float[]){ 0.030f, 0.028f }, nose);
}

/* `flip` is -1 for what the water shows. */
static void paint_hull(struct ar_canvas *canvas, const struct ar_pose *pose, float flip,
                       float alpha)
{
    const float lean = 0.03f * sinf(TURN * pose->phase);
    const struct ar_point hull[] = { place(pose, -0.34f, 0.09f * flip),
                                     place(pose, 0.42f, 0.11f * flip),
                                     place(pose, 0.30f, -0.03f * flip),
                                     place(pose, -0.27f, -0.03f * flip) };
    const struct ar_point main_sail[] = { place(pose, 0.01f + lean, 0.97f * flip),
                                          place(pose, 0.02f, 0.17f * flip),
                                          place(pose, -0.40f, 0.19f * flip) };
    const struct ar_point jib[] = { place(pose, 0.04f + lean, 0.86f * flip),
                                    place(pose, 0.40f, 0.15f * flip),
                                    place(pose, 0.05f, 0.17f * flip) };
    struct ar_paint paint = ar_paint_flat((struct ar_colour){ 0.34f, 0.20f, 0.14f });

    paint.alpha = alpha;
    ar_canvas_stroke(canvas, place(pose, 0.02f, 0.08f * flip), 0.014f * pose->height,
                     place(pose, 0.02f + lean, 1.0f * flip), 0.008f * pose->height, &paint);
    ar_canvas_polygon(canvas, hull, AR_ARRAY_LEN(hull), &paint);
    paint.top = (struct ar_colour){ 1.0f, 0.97f, 0.88f };
    paint.bottom = (struct ar_colour){ 0.94f, 0.86f, 0.72f };
    ar_canvas_polygon(canvas, main_sail, AR_ARRAY_LEN(main_sail), &paint);
    paint.top = (struct ar_colour){ 0.86f, 0.34f, 0.22f };
    paint.bottom = (struct ar_colour){ 0.74f, 0.24f, 0.18f };
    ar_canvas_polygon(canvas, jib, AR_ARRAY_LEN(jib), &paint);
}

void ar_scene_paint_boat(struct ar_canvas *canvas, const struct ar_pose *pose)
{
    struct ar_pose mirrored = *pose;

    mirrored.at.x += 0.01f * pose->height * sinf(TURN * pose->phase * 3.0f);
    paint_hull(canvas, &mirrored, -0.75f, 0.38f);
    paint_hull(canvas, pose, 1.0f, 1.0f);
}

void ar_scene_paint_balloon(struct ar_canvas *canvas, const struct ar_pose *pose)
{
    static const struct ar_colour gores[] = { { 0.86f, 0.24f, 0.18f },
                                              { 0.98f, 0.82f, 0.36f },
                                              { 0.86f, 0.24f, 0.18f },
                                              { 0.98f, 0.92f, 0.80f } };
    const struct ar_paint rope = ar_paint_flat((struct ar_colour){ 0.35f, 0.26f, 0.20f });
    const struct ar_point envelope = place(pose, 0.0f, 0.68f);
    const struct ar_point left = place(pose, -0.045f, 0.12f);
    const struct ar_point right = place(pose, 0.045f, 0.02f);
    const float sizes[] = { 1.0f, 0.74f, 0.48f, 0.20f };

    for (int side = -1; side <= 1; side += 2)
        ar_canvas_stroke(canvas, place(pose, 0.04f * (float)side, 0.12f), 0.005f * pose->height,
                         place(pose, 0.13f * (float)side, 0.42f), 0.005f * pose->height, &rope);
    for (uint32_t i = 0; i < AR_ARRAY_LEN(gores); i++) {
        const struct ar_paint paint = { .top = ar_colour_scale(gores[i], 1.05f),
                                        .bottom = ar_colour_scale(gores[i], 0.68f),
                                        .alpha = 1.0f };
        const struct ar_point neck[] = { place(pose, -0.26f * sizes[i], 0.52f),
                                         place(pose, 0.26f * sizes[i], 0.52f),
                                         place(pose, 0.07f * sizes[i], 0.30f),
                                         place(pose, -0.07f * sizes[i], 0.30f) };
        const struct ar_paint shade = ar_paint_flat(ar_colour_scale(gores[i], 0.72f));

        ar_canvas_polygon(canvas, neck, AR_ARRAY_LEN(neck), &shade);
        ar_canvas_ellipse(canvas, envelope, 0.29f * sizes[i] * pose->height,
                          0.31f * pose->height, &paint);
    }
    ar_canvas_box(canvas, left.x, left.y, right.x, right.y, &rope);
}

void ar_scene_paint_bird(struct ar_canvas *canvas, const struct ar_pose *pose)
{
    const struct ar_colour dark = { 0.18f, 0.19f, 0.26f };
    const float beat = sinf(TURN * pose->phase);

    for (int side = -1; side <= 1; side += 2) {
        const struct ar_point wrist = { 0.45f * (float)side, 0.30f + 0.30f * beat };
        const struct ar_point tip = { 0.95f * (float)side, 0.10f + 0.55f * beat };

        limb(canvas, pose, (struct ar_point){ 0.0f, 0.0f }, wrist,
             (const float[]){ 0.09f, 0.075f }, dark);
        limb(canvas, pose, wrist, tip, (const float[]){ 0.075f, 0.03f }, dark);
    }
}

/* phase: age, 0 at the chimney and 1 where it is gone. */
void ar_scene_paint_smoke(struct ar_canvas *canvas, const struct ar_pose *pose)
{
    const float size = pose->height * (0.25f + 0.75f * pose->phase);
    struct ar_paint puff = ar_paint_flat((struct ar_colour){ 0.93f, 0.90f, 0.90f });

    puff.alpha =
        0.34f * ar_noise_ramp(1.0f, 0.2f, pose->phase) * ar_noise_ramp(0.0f, 0.1f, pose->phase);
    ar_canvas_ellipse(canvas, pose->at, size, size * 0.8f, &puff);
    ar_canvas_ellipse(canvas, pose->at, size * 0.65f, size * 0.5f, &puff);
}
