/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/shortage.h"
#include "tests/suite.h"

/* More than there can be, which the compiler need not know. */
static volatile size_t too_much_b = PTRDIFF_MAX;

/* Sanitizers end the program otherwise. They ask for these, where they are. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void be_refused(void)
{
    ck_assert_ptr_null(ar_shortage_malloc(too_much_b));
}

START_TEST(a_refusal_is_told_once)
{
    void *memory = ar_shortage_malloc(1);

    ck_assert_ptr_nonnull(memory);
    ck_assert(!ar_shortage_take());
    be_refused();
    free(ar_shortage_malloc(1)); /* what goes well afterwards mends nothing */
    ck_assert(ar_shortage_take());
    ck_assert(!ar_shortage_take());
    free(memory);
}
END_TEST

static void *be_refused_elsewhere(void *user)
{
    be_refused();
    return user;
}

START_TEST(another_thread_s_is_none_of_ours)
{
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, be_refused_elsewhere, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert(!ar_shortage_take());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base_shortage");
    TCase *tcase = tcase_create("shortage");

    tcase_add_test(tcase, a_refusal_is_told_once);
    tcase_add_test(tcase, another_thread_s_is_none_of_ours);
    suite_add_tcase(suite, tcase);
    return ar_suite_run(suite);
}
