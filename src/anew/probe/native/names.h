/* The functions of libc that stand behind ours; found once, at the start. */

#ifndef ANEW_NAMES_H
#define ANEW_NAMES_H

/* Some are missing from some libc: then the pointer is NULL. */
#define NAMES(X)                                                                                  \
    X(open) X(openat) X(creat) X(open64) X(openat64) X(creat64) X(__open_2) X(__open64_2)         \
    X(__openat_2) X(__openat64_2) X(fopen) X(fopen64) X(freopen) X(freopen64) X(fileno)           \
    X(mkstemp) X(mkostemp) X(mkstemps) X(mkostemps) X(mkstemp64) X(mkostemp64) X(shm_open)        \
    X(opendir) X(fdopendir) X(scandir) X(scandir64) X(glob) X(glob64) X(ftw) X(ftw64) X(nftw)     \
    X(nftw64) X(fts_open) X(fts64_open) X(rename) X(renameat) X(renameat2) X(link) X(linkat)      \
    X(symlink) X(symlinkat) X(unlink) X(unlinkat) X(remove) X(rmdir) X(mkdir) X(mkdirat)          \
    X(mkfifo) X(mkfifoat) X(mknod) X(mknodat) X(truncate) X(truncate64) X(stat) X(stat64)         \
    X(lstat) X(lstat64) X(access) X(faccessat) X(euidaccess) X(eaccess) X(execve) X(execvpe)      \
    X(fexecve) X(posix_spawn) X(posix_spawnp) X(posix_spawn_file_actions_addopen) X(system)       \
    X(popen) X(waitpid) X(wait4) X(on_exit) X(connect) X(getaddrinfo) X(getenv) X(secure_getenv)  \
    X(setenv) X(chroot) X(clock_gettime) X(dlopen) X(chmod) X(fchmod) X(fchmodat) X(chown)        \
    X(fchown) X(fchownat) X(utime) X(utimes) X(futimes) X(futimesat) X(futimens) X(utimensat)     \
    X(open_by_handle_at) X(sendto) X(sendmsg) X(mount) X(fork) X(fstat) X(fstat64) X(__fxstat)      \
    X(__fxstat64) X(readdir) X(readdir64) X(readdir_r) X(readdir64_r) X(closedir) X(rewinddir)       \
    X(telldir) X(seekdir) X(dirfd)

#define POINTER(name) static void *real_##name;
NAMES(POINTER)
#undef POINTER

#define OURS __attribute__((visibility("default")))

/* Call what stands behind `name` as a function of that type. */
#define REAL(name, type) ((type)real_##name)

static int set_error(long done) {
    if (done >= 0) return (int)done;
    errno = (int)-done;
    return -1;
}

/* Where all calls are followed, one that libc makes for us would be told twice: we make it, marked. */
#define MARKED(number, a, b, c, d, e, otherwise)                                                  \
    (pass ? set_error(kernel(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), pass)) \
          : (otherwise))

static void find_functions(void) {
#define FIND(name) real_##name = dlsym(RTLD_NEXT, #name);
    NAMES(FIND)
#undef FIND
    clock_of = (int (*)(clockid_t, struct timespec *))real_clock_gettime;
}

#endif
