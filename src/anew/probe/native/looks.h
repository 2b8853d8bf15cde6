/* What the program only looks at: whether something is there, how large, how old. */

#ifndef ANEW_LOOKS_H
#define ANEW_LOOKS_H

/* What is not there counts in the project alone: elsewhere searches along paths would drown it.
 * `state` is what the call has found; NULL: it found something and did not say what. */
static void tell_looked(int folder, const char *path, int found, const struct stat *state) {
    if (!path || !*path || !is_recording() || is_quick_to_skip(path)) return;
    int error = errno;
    if (!found && error != ENOENT && error != ENOTDIR) return;
    if (found && (!state || S_ISDIR(state->st_mode) || is_made_here(state))) return;
    TOLD(told);
    if (is_old_name(folder, path, found ? hash_of_state(state, 'S') : 'L')) return;
    if (!resolve_here(&told, folder, path)) resolve(&told, folder, path);
    if (!found && !told_in_project(&told)) goto done;
    uint64_t hash = hash_of(&told, found ? hash_of_state(state, 's') : 'n');
    if (told.known && !told_is_skipped(&told) && is_new(hash))
        tell_path(STATED, 0, &told, found ? state : NULL, "", 0);
done:
    errno = error;
}

static int looked(int folder, const char *path, struct stat *state, int flags, int done) {
    if (!(flags & AT_EMPTY_PATH)) tell_looked(folder, path, !done, done ? NULL : state);
    return done;
}

/* Where libc has the function under this name no more, or not yet, the kernel is asked. */
static int real_look(void *function, int folder, const char *path, struct stat *into, int flags) {
    if (function && !pass && folder == AT_FDCWD && (flags == 0 || flags == AT_SYMLINK_NOFOLLOW))
        return ((int (*)(const char *, struct stat *))function)(path, into);
    return set_error(k_stat_at(folder, path, into, flags));
}

#define WRAP_STAT(name, flags)                                                                    \
    OURS int name(const char *path, struct stat *into) {                                          \
        is_recording();                                                                           \
        return looked(AT_FDCWD, path, into, flags,                                                \
                      real_look(real_##name, AT_FDCWD, path, into, flags));                       \
    }
WRAP_STAT(stat, 0)
WRAP_STAT(lstat, AT_SYMLINK_NOFOLLOW)
OURS int fstatat(int folder, const char *path, struct stat *into, int flags) {
    return looked(folder, path, into, flags, set_error(k_stat_at(folder, path, into, flags)));
}
#if defined(__GLIBC__) && defined(__x86_64__)
/* One layout for both: `struct stat64` is `struct stat`. */
#define WRAP_STAT64(name, flags)                                                                  \
    OURS int name(const char *path, struct stat64 *into) {                                        \
        is_recording();                                                                           \
        return looked(AT_FDCWD, path, (struct stat *)into, flags,                                 \
                      real_look(real_##name, AT_FDCWD, path, (struct stat *)into, flags));        \
    }
WRAP_STAT64(stat64, 0)
WRAP_STAT64(lstat64, AT_SYMLINK_NOFOLLOW)
OURS int fstatat64(int folder, const char *path, struct stat64 *into, int flags) {
    struct stat *state = (struct stat *)into;
    return looked(folder, path, state, flags, set_error(k_stat_at(folder, path, state, flags)));
}
#define WRAP_XSTAT(name, flags)                                                                   \
    OURS int name(int version, const char *path, struct stat *into) {                             \
        (void)version;                                                                            \
        return looked(AT_FDCWD, path, into, flags,                                                \
                      set_error(k_stat_at(AT_FDCWD, path, into, flags)));                         \
    }
WRAP_XSTAT(__xstat, 0)
WRAP_XSTAT(__lxstat, AT_SYMLINK_NOFOLLOW)
WRAP_XSTAT(__xstat64, 0)
WRAP_XSTAT(__lxstat64, AT_SYMLINK_NOFOLLOW)
#define WRAP_FXSTATAT(name)                                                                       \
    OURS int name(int version, int folder, const char *path, struct stat *into, int flags) {      \
        (void)version;                                                                            \
        return looked(folder, path, into, flags, set_error(k_stat_at(folder, path, into, flags))); \
    }
WRAP_FXSTATAT(__fxstatat)
WRAP_FXSTATAT(__fxstatat64)
#endif

OURS int statx(int folder, const char *path, int flags, unsigned mask, struct statx *into) {
    int done = set_error(kernel(__NR_statx, folder, (long)path, flags, mask, (long)into, pass));
    if (!path || (flags & AT_EMPTY_PATH) || !is_recording() || is_quick_to_skip(path)) return done;
    int saved = errno;
    struct stat state;
    if (!done && !journal.quiet && !k_stat_at(folder, path, &state, flags & AT_SYMLINK_NOFOLLOW))
        tell_looked(folder, path, 1, &state);
    errno = saved;
    if (done) tell_looked(folder, path, 0, NULL);
    return done;
}

static int tried(int folder, const char *path, int done) {
    int saved = errno;
    struct stat state;
    if (done) tell_looked(folder, path, 0, NULL);
    else if (path && is_recording() && !is_quick_to_skip(path) && !journal.quiet &&
             !k_stat_at(folder, path, &state, 0))
        tell_looked(folder, path, 1, &state);
    errno = saved;
    return done;
}
OURS int access(const char *path, int mode) {
    is_recording();
    return tried(AT_FDCWD, path,
                 MARKED(__NR_faccessat, AT_FDCWD, path, mode, 0, 0,
                        REAL(access, int (*)(const char *, int))(path, mode)));
}
#ifdef __GLIBC__
#define WRAP_ACCESS(name)                                                                         \
    OURS int name(const char *path, int mode) {                                                   \
        is_recording();                                                                           \
        return tried(AT_FDCWD, path, REAL(name, int (*)(const char *, int))(path, mode));         \
    }
WRAP_ACCESS(euidaccess)
WRAP_ACCESS(eaccess)
#endif
OURS int faccessat(int folder, const char *path, int mode, int flags) {
    is_recording();
    return tried(folder, path,
                 REAL(faccessat, int (*)(int, const char *, int, int))(folder, path, mode, flags));
}

#endif
