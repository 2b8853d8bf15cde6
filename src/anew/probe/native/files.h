/* What the program opens, lists, looks at, moves and removes. */

#ifndef ANEW_FILES_H
#define ANEW_FILES_H

/* ---- opening ---- */

struct opening {
    int letter; /* what is about to happen; 0: nothing to tell */
    int expected; /* Python looks at it next */
    int folder;
    const char *path;
    uint64_t place; /* of a path that is read, where it was looked for beforehand */
    struct stat was;
    char *real; /* STACK bytes for where a path leads that may lead through /proc, or NULL */
};
#define OPENING(opening, path)                                                                    \
    struct opening opening;                                                                       \
    opening.real = may_lead(path) ? __builtin_alloca(STACK) : NULL

static int is_quick_to_skip(const char *path) { return path[0] == '/' && is_skipped(path); }

static inline int may_lead(const char *path) {
    return path && path[0] == '/' && (starts_with(path, "/proc/", 6) || starts_with(path, "/dev/fd/", 8));
}

/* Past `/proc/self/` or the like, or NULL: another's counts as much as our own. */
static const char *past_process(const char *path) {
    if (!starts_with(path, "/proc/", 6)) return NULL;
    const char *at = path + 6;
    while (*at && *at != '/') at++;
    return *at && (path[6] == 's' || path[6] == 't' || (path[6] >= '0' && path[6] <= '9')) ? at + 1 : NULL;
}

/* Where a path leads that goes through a link of the kernel: to what a process has open, to its
 * working directory or root. The three streams are left alone: they are given, not opened. */
static int leads_through_proc(const char *path, char *into, size_t size) {
    size_t end = 0; /* of the link in the path */
    if (journal.quiet) return 0;
    const char *at = past_process(path);
    if (starts_with(path, "/dev/fd/", 8)) at = path + 5;
    if (!at) return 0;
    if (starts_with(at, "fd/", 3)) {
        const char *number = at + 3;
        if (*number < '3' && !(number[0] && number[1] && number[1] != '/')) return 0;
        while (*number && *number != '/') number++;
        end = (size_t)(number - path);
    } else if (starts_with(at, "cwd", 3) && (at[3] == '/' || !at[3])) {
        end = (size_t)(at + 3 - path);
    } else if (starts_with(at, "root", 4) && (at[4] == '/' || !at[4])) {
        end = (size_t)(at + 4 - path);
    }
    char link[64];
    if (!end || end >= sizeof link) return 0;
    memcpy(link, path, end);
    link[end] = 0;
    size_t rest = strlen(path + end);
    long length = k_readlink(link, into, size - 1);
    if (length <= 0 || into[0] != '/' || (size_t)length + rest + 1 >= size) return 0;
    if (length == 1 && rest) length = 0; /* the root itself */
    memcpy(into + length, path + end, rest + 1);
    struct stat given, found;
    return !k_stat_at(AT_FDCWD, path, &given, 0) ? !k_stat_at(AT_FDCWD, into, &found, 0) &&
               given.st_ino == found.st_ino && given.st_dev == found.st_dev : rest != 0;
}

static void before_write(struct opening *opening, int flags) {
    int existed = !journal.quiet && !k_stat_at(opening->folder, opening->path, &opening->was, 0);
    if (journal.quiet) {
        opening->letter = 'U';
    } else if (!existed) {
        opening->letter = flags & O_CREAT ? 'c' : 'r';
    } else if (!S_ISREG(opening->was.st_mode)) {
        opening->letter = S_ISDIR(opening->was.st_mode) ? 0 : 'x';
    } else if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_TRUNC)) {
        opening->letter = 'r';
    } else if (is_made_here(&opening->was) || (flags & O_CREAT && flags & O_EXCL)) {
        opening->letter = 0;
    } else {
        opening->letter = flags & O_TRUNC ? 'w' : 'u';
        if (!k_access(opening->folder, opening->path, W_OK))
            keep(opening->folder, opening->path, &opening->was, 0);
    }
}

