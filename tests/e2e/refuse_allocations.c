/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>

/*
 * Preloaded into ar-daemon by tests (refusals.py): refuses memory, and threads, or kills it between two steps of writing
 * a file, as the file AR_REFUSALS says, where the test may write at any time. All else is done by the functions that this
 * library stands before: the C library's own, or a sanitizer's.
 */

struct orders {
    _Atomic int64_t n_left;  /* so many calls go well, then n_refused do not, and so on */
    int64_t n_refused;       /* written before n_left */
    int64_t of_all;          /* 1: whoever calls; 0: the program itself, not its libraries */
    _Atomic int64_t n_steps; /* so many writes, syncs and names of files until it is killed */
};

static struct orders *_Atomic orders;
static uintptr_t program_begin;
static uintptr_t program_end;

static int find_program(struct dl_phdr_info *info, size_t size_b, void *user)
{
    (void)size_b;
    (void)user;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *const part = &info->dlpi_phdr[i];

        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
            continue;
        program_begin = info->dlpi_addr + part->p_vaddr;
        program_end = program_begin + part->p_memsz;
    }
    return 1; /* the first is the program; that ends it */
}

/* What the libraries do before main() is before this. */
__attribute__((constructor)) static void open_orders(void)
{
    const char *path = getenv("AR_REFUSALS");
    const int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *memory = MAP_FAILED;

    if (fd >= 0)
        memory = mmap(NULL, sizeof(struct orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        perror("AR_REFUSALS");
        _exit(EXIT_FAILURE);
    }
    close(fd);
    dl_iterate_phdr(find_program, NULL);
    atomic_store(&orders, memory);
}

static bool is_own(const void *caller)
{
    return (uintptr_t)caller >= program_begin && (uintptr_t)caller < program_end;
}

/* The number of a call is counted down to: the first one that finds none left is refused. */
static bool is_refused(const void *caller)
{
    struct orders *const all = atomic_load(&orders);
    int64_t n_left;

    if (!all || !(is_own(caller) || all->of_all))
        return false;
    n_left = atomic_fetch_sub(&all->n_left, 1);
    return n_left <= 0 && n_left > -all->n_refused;
}

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

/* The function that this library stands before. ISO C has no conversion from dlsym()'s result to it. */
static void real(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    memcpy(function, &symbol, sizeof(symbol));
}

void *malloc(size_t size_b)
{
    void *(*next)(size_t);

    real("malloc", &next);
    return is_refused(__builtin_return_address(0)) ? no_memory() : next(size_b);
}

void *calloc(size_t n, size_t size_b)
{
    void *(*next)(size_t, size_t);

    real("calloc", &next);
    return is_refused(__builtin_return_address(0)) ? no_memory() : next(n, size_b);
}

void *realloc(void *memory, size_t size_b)
{
    void *(*next)(void *, size_t);

    real("realloc", &next);
    return is_refused(__builtin_return_address(0)) ? no_memory() : next(memory, size_b);
}

void *aligned_alloc(size_t align_b, size_t size_b)
{
    void *(*next)(size_t, size_t);

    real("aligned_alloc", &next);
    return is_refused(__builtin_return_address(0)) ? no_memory() : next(align_b, size_b);
}

int posix_memalign(void **out, size_t align_b, size_t size_b)
{
    int (*next)(void **, size_t, size_t);

    real("posix_memalign", &next);
    return is_refused(__builtin_return_address(0)) ? ENOMEM : next(out, align_b, size_b);
}

/* A stack is memory too. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

    real("pthread_create", &next);
    return is_refused(__builtin_return_address(0)) ? EAGAIN
                                                   : next(thread, attributes, run, argument);
}

static void step(const void *caller)
{
    struct orders *const all = atomic_load(&orders);

    if (all && is_own(caller) && atomic_fetch_sub(&all->n_steps, 1) == 0)
        kill(getpid(), SIGKILL);
}

ssize_t write(int fd, const void *data, size_t size_b)
{
    ssize_t (*next)(int, const void *, size_t);

    real("write", &next);
    step(__builtin_return_address(0));
    return next(fd, data, size_b);
}

int fsync(int fd)
{
    int (*next)(int);

    real("fsync", &next);
    step(__builtin_return_address(0));
    return next(fd);
}

int rename(const char *from, const char *to)
{
    int (*next)(const char *, const char *);

    real("rename", &next);
    step(__builtin_return_address(0));
    return next(from, to);
}

int unlink(const char *path)
{
    int (*next)(const char *);

    real("unlink", &next);
    step(__builtin_return_address(0));
    return next(path);
}
