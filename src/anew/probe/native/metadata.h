/* Permissions, owners and times that the program sets: the bytes of a file stay what they were. */

#ifndef ANEW_METADATA_H
#define ANEW_METADATA_H

static struct place look_at_file(int folder, const char *path, int flags) {
    struct place place = {0};
    if (!is_recording() || journal.quiet) return place;
    place.there = path ? !k_stat_at(folder, path, &place.state, flags & AT_SYMLINK_NOFOLLOW)
                       : !k_fstat(folder, &place.state);
    if (place.there && (!S_ISREG(place.state.st_mode) || is_made_here(&place.state))) place.there = 0;
    return place;
}

/* Tell the states before and after, where the bytes can be no other: the file is one we read. */
static int touched(int folder, const char *path, const struct place *was, int done) {
    int saved = errno;
    TOLD(told);
    struct stat now;
    if (done || !was->there) return done;
    resolve(&told, folder, path ? path : "");
    int lost = path ? k_stat_at(folder, path, &now, 0) : k_fstat(folder, &now);
    if (!lost && told.known && !told_is_skipped(&told) && now.st_ino == was->state.st_ino &&
        now.st_size == was->state.st_size) {
        struct record after;
        after.detail = 0;
        put_stamp(&after, &now);
        tell_path(TOUCHED, 0, &told, &was->state, (const char *)after.stamp, sizeof after.stamp);
    }
    errno = saved;
    return done;
}

#define WRAP_TOUCH(name, folder, path, flags, declared, passed)                                   \
    OURS int name declared {                                                                      \
        struct place was = look_at_file(folder, path, flags);                                     \
        return touched(folder, path, &was, REAL(name, int(*) declared) passed);                   \
    }
WRAP_TOUCH(chmod, AT_FDCWD, path, 0, (const char *path, mode_t mode), (path, mode))
WRAP_TOUCH(fchmod, file, NULL, 0, (int file, mode_t mode), (file, mode))
WRAP_TOUCH(fchmodat, folder, path, flags, (int folder, const char *path, mode_t mode, int flags),
           (folder, path, mode, flags))
WRAP_TOUCH(chown, AT_FDCWD, path, 0, (const char *path, uid_t user, gid_t group),
           (path, user, group))
WRAP_TOUCH(fchown, file, NULL, 0, (int file, uid_t user, gid_t group), (file, user, group))
WRAP_TOUCH(fchownat, folder, path, flags,
           (int folder, const char *path, uid_t user, gid_t group, int flags),
           (folder, path, user, group, flags))
WRAP_TOUCH(utime, AT_FDCWD, path, 0, (const char *path, const void *times), (path, times))
WRAP_TOUCH(utimes, AT_FDCWD, path, 0, (const char *path, const struct timeval times[2]), (path, times))
WRAP_TOUCH(futimes, file, NULL, 0, (int file, const struct timeval times[2]), (file, times))
WRAP_TOUCH(futimesat, folder, path, 0,
           (int folder, const char *path, const struct timeval times[2]),
           (folder, path, times))
WRAP_TOUCH(futimens, file, NULL, 0, (int file, const struct timespec times[2]), (file, times))
WRAP_TOUCH(utimensat, folder, path, flags,
           (int folder, const char *path, const struct timespec times[2], int flags),
           (folder, path, times, flags))

#endif