OFTEN static void before_open(struct opening *opening, int folder, const char *path, int flags) {
    opening->letter = 0;
    opening->expected = is_expected();
    opening->place = 0;
    if (!path || !is_recording() || flags & O_PATH || (flags & O_DIRECTORY)) return;
    if (opening->real && leads_through_proc(path, opening->real, STACK))
        path = opening->real;
    opening->folder = folder;
    opening->path = path;
    if (!(flags & (O_WRONLY | O_RDWR | O_TRUNC | O_CREAT))) {
        if (!is_quick_to_skip(path)) opening->letter = 'r', opening->place = place_of(path);
        else if (is_device(path)) opening->letter = 'p';
    } else if (path[0] != '/' || !is_own(path)) {
        int saved = errno;
        before_write(opening, flags);
        errno = saved;
    }
}

static inline int is_compiled(const struct told *path) {
    return path->name_length > 4 && !memcmp(path->name + path->name_length - 4, ".pyc", 4);
}

/* With a valid compiled file the source is only looked at: the one stands for the other. */
static size_t source_of(const struct told *path, char *into, size_t size) {
    size_t length = told_length(path);
    if (length < 18 || length + 1 > size) return 0;
    put_told(into, path);
    into[length] = 0;
    size_t slash = length, name;
    while (slash && into[slash - 1] != '/') slash--;
    name = slash;
    if (slash < 13 || memcmp(into + slash - 13, "/__pycache__/", 13)) return 0;
    size_t at = slash - 12;
    while (name < length && into[name] != '.') into[at++] = into[name++];
    memcpy(into + at, ".py", 4);
    return at + 3;
}

__attribute__((noinline)) static void tell_compiled(const struct told *path) {
    char source[STACK * 2];
    struct stat state;
    if (!source_of(path, source, sizeof source) || journal.quiet) return;
    TOLD(told);
    resolve(&told, AT_FDCWD, source);
    if (!k_stat_at(AT_FDCWD, source, &state, 0) &&
        is_new(hash_of(&told, hash_of_state(&state, 'm'))))
        tell_path(OPENED, 'm', &told, &state, "", 0);
}

static inline int is_old_read(const struct opening *opening, uint64_t hash) {
    uint64_t place = opening->place ? opening->place : place_of(opening->path);
    return is_old_at(place, opening->folder, opening->path, hash);
}

/* Nothing was found, or we may not look at what was. */
__attribute__((noinline)) static void after_odd_read(struct opening *opening, int descriptor, int error) {
    TOLD(path);
    if (descriptor < 0) {
        if ((error != ENOENT && error != ENOTDIR) || is_old_read(opening, 'N'))
            return;
        resolve(&path, opening->folder, opening->path);
        if (!told_is_skipped(&path) && is_new(hash_of(&path, 'n')))
            tell_path(OPENED, 'r', &path, NULL, "", 0);
        return;
    }
    resolve(&path, opening->folder, opening->path);
    if (is_new(hash_of(&path, 'q'))) tell_path(OPENED, path.known ? 'q' : '?', &path, NULL, "", 0);
}

OFTEN static void tell_read(const struct told *path, const struct stat *state, uint64_t hash) {
    if (hash && !is_new(hash_of(path, mixed(hash, 'r')))) return;
    if (path->base_length && told_is_skipped(path)) return; /* an absolute one was asked already */
    if (!S_ISREG(state->st_mode)) tell_path(OPENED, 'p', path, state, "", 0);
    else if (!path->known) tell_path(OPENED, '?', path, state, "", 0);
    else if (is_compiled(path)) tell_compiled(path);
    else {
        tell_path(OPENED, 'r', path, state, "", 0);
        if (state->st_size >= LARGE) note_large(path, state);
    }
}

__attribute__((noinline)) static void tell_far_read(const struct opening *opening,
                                                    const struct stat *state, uint64_t hash) {
    TOLD(path);
    resolve(&path, opening->folder, opening->path);
    tell_read(&path, state, hash);
}

/* The way of most opens: little stack, for a fork copies each page of it that is written to. */
static inline void after_read(struct opening *opening, int descriptor, int error) {
    struct told path;
    struct stat state;
    if (descriptor < 0 || journal.quiet) return after_odd_read(opening, descriptor, error);
    if (k_fstat(descriptor, &state)) return;
    if (opening->expected) share_look(descriptor, &state);
    if (S_ISDIR(state.st_mode) || is_made_here(&state)) return;
    uint64_t hash = hash_of_state(&state, 'R');
    if (is_old_read(opening, hash)) return;
    if (is_sole_name(opening->folder, opening->path)) hash = 0;
    if (resolve_here(&path, opening->folder, opening->path)) tell_read(&path, &state, hash);
    else tell_far_read(opening, &state, hash);
}

