/* What a program consists of: its executable and the libraries loaded with it, read by the loader
 * itself and so by nothing that we stand in front of. */

#ifndef ANEW_IMAGES_H
#define ANEW_IMAGES_H

#include <link.h>

static void tell_image(const char *path) {
    TOLD(told);
    struct stat state;
    if (!path || !*path || journal.quiet || is_quick_to_skip(path)) return;
    resolve(&told, AT_FDCWD, path);
    if (!told.known || told_is_skipped(&told) || told_is_own(&told)) return;
    if (k_stat_at(AT_FDCWD, path, &state, 0) || !S_ISREG(state.st_mode) || is_made_here(&state)) return;
    if (is_new(hash_of(&told, hash_of_read(&state)))) tell_path(OPENED, 'r', &told, &state, "", 0);
}

static int tell_library(struct dl_phdr_info *found, size_t size, void *nothing) {
    (void)size, (void)nothing;
    const char *name = found->dlpi_name;
    for (const char *at = name; at && *at; at++)
        if (*at == '/') { /* the one without is the kernel's own */
            if (strcmp(name, own_library)) tell_image(name);
            break;
        }
    return 0;
}

static void tell_libraries(void) {
    int saved = errno;
    dl_iterate_phdr(tell_library, NULL);
    errno = saved;
}

static void tell_executable(void) {
    char path[STACK];
    int saved = errno;
    if (system_executable) return;
    long length = k_readlink("/proc/self/exe", path, sizeof path - 1);
    if (length > 0) {
        path[length] = 0;
        tell_image(path);
    }
    errno = saved;
}

/* The caller must stay the one who called: the loader looks in its folders. So this ends in a jump,
 * and a library that is found along a path is told at the end. */
OURS void *dlopen(const char *path, int flags) {
    if (path && is_recording()) {
        int saved = errno;
        for (const char *at = path; *at; at++)
            if (*at == '/') {
                tell_image(path);
                break;
            }
        errno = saved;
    }
    return REAL(dlopen, void *(*)(const char *, int))(path, flags);
}

#endif
