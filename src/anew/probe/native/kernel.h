/* System calls made directly: a hook of ours must never come back into itself through libc.
 *
 * Nothing here allocates, locks or touches errno, so all of it may be called in a signal handler,
 * between vfork and exec, and on a stack of 16 KB. */

#ifndef ANEW_KERNEL_H
#define ANEW_KERNEL_H

#if defined(__x86_64__)
static inline long kernel(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
static inline long kernel(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
#error "the recorder's system calls are written for x86-64 and aarch64"
#endif

/* What tells the calls of ours from the program's where all calls are followed (follow.c): their
 * sixth argument, which none of them has. 0: they are not followed. */
static long pass;

#ifndef __NR_newfstatat /* what aarch64 calls it in some headers */
#define __NR_newfstatat __NR_fstatat
#endif

/* Flags of mount(2) that only change what is mounted already. */
#define MOUNTS_NOTHING (MS_REMOUNT | MS_PRIVATE | MS_SLAVE | MS_SHARED | MS_UNBINDABLE)

static inline int k_open(int folder, const char *path, int flags, int mode) {
    return (int)kernel(__NR_openat, folder, (long)path, flags, mode, 0, pass);
}
static inline int k_close(int descriptor) {
    return (int)kernel(__NR_close, descriptor, 0, 0, 0, 0, 0);
}
static inline long k_read(int descriptor, void *into, size_t size) {
    return kernel(__NR_read, descriptor, (long)into, (long)size, 0, 0, 0);
}
static inline long k_write(int descriptor, const void *from, size_t size) {
    return kernel(__NR_write, descriptor, (long)from, (long)size, 0, 0, 0);
}
static inline int k_stat_at(int folder, const char *path, struct stat *into, int flags) {
    return (int)kernel(__NR_newfstatat, folder, (long)path, (long)into, flags, 0, pass);
}
static inline int k_fstat(int descriptor, struct stat *into) {
    return (int)kernel(__NR_fstat, descriptor, (long)into, 0, 0, 0, 0);
}
static inline long k_getcwd(char *into, size_t size) {
    return kernel(__NR_getcwd, (long)into, (long)size, 0, 0, 0, 0);
}
static inline long k_readlink(const char *path, char *into, size_t size) {
    return kernel(__NR_readlinkat, AT_FDCWD, (long)path, (long)into, (long)size, 0, 0);
}
static inline void *k_map(size_t size, int protection, int flags, int descriptor) {
    long found = kernel(__NR_mmap, 0, (long)size, protection, flags, descriptor, 0);
    return found < 0 && found > -4096 ? NULL : (void *)found;
}
static inline void k_unmap(void *at, size_t size) {
    kernel(__NR_munmap, (long)at, (long)size, 0, 0, 0, 0);
}
static inline int k_link(const char *from, const char *to) {
    return (int)kernel(__NR_linkat, AT_FDCWD, (long)from, AT_FDCWD, (long)to, 0, pass);
}
static inline int k_link_at(int folder, const char *from, const char *to) {
    return (int)kernel(__NR_linkat, folder, (long)from, AT_FDCWD, (long)to, 0, pass);
}
static inline int k_unlink(const char *path) {
    return (int)kernel(__NR_unlinkat, AT_FDCWD, (long)path, 0, 0, 0, pass);
}
static inline int k_access(int folder, const char *path, int mode) {
    return (int)kernel(__NR_faccessat, folder, (long)path, mode, 0, 0, pass);
}
static inline int k_pid(void) { return (int)kernel(__NR_getpid, 0, 0, 0, 0, 0, 0); }
static inline int k_tid(void) { return (int)kernel(__NR_gettid, 0, 0, 0, 0, 0, 0); }
static inline int k_parent(void) { return (int)kernel(__NR_getppid, 0, 0, 0, 0, 0, 0); }

/* The largest file this process may write, in bytes: above it the kernel would kill it. */
static inline unsigned long k_largest_file(void) {
    struct rlimit limit;
    long failed = kernel(__NR_prlimit64, 0, RLIMIT_FSIZE, 0, (long)&limit, 0, 0);
    return failed ? 0 : (unsigned long)limit.rlim_cur;
}

#endif