__attribute__((noinline)) static void after_write(struct opening *opening, int descriptor) {
    TOLD(path);
    if (descriptor >= 0) {
        resolve(&path, opening->folder, opening->path);
        if (opening->letter == 'p') {
            if (is_new(hash_of(&path, 'p'))) tell_path(OPENED, 'p', &path, NULL, "", 0);
        } else if (!told_is_own(&path)) {
            int has = opening->letter == 'c' ? !k_fstat(descriptor, &opening->was) : opening->letter != 'U';
            if (has && opening->letter != 'x') claim(&opening->was);
            tell_path(OPENED, path.known ? opening->letter : '?', &path,
                      has ? &opening->was : NULL, "", 0);
        }
    }
}

OFTEN static void after_open(struct opening *opening, int descriptor) {
    if (!opening->letter) return;
    int saved = errno;
    if (opening->letter == 'r') after_read(opening, descriptor, saved);
    else after_write(opening, descriptor);
    errno = saved;
}

#define NEEDS_MODE(flags) ((flags) & O_CREAT || ((flags) & O_TMPFILE) == O_TMPFILE)
/* The mode is only given where a file may be made. */
#define TAKE_MODE(mode, flags)                                                                    \
    mode_t mode = 0;                                                                              \
    if (NEEDS_MODE(flags)) {                                                                      \
        va_list rest;                                                                             \
        va_start(rest, flags);                                                                    \
        mode = (mode_t)va_arg(rest, int);                                                         \
        va_end(rest);                                                                             \
    }

#define WRAP_OPEN(name)                                                                           \
    OFTEN OURS int name(const char *path, int flags, ...) {                                             \
        TAKE_MODE(mode, flags)                                                                    \
        OPENING(opening, path);                                                                   \
        before_open(&opening, AT_FDCWD, path, flags);                                             \
        int found = MARKED(__NR_openat, AT_FDCWD, path, flags, mode, 0,                           \
                           REAL(name, int (*)(const char *, int, ...))(path, flags, mode));       \
        after_open(&opening, found);                                                              \
        return found;                                                                             \
    }
WRAP_OPEN(open)
#ifdef __GLIBC__
WRAP_OPEN(open64)
#endif

#define WRAP_OPENAT(name)                                                                         \
    OFTEN OURS int name(int folder, const char *path, int flags, ...) {                                 \
        TAKE_MODE(mode, flags)                                                                    \
        OPENING(opening, path);                                                                   \
        before_open(&opening, folder, path, flags);                                               \
        int found = MARKED(__NR_openat, folder, path, flags, mode, 0,                             \
                           REAL(name, int (*)(int, const char *, int, ...))(folder, path, flags,  \
                                                                            mode));               \
        after_open(&opening, found);                                                              \
        return found;                                                                             \
    }
WRAP_OPENAT(openat)
#ifdef __GLIBC__
WRAP_OPENAT(openat64)

#define WRAP_OPEN_2(name)                                                                         \
    OURS int name(const char *path, int flags) {                                                  \
        OPENING(opening, path);                                                                   \
        before_open(&opening, AT_FDCWD, path, flags);                                             \
        int found = NEEDS_MODE(flags) /* libc stops the program then */                           \
                        ? REAL(name, int (*)(const char *, int))(path, flags)                     \
                        : MARKED(__NR_openat, AT_FDCWD, path, flags, 0, 0,                        \
                                 REAL(name, int (*)(const char *, int))(path, flags));            \
        after_open(&opening, found);                                                              \
        return found;                                                                             \
    }
WRAP_OPEN_2(__open_2)
WRAP_OPEN_2(__open64_2)

#define WRAP_OPENAT_2(name)                                                                       \
    OURS int name(int folder, const char *path, int flags) {                                      \
        OPENING(opening, path);                                                                   \
        before_open(&opening, folder, path, flags);                                               \
        int found = NEEDS_MODE(flags)                                                             \
                        ? REAL(name, int (*)(int, const char *, int))(folder, path, flags)        \
                        : MARKED(__NR_openat, folder, path, flags, 0, 0,                          \
                                 REAL(name, int (*)(int, const char *, int))(folder, path,        \
                                                                             flags));             \
        after_open(&opening, found);                                                              \
        return found;                                                                             \
    }
