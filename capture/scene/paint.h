/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "capture/scene/canvas.h"

/*
 * What the built-in scene shows, layer by layer from the back to the front. Each function paints one sheet, in scene
 * units; `aspect` is the view's width. Pure but for the canvas.
 */

/* Heights that the layers agree on, from the top of the view. */
#define AR_SCENE_WATERLINE 0.575f /* the far shore of the lake */
#define AR_SCENE_NEARSHORE 0.735f /* where the meadow begins */
#define AR_SCENE_PATH      0.842f /* where one walks */
#define AR_SCENE_SUN_X     0.27f  /* of the aspect */
#define AR_SCENE_SUN_Y     0.375f

void ar_scene_paint_sky(struct ar_canvas *canvas, float aspect);
/* Without a seam from its right end to its left. */
void ar_scene_paint_cirrus(struct ar_canvas *canvas, float aspect);
void ar_scene_paint_cumulus(struct ar_canvas *canvas, float aspect);
void ar_scene_paint_mountains(struct ar_canvas *canvas, float aspect);
/* Hills, woods and the village on the far shore. */
void ar_scene_paint_hills(struct ar_canvas *canvas, float aspect);
void ar_scene_paint_village(struct ar_canvas *canvas, float aspect);
/* The near shore, its path and trees. */
void ar_scene_paint_meadow(struct ar_canvas *canvas, float aspect);
void ar_scene_paint_trees(struct ar_canvas *canvas, float aspect);
/* Grass and flowers right before the camera. */
void ar_scene_paint_flowers(struct ar_canvas *canvas, float aspect);

/* A round-crowned tree of `height` on its foot, for any distance: `haze` 0 is near. */
void ar_scene_paint_tree(struct ar_canvas *canvas, struct ar_point foot, float height,
                         float haze, uint32_t seed);

/* An actor: where its feet (or its middle) are, how tall it is, and where in its motion. */
struct ar_pose {
    struct ar_point at;
    float height;
    float phase;  /* of its cycle, in turns */
    float facing; /* 1: to the right, -1: to the left, between: turning */
};

void ar_scene_paint_walker(struct ar_canvas *canvas, const struct ar_pose *pose);
void ar_scene_paint_dog(struct ar_canvas *canvas, const struct ar_pose *pose);
void ar_scene_paint_boat(struct ar_canvas *canvas, const struct ar_pose *pose);
void ar_scene_paint_balloon(struct ar_canvas *canvas, const struct ar_pose *pose);
void ar_scene_paint_bird(struct ar_canvas *canvas, const struct ar_pose *pose);
void ar_scene_paint_smoke(struct ar_canvas *canvas, const struct ar_pose *pose);
