/* SPDX-License-Identifier: MIT */
#include "nn/place.h"

#include <stddef.h>

static bool meet(const struct ar_place *a, const struct ar_place *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static bool overlap(const struct ar_place *a, const struct ar_place *b)
{
    return a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

static const struct ar_place *find_obstacle(const struct ar_place *places, uint32_t n_places,
                                            const struct ar_place *place)
{
    for (uint32_t i = 0; i < n_places; i++)
        if (places[i].placed && meet(&places[i], place) && overlap(&places[i], place))
            return &places[i];
    return NULL;
}

static struct ar_place *find_largest(struct ar_place *places, uint32_t n_places)
{
    struct ar_place *largest = NULL;

    for (uint32_t i = 0; i < n_places; i++)
        if (!places[i].placed && (!largest || places[i].size > largest->size))
            largest = &places[i];
    return largest;
}

/* Largest first, each as low as it can be. */
uint64_t ar_place_all(struct ar_place *places, uint32_t n_places)
{
    uint64_t total = 0;
    struct ar_place *place;

    for (uint32_t i = 0; i < n_places; i++)
        places[i].placed = false;
    while ((place = find_largest(places, n_places))) {
        const struct ar_place *obstacle;

        place->offset = 0;
        while ((obstacle = find_obstacle(places, n_places, place)))
            place->offset = obstacle->offset + obstacle->size;
        place->placed = true;
        if (place->offset + place->size > total)
            total = place->offset + place->size;
    }
    return total;
}