WRAP_OPENAT_2(__openat_2)
WRAP_OPENAT_2(__openat64_2)
#endif

#define WRAP_CREAT(name)                                                                          \
    OURS int name(const char *path, mode_t mode) {                                                \
        OPENING(opening, path);                                                                   \
        before_open(&opening, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC);                      \
        int found = MARKED(__NR_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode, 0,    \
                           REAL(name, int (*)(const char *, mode_t))(path, mode));                \
        after_open(&opening, found);                                                              \
        return found;                                                                             \
    }
WRAP_CREAT(creat)
#ifdef __GLIBC__
WRAP_CREAT(creat64)
#endif

static int flags_of(const char *mode) {
    int flags = 0, plus = 0, exclusive = 0;
    if (!mode) return 0;
    for (const char *at = mode; *at && *at != ','; at++) {
        plus |= *at == '+';
        exclusive |= *at == 'x';
    }
    if (*mode == 'r') flags = plus ? O_RDWR : O_RDONLY;
    if (*mode == 'w') flags = (plus ? O_RDWR : O_WRONLY) | O_CREAT | O_TRUNC;
    if (*mode == 'a') flags = (plus ? O_RDWR : O_WRONLY) | O_CREAT | O_APPEND;
    return exclusive ? flags | O_EXCL : flags;
}

static int number_of(FILE *stream) {
    return stream && real_fileno ? REAL(fileno, int (*)(FILE *))(stream) : -1;
}

#define WRAP_FOPEN(name)                                                                          \
    OURS FILE *name(const char *path, const char *mode) {                                         \
        OPENING(opening, path);                                                                   \
        before_open(&opening, AT_FDCWD, path, flags_of(mode));                                    \
        opening.expected = 0; /* by what reads a script or a certificate: it does not look */      \
        FILE *found = REAL(name, FILE *(*)(const char *, const char *))(path, mode);              \
        after_open(&opening, number_of(found));                                                   \
        return found;                                                                             \
    }
#define WRAP_FREOPEN(name)                                                                        \
    OURS FILE *name(const char *path, const char *mode, FILE *stream) {                           \
        OPENING(opening, path);                                                                   \
        before_open(&opening, AT_FDCWD, path, flags_of(mode));                                    \
        opening.expected = 0; /* by what reads a script or a certificate: it does not look */      \
        FILE *found = REAL(name, FILE *(*)(const char *, const char *, FILE *))(path, mode, stream); \
        after_open(&opening, number_of(found));                                                   \
        return found;                                                                             \
    }
WRAP_FOPEN(fopen)
WRAP_FREOPEN(freopen)
#ifdef __GLIBC__
WRAP_FOPEN(fopen64)
WRAP_FREOPEN(freopen64)
#endif

/* A file was made under a name that libc chose. */
static int after_make(int descriptor, const char *path) {
    int saved = errno;
    struct stat state;
    if (descriptor >= 0 && is_recording() && !journal.quiet) {
        TOLD(told);
        resolve(&told, AT_FDCWD, path);
        int has = !k_fstat(descriptor, &state);
        if (has) claim(&state);
        if (!told_is_own(&told)) tell_path(OPENED, 'c', &told, has ? &state : NULL, "", 0);
    }
    errno = saved;
    return descriptor;
}
#define WRAP_MAKE(name, declared, passed)                                                         \
    OURS int name declared {                                                                      \
        is_recording();                                                                           \
        return after_make(REAL(name, int(*) declared) passed, path);                              \
    }
WRAP_MAKE(mkstemp, (char *path), (path))
WRAP_MAKE(mkostemp, (char *path, int flags), (path, flags))
WRAP_MAKE(mkstemps, (char *path, int after), (path, after))
WRAP_MAKE(mkostemps, (char *path, int after, int flags), (path, after, flags))
#ifdef __GLIBC__
WRAP_MAKE(mkstemp64, (char *path), (path))
WRAP_MAKE(mkostemp64, (char *path, int flags), (path, flags))
#endif

