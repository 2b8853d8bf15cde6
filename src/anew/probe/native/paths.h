/* What a path given to a call means: absolute, with the working directory asked of the kernel. */

#ifndef ANEW_PATHS_H
#define ANEW_PATHS_H

/* A path as told: `base` and `name` with a slash between, or `name` alone where it is absolute. */
struct told {
    const char *name, *base;
    size_t name_length, base_length;
    int known;
    char *room; /* for the base: STACK bytes */
};
#define TOLD(path)                                                                                \
    char path##_room[STACK];                                                                      \
    struct told path = {.room = path##_room}

static void resolve(struct told *path, int folder, const char *name) {
    name = plain_path(name);
    path->name = name;
    path->name_length = strlen(name);
    path->base_length = 0;
    path->known = 1;
    if (name[0] == '/') return;
    if (journal.quiet) {
        path->known = 0;
        return;
    }
    long length;
    if (folder == AT_FDCWD) {
        length = k_getcwd(path->room, STACK - 1);
        if (length > 0) length--;
    } else {
        char link[40];
        put_number(put_text(link, "/proc/self/fd/"), (uint64_t)(unsigned)folder);
        length = k_readlink(link, path->room, STACK - 1);
        if (length == STACK - 1) length = -1;
    }
    path->base = path->room;
    if (length <= 0 || path->room[0] != '/') path->known = 0;
    else path->room[path->base_length = (size_t)length] = 0;
}

#ifndef ANEW_FOLLOWER
/* The same for what is read or looked at, without asking the kernel; 0: it must be asked. */
static inline int resolve_here(struct told *path, int folder, const char *name) {
    name = plain_path(name);
    path->name = name;
    path->name_length = strlen(name);
    path->base_length = 0;
    path->known = 1;
    if (name[0] == '/') return 1;
    const struct working *at = folder == AT_FDCWD ? find_here() : NULL;
    if (!at) return 0;
    path->base = at->path;
    path->base_length = at->length;
    return 1;
}
#endif

static inline size_t told_length(const struct told *path) {
    return path->name_length + path->base_length + (path->base_length && path->name_length);
}

static void put_told(char *at, const struct told *path) {
    if (path->base_length) {
        at = put_bytes(at, path->base, path->base_length);
        if (path->name_length) *at++ = '/';
    }
    put_bytes(at, path->name, path->name_length);
}

static inline int told_in_project(const struct told *path) {
    const char *from = path->base_length ? path->base : path->name;
    return skipped.project_length && lies_in(from, skipped.project, skipped.project_length);
}

static inline int told_is_skipped(const struct told *path) {
    if (!path->base_length) return is_skipped(path->name);
    if (!skipped.inside && told_in_project(path)) return 0;
    /* A folder that is itself skipped, or lies in one, has a slash put behind it. */
    char first[path->base_length + 8];
    put_bytes(first, path->base, path->base_length);
    first[path->base_length] = '/';
    size_t rest = path->name_length < 6 ? path->name_length : 6;
    put_bytes(first + path->base_length + 1, path->name, rest);
    first[path->base_length + 1 + rest] = 0;
    return is_skipped(first);
}

static inline int told_is_own(const struct told *path) {
    return is_own(path->base_length ? path->base : path->name);
}

/* What was told lately is not told again: two tables of hashes, kept by each process alone. */
#define REMEMBERED 8192
static _Atomic uint64_t told_before[REMEMBERED];
static _Atomic uint64_t made_here[REMEMBERED];
static _Atomic int claims; /* whether there is any in it */

static inline uint64_t hash_of_text(const char *text, size_t length, uint64_t hash) {
    for (; length >= 8; text += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        hash = mixed(hash, word);
    }
    uint64_t word = 0;
    memcpy(&word, text, length);
    return mixed(hash, word ^ ((uint64_t)length << 56));
}

static inline uint64_t hash_of(const struct told *path, uint64_t hash) {
    hash = hash_of_text(path->name, path->name_length, hash);
    return path->base_length ? hash_of_text(path->base, path->base_length, hash) : hash;
}

static uint64_t hash_of_state(const struct stat *state, uint64_t hash) {
    hash = mixed(hash, (uint64_t)state->st_dev ^ (uint64_t)state->st_ino << 16);
    hash = mixed(hash, (uint64_t)state->st_size);
    hash = mixed(hash, (uint64_t)state->st_mtim.tv_sec << 30 ^ (uint64_t)state->st_mtim.tv_nsec);
    return mixed(hash, (uint64_t)state->st_ctim.tv_sec << 30 ^ (uint64_t)state->st_ctim.tv_nsec);
}

/* With this a path tells that what was there was read. */
static uint64_t hash_of_read(const struct stat *state) { return mixed(hash_of_state(state, 'R'), 'r'); }

/* Whether it is not what was told last at this place of the tables. Two threads may both be told so. */
static inline int is_new_at(uint64_t at, uint64_t hash) {
#ifndef ANEW_FOLLOWER
    struct own *own = journal.own;
    if (own) {
        _Atomic uint64_t *young = &own->young[at >> 56];
        hash |= 1;
        if (atomic_load_explicit(young, memory_order_relaxed) == hash) return 0;
        unsigned told = atomic_load_explicit(&own->told, memory_order_relaxed);
        if (told < YOUNG) {
            atomic_store_explicit(&own->told, told + 1, memory_order_relaxed);
            atomic_store_explicit(young, hash, memory_order_relaxed);
            return 1;
        }
    }
#endif
    hash = mixed(hash, (uint64_t)present_pid()) | 1; /* what a parent told, a fork tells again */
    _Atomic uint64_t *place = &told_before[at >> 51];
    if (atomic_load_explicit(place, memory_order_relaxed) == hash) return 0; /* others may read it */
    atomic_store_explicit(place, hash, memory_order_relaxed);
    return 1;
}
static inline int is_new(uint64_t hash) { return is_new_at(hash, hash); }

#ifndef ANEW_FOLLOWER
/* Where a name alone has its place; it is fetched beforehand, for the memory is far. */
static inline uint64_t place_of(const char *name) {
    uint64_t at = hash_of_text(name, strlen(name), 1);
    __builtin_prefetch(&told_before[at >> 51], 1);
    return at;
}

/* Whether a name alone, with what is mixed in, tells that all was told before; no system call. A
 * name below an open folder tells nothing: the number may stand for another folder by now. */
static inline int is_old_at(uint64_t at, int folder, const char *name, uint64_t hash) {
    self(); /* a fork is a process of its own from here on: each page it writes to is copied */
    if (name[0] != '/') {
        uint64_t stay = present_stay();
        if (folder != AT_FDCWD || !stay) return 0;
        hash = mixed(hash, ~stay);
    }
    return !is_new_at(at, mixed(at, hash));
}
static inline int is_old_name(int folder, const char *name, uint64_t hash) {
    return is_old_at(place_of(name), folder, name, hash);
}

/* Whether a file has but one name of that kind: the process has always been where it is. */
static inline int is_sole_name(int folder, const char *name) {
    return name[0] == '/' || (folder == AT_FDCWD && present_stay() == 1);
}
#endif

static inline uint64_t name_of_inode(const struct stat *state) {
    return mixed(mixed(7, (uint64_t)state->st_dev), (uint64_t)state->st_ino) | 1;
}

/* A file that this process made, or whose old bytes it has taken care of. */
static inline int is_made_here(const struct stat *state) {
    if (!atomic_load_explicit(&claims, memory_order_relaxed)) return 0;
    uint64_t name = name_of_inode(state);
    return atomic_load_explicit(&made_here[name >> 51], memory_order_relaxed) == name;
}
static inline void claim(const struct stat *state) {
    uint64_t name = name_of_inode(state);
    atomic_store_explicit(&made_here[name >> 51], name, memory_order_relaxed);
    atomic_store_explicit(&claims, 1, memory_order_relaxed);
}
static inline void disclaim(const struct stat *state) {
    uint64_t name = name_of_inode(state);
    if (is_made_here(state)) atomic_store(&made_here[name >> 51], 0);
}

static inline int is_since_start(const struct stat *state) {
    return state->st_mtim.tv_sec > journal.started[0] ||
           (state->st_mtim.tv_sec == journal.started[0] &&
            state->st_mtim.tv_nsec > journal.started[1]);
}

/* Tell of a path, with a state of it or none, and a text about it. */
OFTEN static void tell_path(enum kind kind, int detail, const struct told *path, const struct stat *state,
                      const char *about, size_t about_length) {
    struct record *record = reserve(kind, detail, self(), told_length(path), about_length);
    if (!record) return;
    if (state) put_stamp(record, state);
    put_told(record->text, path);
    put_bytes(record->text + record->first, about, about_length);
    publish(record);
}

#endif
