/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "nn/model.h"

/*
 * Private to nn/: a chain, consecutive layers of a segment that run together: each makes a few rows at a time, and those that
 * read them do so while they are in the cache. Of a map that only its own chain reads, memory holds the rows that are
 * still to be read, and no more: a ring (struct ar_tensor).
 *
 * Work goes in steps. In each of them every layer in turn makes the rows of an equally high strip of the picture; those
 * that read others begin some steps later. A step's rows of a layer are one task, or several equal ones where there are more
 * workers than layers. Tasks are numbered in their order: step by step, layer by layer, part by part.
 *
 *   one worker      reads what was made in the same step: the fewest rows are under way
 *   more of them    read what was made in the step before, and write over what was read two steps before: as many tasks as
 *                   the chain has layers are independent of each other at any time
 *
 * A layer with an instance norm may have to be made twice, from whole maps: so those that it and the layers behind it read
 * are in no ring. Neither filters a gate that may look at its whole input first: it is a chain of its own.
 */

#define AR_CHAIN_MAX 8 /* layers */

struct ar_chain {
    uint32_t first; /* layers, from the first to before the end */
    uint32_t end;
    uint32_t whole; /* from here on they have instance norms, and read whole maps */
};

/* The chain that begins at a layer. */
struct ar_chain ar_chain_find(const struct ar_model *model, uint32_t first);

/* The part of it without instance norms, which may be nothing. */
static inline struct ar_chain ar_chain_plain(const struct ar_chain *chain)
{
    return (struct ar_chain){ chain->first, chain->whole, chain->whole };
}

/* Whether a layer of a chain has its map in a ring. */
bool ar_chain_has_ring(const struct ar_model *model, const struct ar_chain *chain,
                       uint32_t layer);

struct ar_chain_member {
    uint32_t first_step;
    uint32_t step_rows; /* of the filter's result; of a shuffle's: of the map */
    uint32_t height;    /* the same rows, of all steps */
    uint32_t ring_rows; /* of the map: as many as memory must hold for the chain's layers */
    uint32_t
        n_before; /* tasks before the step's first one that need not be done: see ar_chain_needs() */
};

struct ar_chain_plan {
    struct ar_chain chain;
    uint32_t n_parts; /* of a step's rows of a layer */
    uint32_t n_tasks;
    struct ar_chain_member members[AR_CHAIN_MAX];
};

/* `scale`: rows of a step, in multiples (powers of 2) of the fewest that there can be. */
void ar_chain_plan(struct ar_chain_plan *plan, const struct ar_model *model,
                   const struct ar_chain *chain, uint32_t height_px, uint32_t n_workers,
                   uint32_t scale);

struct ar_chain_task {
    uint32_t member;
    uint32_t first_row; /* of the filter's result; none where it is the end */
    uint32_t end_row;
};

struct ar_chain_task ar_chain_task(const struct ar_chain_plan *plan, uint32_t index);

/* So many of the first tasks must be done before this one begins. */
uint32_t ar_chain_needs(const struct ar_chain_plan *plan, uint32_t index);