#ifdef __GLIBC__
/* Opened by a number that stands for a file: the kernel knows under which name. */
OURS int open_by_handle_at(int mount, struct file_handle *handle, int flags) {
    is_recording();
    int found = MARKED(__NR_open_by_handle_at, mount, handle, flags, 0, 0,
                       REAL(open_by_handle_at, int (*)(int, struct file_handle *, int))(mount, handle,
                                                                                        flags));
    int saved = errno;
    if (found >= 0 && is_recording() && !journal.quiet) {
        char link[40], real[STACK];
        struct opening opening = {.letter = 'r', .folder = AT_FDCWD, .path = real};
        put_number(put_text(link, "/proc/self/fd/"), (uint64_t)found);
        long length = k_readlink(link, real, sizeof real - 1);
        if (length > 0 && real[0] == '/') {
            real[length] = 0;
            if (flags & (O_WRONLY | O_RDWR | O_TRUNC)) before_write(&opening, flags & ~O_TRUNC);
            after_open(&opening, found);
        }
    }
    errno = saved;
    return found;
}
#endif

OURS int shm_open(const char *name, int flags, mode_t mode) {
    char path[280] = "/dev/shm/";
    struct opening opening = {0};
    if (name && strlen(name) < 256) {
        put_text(path + 9, name + (*name == '/'));
        before_open(&opening, AT_FDCWD, path, flags);
    } else {
        is_recording();
    }
    if (!real_shm_open) {
        errno = ENOSYS;
        return -1;
    }
    int found = REAL(shm_open, int (*)(const char *, int, mode_t))(name, flags, mode);
    after_open(&opening, found);
    return found;
}

/* ---- folders ---- */

static struct {
    _Atomic int thread;
    _Atomic uint64_t path;
} importing; /* the folder that Python's import machinery is about to list for itself */

