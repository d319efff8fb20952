/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A token bucket: so many a second in the long run, and `burst` of them at once. Pure: times are passed in. One thread.
 */

struct ar_bucket {
    uint64_t per_token_us;
    uint64_t room_us;   /* what a full bucket holds, as the time it takes to fill */
    uint64_t filled_us; /* what it holds */
    uint64_t looked_us;
};

/* Full at now_us. per_s and burst are at least 1. */
void ar_bucket_init(struct ar_bucket *bucket, uint32_t per_s, uint32_t burst, uint64_t now_us);

/* True, and one less, when there is a token. A clock that goes back fills nothing. */
bool ar_bucket_take(struct ar_bucket *bucket, uint64_t now_us);
