/* SPDX-License-Identifier: MIT */
#include "base/bucket.h"

void ar_bucket_init(struct ar_bucket *bucket, uint32_t per_s, uint32_t burst, uint64_t now_us)
{
    const uint64_t per_token_us = 1000000u / per_s;

    *bucket = (struct ar_bucket){ .per_token_us = per_token_us,
                                  .room_us = per_token_us * burst,
                                  .filled_us = per_token_us * burst,
                                  .looked_us = now_us };
}

bool ar_bucket_take(struct ar_bucket *bucket, uint64_t now_us)
{
    const uint64_t passed_us = now_us > bucket->looked_us ? now_us - bucket->looked_us : 0;
    const uint64_t missing_us = bucket->room_us - bucket->filled_us;

    bucket->filled_us += passed_us < missing_us ? passed_us : missing_us;
    bucket->looked_us = now_us;
    if (bucket->filled_us < bucket->per_token_us)
        return false;
    bucket->filled_us -= bucket->per_token_us;
    return true;
}