static void tell_listed(int folder, const char *path, int whole_tree) {
    struct stat state;
    TOLD(told);
    int saved = errno;
    if (!path || !is_recording() || journal.quiet) return;
    resolve(&told, folder, path);
    if (importing.thread && importing.thread == k_tid() && importing.path == hash_of(&told, 'i')) {
        importing.thread = 0;
        return;
    }
    if (told_is_skipped(&told) || k_stat_at(folder, path, &state, 0) || !S_ISDIR(state.st_mode) ||
        !is_new(hash_of(&told, hash_of_state(&state, whole_tree ? 't' : 'd'))))
        goto done;
    if (whole_tree) {
        tell_path(WALKED, 0, &told, &state, "", 0);
        goto done;
    }
    char *names = NULL; /* told once: who waits for a folder to fill lists it over and over */
    if (is_new(hash_of(&told, 'D')))
        names = k_map(MOST_NAMES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    size_t used = !names ? 0
                  : orders.text ? names_served(folder, path, &told, names, MOST_NAMES)
                                : names_in(folder, path, names, MOST_NAMES);
    if (used == (size_t)-1) used = 0;
    tell_path(LISTED, 0, &told, &state, names ? names : "", used);
    if (names) k_unmap(names, MOST_NAMES);
done:
    errno = saved;
}

OURS DIR *opendir(const char *path) {
    is_recording();
    DIR *found = REAL(opendir, DIR *(*)(const char *))(path);
    if (found) tell_listed(AT_FDCWD, path, 0), serve_opened(found, AT_FDCWD, path);
    return found;
}

OURS DIR *fdopendir(int descriptor) {
    is_recording();
    DIR *found = REAL(fdopendir, DIR *(*)(int))(descriptor);
    if (found) tell_listed(descriptor, ".", 0), serve_opened(found, descriptor, ".");
    return found;
}

#define WRAP_SCANDIR(name, entry)                                                                 \
    OURS int name(const char *path, struct entry ***names, int (*choose)(const struct entry *),   \
                  int (*order)(const struct entry **, const struct entry **)) {                   \
        is_recording();                                                                           \
        int found = REAL(name, int (*)(const char *, struct entry ***,                            \
                                       int (*)(const struct entry *),                             \
                                       int (*)(const struct entry **, const struct entry **)))(   \
            path, names, choose, order);                                                          \
        if (found >= 0) tell_listed(AT_FDCWD, path, 0);                                           \
        return found;                                                                             \
    }
WRAP_SCANDIR(scandir, dirent)
#ifdef __GLIBC__
WRAP_SCANDIR(scandir64, dirent64)
#endif

/* The folder before the first wildcard is where a pattern is looked up. */
static void tell_pattern(const char *pattern) {
    char folder[STACK];
    size_t length = 0, slash = 0;
    if (!pattern) return;
    for (; pattern[length] && length + 1 < sizeof folder; length++) {
        if (pattern[length] == '*' || pattern[length] == '?' || pattern[length] == '[') break;
        if (pattern[length] == '/') slash = length + 1;
    }
    if (!pattern[length]) return;
    memcpy(folder, pattern, slash);
    folder[slash] = 0;
    size_t rest = length;
    while (pattern[rest] && pattern[rest] != '/') rest++;
    tell_listed(AT_FDCWD, slash ? folder : ".", pattern[rest] == '/');
}

#define WRAP_GLOB(name, type)                                                                     \
    OURS int name(const char *pattern, int flags, int (*failed)(const char *, int), type *found) { \
        is_recording();                                                                           \
        int done = REAL(name, int (*)(const char *, int, int (*)(const char *, int), type *))(    \
            pattern, flags, failed, found);                                                       \
        tell_pattern(pattern);                                                                    \
        return done;                                                                              \
    }
WRAP_GLOB(glob, glob_t)
#ifdef __GLIBC__
WRAP_GLOB(glob64, glob64_t)
#endif

#define WRAP_WALK(name, callback, declared, passed)                                               \
    OURS int name declared {                                                                      \
        is_recording();                                                                           \
        tell_listed(AT_FDCWD, path, 1);                                                           \
        leave(); /* it may go from folder to folder */                                            \
        int done = REAL(name, int(*) declared) passed;                                            \
        left();                                                                                   \
        return done;                                                                              \
    }
WRAP_WALK(ftw, , (const char *path, __ftw_func_t each, int most), (path, each, most))
WRAP_WALK(nftw, , (const char *path, __nftw_func_t each, int most, int flags),
          (path, each, most, flags))
#ifdef __GLIBC__
WRAP_WALK(ftw64, , (const char *path, __ftw64_func_t each, int most), (path, each, most))
WRAP_WALK(nftw64, , (const char *path, __nftw64_func_t each, int most, int flags),
          (path, each, most, flags))

#define WRAP_FTS(name)                                                                            \
    OURS void *name(char *const *paths, int options, void *compare) {                             \
        is_recording();                                                                           \
        for (char *const *each = paths; each && *each; each++) tell_listed(AT_FDCWD, *each, 1);   \
        if (!(options & 4)) scattered = 1; /* without FTS_NOCHDIR it goes from folder to folder */ \
        return REAL(name, void *(*)(char *const *, int, void *))(paths, options, compare);        \
    }
WRAP_FTS(fts_open)
WRAP_FTS(fts64_open)
#endif

/* ---- moving, removing, making ---- */

struct place {
    int there;
    struct stat state;
};

static struct place look(int folder, const char *path) {
    struct place place = {0};
    if (path && !journal.quiet)
        place.there = !k_stat_at(folder, path, &place.state, AT_SYMLINK_NOFOLLOW);
    return place;
}

static void tell_moved(int from_folder, const char *from, const struct place *was, int to_folder,
                       const char *to, const struct place *over) {
    TOLD(source);
    TOLD(target);
    resolve(&source, from_folder, from);
    resolve(&target, to_folder, to);
    if (told_is_own(&target)) return;
    char text[2 * STACK];
    size_t length = told_length(&target);
    if (length < sizeof text) {
        put_told(text, &target);
        tell_path(AWAY, 0, &source, was->there ? &was->state : NULL, text, length);
    }
    length = told_length(&source);
    if (length < sizeof text) {
        put_told(text, &source);
        tell_path(HERE, 0, &target, over->there ? &over->state : NULL, text, length);
    }
}

static int moved(int from_folder, const char *from, int to_folder, const char *to, int exchange,
                 int (*act)(int, const char *, int, const char *, unsigned), unsigned flags) {
    int saved = errno;
    struct place was = look(from_folder, from), over = look(to_folder, to);
    if (over.there && !exchange && over.state.st_ino != was.state.st_ino)
        keep(to_folder, to, &over.state, 1);
    errno = saved;
    int folders = (was.there && S_ISDIR(was.state.st_mode)) || (over.there && S_ISDIR(over.state.st_mode));
    note_renamed(folders);
    int done = act(from_folder, from, to_folder, to, flags);
    note_renamed(folders);
    saved = errno;
    if (!done) {
        tell_moved(from_folder, from, &was, to_folder, to, &over);
        if (exchange) tell_moved(to_folder, to, &over, from_folder, from, &was);
    }
    errno = saved;
    return done;
}

static int by_rename(int a, const char *from, int b, const char *to, unsigned flags) {
    (void)a, (void)b, (void)flags;
    return MARKED(__NR_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0,
                  REAL(rename, int (*)(const char *, const char *))(from, to));
}
static int by_renameat(int a, const char *from, int b, const char *to, unsigned flags) {
    (void)flags;
    return MARKED(__NR_renameat2, a, from, b, to, 0,
                  REAL(renameat, int (*)(int, const char *, int, const char *))(a, from, b, to));
}
OURS int rename(const char *from, const char *to) {
    if (!is_recording()) return by_rename(0, from, 0, to, 0);
    return moved(AT_FDCWD, from, AT_FDCWD, to, 0, by_rename, 0);
}
OURS int renameat(int a, const char *from, int b, const char *to) {
    if (!is_recording()) return by_renameat(a, from, b, to, 0);
    return moved(a, from, b, to, 0, by_renameat, 0);
}
#ifdef __GLIBC__
static int by_renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    return MARKED(__NR_renameat2, a, from, b, to, flags,
                  REAL(renameat2, int (*)(int, const char *, int, const char *, unsigned))(
                      a, from, b, to, flags));
}
OURS int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    if (!is_recording()) return by_renameat2(a, from, b, to, flags);
    return moved(a, from, b, to, flags & 2, by_renameat2, flags);
}
#endif

