/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/mman.h>

/*
 * Preloaded into ar-daemon by test_allocations.py: counts what each thread allocates and frees, in the
 * file that AR_ALLOCATIONS names, where the test reads it while frames go on. The C library's own
 * functions do the work.
 */

#define N_THREADS 64

struct thread_count {
    _Atomic uint64_t thread; /* its number in the kernel; 0: nobody's yet */
    _Atomic uint64_t n_calls;
};

/* glibc's allocator under its other names, so that nothing has to be looked up. */
extern void *__libc_malloc(size_t size_b);
extern void *__libc_calloc(size_t n, size_t size_b);
extern void *__libc_realloc(void *memory, size_t size_b);
extern void *__libc_memalign(size_t align_b, size_t size_b);
extern void __libc_free(void *memory);

static struct thread_count *_Atomic counts;
static atomic_uint n_threads;
/* Memory of this kind is there with the thread: to ask for it would be an allocation. */
static __attribute__((tls_model("initial-exec"))) _Thread_local struct thread_count *own;

__attribute__((constructor)) static void open_counts(void)
{
    const size_t size_b = N_THREADS * sizeof(struct thread_count);
    const char *path = getenv("AR_ALLOCATIONS");
    const int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    void *memory = MAP_FAILED;

    if (fd >= 0 && ftruncate(fd, (off_t)size_b) == 0)
        memory = mmap(NULL, size_b, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        perror("AR_ALLOCATIONS");
        _exit(EXIT_FAILURE);
    }
    close(fd);
    atomic_store(&counts, memory);
}

static void count(void)
{
    struct thread_count *const all = atomic_load(&counts);

    if (!all) /* before main(): there is one thread, and no frame */
        return;
    if (!own) {
        const unsigned index = atomic_fetch_add(&n_threads, 1);

        if (index >= N_THREADS)
            abort();
        own = &all[index];
        atomic_store(&own->thread, (uint64_t)gettid());
    }
    atomic_fetch_add(&own->n_calls, 1);
}

void *malloc(size_t size_b)
{
    count();
    return __libc_malloc(size_b);
}

void *calloc(size_t n, size_t size_b)
{
    count();
    return __libc_calloc(n, size_b);
}

void *realloc(void *memory, size_t size_b)
{
    count();
    return __libc_realloc(memory, size_b);
}

void *reallocarray(void *memory, size_t n, size_t size_b)
{
    size_t all_b;

    count();
    if (__builtin_mul_overflow(n, size_b, &all_b)) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_realloc(memory, all_b);
}

void *memalign(size_t align_b, size_t size_b)
{
    count();
    return __libc_memalign(align_b, size_b);
}

void *aligned_alloc(size_t align_b, size_t size_b)
{
    count();
    return __libc_memalign(align_b, size_b);
}

int posix_memalign(void **out, size_t align_b, size_t size_b)
{
    void *memory;

    count();
    memory = __libc_memalign(align_b, size_b);
    if (!memory)
        return ENOMEM;
    *out = memory;
    return 0;
}

void free(void *memory)
{
    if (memory)
        count();
    __libc_free(memory);
}
