/* Which system calls are followed from outside, on each machine, and which argument means what. */

#ifndef ANEW_CALLS_H
#define ANEW_CALLS_H

enum deed {
    OPENS = 1, OPENS_AS_TOLD, CREATES, OPENS_BY_HANDLE, CUTS, MOVES, REMOVES, REMOVES_FOLDER,
    LINKS, LINKS_SOFTLY, MAKES_FOLDER, MAKES_NODE, STARTS, CALLS, CALLS_BY_NUMBER, LOOKS, TRIES,
    LISTS, SETS_MODE, SETS_TIMES, DRAWS, MOUNTS, REFUSED,
};

/* Each argument by its place, from 1; 0: there is none, and a folder is the working directory. */
struct call {
    short number;
    unsigned char deed;
    unsigned char folder, path, folder2, path2, flags;
};

#define NATIVE_CALLS ((int)(sizeof NATIVE / sizeof *NATIVE))
static const struct call NATIVE[] = {
    {__NR_openat, OPENS, 1, 2, 0, 0, 3},
    {__NR_openat2, OPENS_AS_TOLD, 1, 2, 0, 0, 3},
    {__NR_open_by_handle_at, OPENS_BY_HANDLE, 0, 0, 0, 0, 3},
    {__NR_newfstatat, LOOKS, 1, 2, 0, 0, 4},
    {__NR_statx, LOOKS, 1, 2, 0, 0, 3},
    {__NR_faccessat, TRIES, 1, 2, 0, 0, 0},
    {__NR_faccessat2, TRIES, 1, 2, 0, 0, 4},
    {__NR_getdents64, LISTS, 1, 0, 0, 0, 0},
    {__NR_execve, STARTS, 0, 1, 0, 2, 0},
    {__NR_execveat, STARTS, 1, 2, 0, 3, 5},
    {__NR_unlinkat, REMOVES, 1, 2, 0, 0, 3},
    {__NR_renameat2, MOVES, 1, 2, 3, 4, 5},
    {__NR_linkat, LINKS, 1, 2, 3, 4, 5},
    {__NR_symlinkat, LINKS_SOFTLY, 2, 3, 0, 1, 0},
    {__NR_mkdirat, MAKES_FOLDER, 1, 2, 0, 0, 0},
    {__NR_mknodat, MAKES_NODE, 1, 2, 0, 0, 3},
    {__NR_truncate, CUTS, 0, 1, 0, 0, 0},
    {__NR_fchmodat, SETS_MODE, 1, 2, 0, 0, 0},
    {452 /* fchmodat2 */, SETS_MODE, 1, 2, 0, 0, 4},
    {__NR_fchmod, SETS_MODE, 1, 0, 0, 0, 0},
    {__NR_fchownat, SETS_MODE, 1, 2, 0, 0, 5},
    {__NR_fchown, SETS_MODE, 1, 0, 0, 0, 0},
    {__NR_utimensat, SETS_TIMES, 1, 2, 0, 0, 4},
    {__NR_connect, CALLS, 0, 2, 0, 0, 3},
    {__NR_getrandom, DRAWS, 0, 0, 0, 0, 3},
    {__NR_mount, MOUNTS, 0, 2, 0, 0, 4},
    {429 /* move_mount */, MOUNTS, 3, 4, 0, 0, 0},
    {__NR_io_uring_setup, REFUSED, 0, 0, 0, 0, 0},
#ifdef __NR_renameat
    {__NR_renameat, MOVES, 1, 2, 3, 4, 0},
#endif
#ifdef __NR_open
    {__NR_open, OPENS, 0, 1, 0, 0, 2},
    {__NR_creat, CREATES, 0, 1, 0, 0, 0},
    {__NR_stat, LOOKS, 0, 1, 0, 0, 0},
    {__NR_lstat, LOOKS, 0, 1, 1, 0, 0},
    {__NR_access, TRIES, 0, 1, 0, 0, 0},
    {__NR_getdents, LISTS, 1, 0, 0, 0, 0},
    {__NR_unlink, REMOVES, 0, 1, 0, 0, 0},
    {__NR_rmdir, REMOVES_FOLDER, 0, 1, 0, 0, 0},
    {__NR_rename, MOVES, 0, 1, 0, 2, 0},
    {__NR_link, LINKS, 0, 1, 0, 2, 0},
    {__NR_symlink, LINKS_SOFTLY, 0, 2, 0, 1, 0},
    {__NR_mkdir, MAKES_FOLDER, 0, 1, 0, 0, 0},
    {__NR_mknod, MAKES_NODE, 0, 1, 0, 0, 2},
    {__NR_chmod, SETS_MODE, 0, 1, 0, 0, 0},
    {__NR_chown, SETS_MODE, 0, 1, 0, 0, 0},
    {__NR_utime, SETS_TIMES, 0, 1, 0, 0, 0},
    {__NR_utimes, SETS_TIMES, 0, 1, 0, 0, 0},
    {__NR_futimesat, SETS_TIMES, 1, 2, 0, 0, 0},
#endif
};

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#define FOREIGN_ARCH AUDIT_ARCH_I386
#define FOREIGN_CALLS ((int)(sizeof FOREIGN / sizeof *FOREIGN))
/* From <asm/unistd_32.h>, which cannot be included beside that of 64 bits. */
static const struct call FOREIGN[] = {
    {5 /* open */, OPENS, 0, 1, 0, 0, 2},
    {8 /* creat */, CREATES, 0, 1, 0, 0, 0},
    {9 /* link */, LINKS, 0, 1, 0, 2, 0},
    {10 /* unlink */, REMOVES, 0, 1, 0, 0, 0},
    {11 /* execve */, STARTS, 0, 1, 0, 2, 0},
    {14 /* mknod */, MAKES_NODE, 0, 1, 0, 0, 2},
    {15 /* chmod */, SETS_MODE, 0, 1, 0, 0, 0},
    {182 /* chown */, SETS_MODE, 0, 1, 0, 0, 0},
    {212 /* chown32 */, SETS_MODE, 0, 1, 0, 0, 0},
    {298 /* fchownat */, SETS_MODE, 1, 2, 0, 0, 5},
    {306 /* fchmodat */, SETS_MODE, 1, 2, 0, 0, 0},
    {94 /* fchmod */, SETS_MODE, 1, 0, 0, 0, 0},
    {95 /* fchown */, SETS_MODE, 1, 0, 0, 0, 0},
    {207 /* fchown32 */, SETS_MODE, 1, 0, 0, 0, 0},
    {452 /* fchmodat2 */, SETS_MODE, 1, 2, 0, 0, 4},
    {30 /* utime */, SETS_TIMES, 0, 1, 0, 0, 0},
    {271 /* utimes */, SETS_TIMES, 0, 1, 0, 0, 0},
    {299 /* futimesat */, SETS_TIMES, 1, 2, 0, 0, 0},
    {320 /* utimensat */, SETS_TIMES, 1, 2, 0, 0, 4},
    {412 /* utimensat_time64 */, SETS_TIMES, 1, 2, 0, 0, 4},
    {33 /* access */, TRIES, 0, 1, 0, 0, 0},
    {307 /* faccessat */, TRIES, 1, 2, 0, 0, 0},
    {439 /* faccessat2 */, TRIES, 1, 2, 0, 0, 4},
    {38 /* rename */, MOVES, 0, 1, 0, 2, 0},
    {302 /* renameat */, MOVES, 1, 2, 3, 4, 0},
    {353 /* renameat2 */, MOVES, 1, 2, 3, 4, 5},
    {39 /* mkdir */, MAKES_FOLDER, 0, 1, 0, 0, 0},
    {296 /* mkdirat */, MAKES_FOLDER, 1, 2, 0, 0, 0},
    {40 /* rmdir */, REMOVES_FOLDER, 0, 1, 0, 0, 0},
    {83 /* symlink */, LINKS_SOFTLY, 0, 2, 0, 1, 0},
    {304 /* symlinkat */, LINKS_SOFTLY, 2, 3, 0, 1, 0},
    {92 /* truncate */, CUTS, 0, 1, 0, 0, 0},
    {193 /* truncate64 */, CUTS, 0, 1, 0, 0, 0},
    {106 /* stat */, LOOKS, 0, 1, 0, 0, 0},
    {107 /* lstat */, LOOKS, 0, 1, 1, 0, 0},
    {195 /* stat64 */, LOOKS, 0, 1, 0, 0, 0},
    {196 /* lstat64 */, LOOKS, 0, 1, 1, 0, 0},
    {300 /* fstatat64 */, LOOKS, 1, 2, 0, 0, 4},
    {383 /* statx */, LOOKS, 1, 2, 0, 0, 3},
    {295 /* openat */, OPENS, 1, 2, 0, 0, 3},
    {437 /* openat2 */, OPENS_AS_TOLD, 1, 2, 0, 0, 3},
    {342 /* open_by_handle_at */, OPENS_BY_HANDLE, 0, 0, 0, 0, 3},
    {297 /* mknodat */, MAKES_NODE, 1, 2, 0, 0, 3},
    {301 /* unlinkat */, REMOVES, 1, 2, 0, 0, 3},
    {303 /* linkat */, LINKS, 1, 2, 3, 4, 5},
    {358 /* execveat */, STARTS, 1, 2, 0, 3, 5},
    {102 /* socketcall */, CALLS_BY_NUMBER, 0, 2, 0, 0, 1},
    {362 /* connect */, CALLS, 0, 2, 0, 0, 3},
    {141 /* getdents */, LISTS, 1, 0, 0, 0, 0},
    {220 /* getdents64 */, LISTS, 1, 0, 0, 0, 0},
    {21 /* mount */, MOUNTS, 0, 2, 0, 0, 4},
    {429 /* move_mount */, MOUNTS, 3, 4, 0, 0, 0},
    {355 /* getrandom */, DRAWS, 0, 0, 0, 0, 3},
    {425 /* io_uring_setup */, REFUSED, 0, 0, 0, 0, 0},
};
#else
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#define FOREIGN_CALLS 0
static const struct call FOREIGN[1];
#endif

static const struct call *call_of(uint32_t arch, int number) {
    const struct call *calls = arch == NATIVE_ARCH ? NATIVE : FOREIGN;
    int count = arch == NATIVE_ARCH ? NATIVE_CALLS : FOREIGN_CALLS;
    for (int i = 0; i < count; i++)
        if (calls[i].number == number) return calls + i;
    return NULL;
}

#endif