static int removed(int folder, const char *path, int (*act)(int, const char *, int), int flags) {
    int saved = errno;
    struct place was = look(folder, path);
    int is_folder = was.there && S_ISDIR(was.state.st_mode);
    if (was.there && !is_folder) keep(folder, path, &was.state, 1);
    errno = saved;
    int done = act(folder, path, flags);
    saved = errno;
    if (!done && was.there) {
        TOLD(told);
        resolve(&told, folder, path);
        if (!told_is_own(&told)) tell_path(is_folder ? EMPTIED : REMOVED, 0, &told, &was.state, "", 0);
        if (was.state.st_nlink <= 1) disclaim(&was.state);
    }
    errno = saved;
    return done;
}

static int by_unlink(int folder, const char *path, int flags) {
    (void)folder, (void)flags;
    return MARKED(__NR_unlinkat, AT_FDCWD, path, 0, 0, 0,
                  REAL(unlink, int (*)(const char *))(path));
}
static int by_unlinkat(int folder, const char *path, int flags) {
    return MARKED(__NR_unlinkat, folder, path, flags, 0, 0,
                  REAL(unlinkat, int (*)(int, const char *, int))(folder, path, flags));
}
static int by_remove(int folder, const char *path, int flags) {
    (void)folder, (void)flags;
    return REAL(remove, int (*)(const char *))(path);
}
static int by_rmdir(int folder, const char *path, int flags) {
    (void)folder, (void)flags;
    return MARKED(__NR_unlinkat, AT_FDCWD, path, AT_REMOVEDIR, 0, 0,
                  REAL(rmdir, int (*)(const char *))(path));
}
#define WRAP_REMOVE(name)                                                                         \
    OURS int name(const char *path) {                                                             \
        return is_recording() ? removed(AT_FDCWD, path, by_##name, 0) : by_##name(0, path, 0);    \
    }
WRAP_REMOVE(unlink)
WRAP_REMOVE(remove)
WRAP_REMOVE(rmdir)
OURS int unlinkat(int folder, const char *path, int flags) {
    return is_recording() ? removed(folder, path, by_unlinkat, flags)
                          : by_unlinkat(folder, path, flags);
}

static void tell_made(enum kind kind, int folder, const char *path, const char *about) {
    int saved = errno;
    TOLD(told);
    resolve(&told, folder, path);
    if (!told_is_own(&told)) tell_path(kind, 0, &told, NULL, about, strlen(about));
    errno = saved;
}

OURS int mkdir(const char *path, mode_t mode) {
    int recording = is_recording();
    int done = MARKED(__NR_mkdirat, AT_FDCWD, path, mode, 0, 0,
                      REAL(mkdir, int (*)(const char *, mode_t))(path, mode));
    if (recording && !done) tell_made(MADE, AT_FDCWD, path, "");
    return done;
}
OURS int mkdirat(int folder, const char *path, mode_t mode) {
    int recording = is_recording();
    int done = MARKED(__NR_mkdirat, folder, path, mode, 0, 0,
                      REAL(mkdirat, int (*)(int, const char *, mode_t))(folder, path, mode));
    if (recording && !done) tell_made(MADE, folder, path, "");
    return done;
}

#define WRAP_PIPE(name, declared, passed, folder, mode)                                           \
    OURS int name declared {                                                                      \
        int recording = is_recording();                                                           \
        int done = REAL(name, int(*) declared) passed;                                            \
        if (recording && !done && S_ISFIFO(mode)) tell_made(PIPED, folder, path, "");             \
        return done;                                                                              \
    }
WRAP_PIPE(mkfifo, (const char *path, mode_t mode), (path, mode), AT_FDCWD, S_IFIFO)
WRAP_PIPE(mkfifoat, (int folder, const char *path, mode_t mode), (folder, path, mode), folder, S_IFIFO)
WRAP_PIPE(mknod, (const char *path, mode_t mode, dev_t device), (path, mode, device), AT_FDCWD, mode)
WRAP_PIPE(mknodat, (int folder, const char *path, mode_t mode, dev_t device),
          (folder, path, mode, device), folder, mode)

static void tell_linked(int from_folder, const char *from, const struct place *was, int folder,
                        const char *path) {
    TOLD(source);
    TOLD(told);
    int saved = errno;
    char text[2 * STACK] = "";
    resolve(&source, from_folder, from);
    resolve(&told, folder, path);
    size_t length = told_length(&source);
    if (length < sizeof text) put_told(text, &source);
    else length = 0;
    if (!told_is_own(&told)) tell_path(LINKED, 0, &told, was->there ? &was->state : NULL, text, length);
    errno = saved;
}
OURS int link(const char *from, const char *to) {
    if (!is_recording()) return REAL(link, int (*)(const char *, const char *))(from, to);
    struct place was = look(AT_FDCWD, from);
    int done = MARKED(__NR_linkat, AT_FDCWD, from, AT_FDCWD, to, 0,
                      REAL(link, int (*)(const char *, const char *))(from, to));
    if (!done) tell_linked(AT_FDCWD, from, &was, AT_FDCWD, to);
    return done;
}
OURS int linkat(int a, const char *from, int b, const char *to, int flags) {
    int recording = is_recording();
    struct place was = {0};
    if (recording && !(flags & AT_EMPTY_PATH)) was = look(a, from);
    int done = MARKED(__NR_linkat, a, from, b, to, flags,
                      REAL(linkat, int (*)(int, const char *, int, const char *, int))(a, from, b, to,
                                                                                       flags));
    if (recording && !done) tell_linked(a, from, &was, b, to);
    return done;
}
OURS int symlink(const char *to, const char *path) {
    int recording = is_recording();
    int done = MARKED(__NR_symlinkat, to, AT_FDCWD, path, 0, 0,
                      REAL(symlink, int (*)(const char *, const char *))(to, path));
    if (recording && !done) tell_made(LINKED_SOFTLY, AT_FDCWD, path, to);
    return done;
}
OURS int symlinkat(const char *to, int folder, const char *path) {
    int recording = is_recording();
    int done = MARKED(__NR_symlinkat, to, folder, path, 0, 0,
                      REAL(symlinkat, int (*)(const char *, int, const char *))(to, folder, path));
    if (recording && !done) tell_made(LINKED_SOFTLY, folder, path, to);
    return done;
}

static void before_cut(const char *path) {
    int saved = errno;
    struct stat was;
    if (path && is_recording() && !journal.quiet && !k_stat_at(AT_FDCWD, path, &was, 0) &&
        S_ISREG(was.st_mode) && !is_made_here(&was)) {
        TOLD(told);
        keep(AT_FDCWD, path, &was, 0);
        claim(&was);
        resolve(&told, AT_FDCWD, path);
        if (!told_is_own(&told)) tell_path(CUT, 0, &told, &was, "", 0);
    }
    errno = saved;
}
OURS int truncate(const char *path, off_t size) {
    before_cut(path);
    return MARKED(__NR_truncate, path, size, 0, 0, 0,
                  REAL(truncate, int (*)(const char *, off_t))(path, size));
}
#ifdef __GLIBC__
OURS int truncate64(const char *path, off64_t size) {
    before_cut(path);
    return MARKED(__NR_truncate, path, size, 0, 0, 0,
                  REAL(truncate64, int (*)(const char *, off64_t))(path, size));
}
#endif

#endif
