/* What a path given to a call means: absolute, with the working directory asked of the kernel. */

#ifndef ANEW_PATHS_H
#define ANEW_PATHS_H

/* A path as told: `base` and `name` with a slash between, or `name` alone where it is absolute. */
struct told {
    const char *name;
    size_t name_length, base_length;
    int known;
    char base[STACK];
};

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
        length = k_getcwd(path->base, sizeof path->base - 1);
        if (length > 0) length--;
    } else {
        char link[40];
        put_number(put_text(link, "/proc/self/fd/"), (uint64_t)(unsigned)folder);
        length = k_readlink(link, path->base, sizeof path->base - 1);
        if (length == (long)sizeof path->base - 1) length = -1;
    }
    if (length <= 0 || path->base[0] != '/') path->known = 0;
    else path->base[path->base_length = (size_t)length] = 0;
}

static inline size_t told_length(const struct told *path) {
    return path->name_length + path->base_length + (path->base_length && path->name_length);
}

static void put_told(char *at, const struct told *path) {
    if (path->base_length) {
        memcpy(at, path->base, path->base_length);
        at += path->base_length;
        if (path->name_length) *at++ = '/';
    }
    memcpy(at, path->name, path->name_length);
}

static inline int told_is_skipped(const struct told *path) {
    if (!path->base_length) return is_skipped(path->name);
    /* A folder that is itself skipped, or lies in one, has a slash put behind it. */
    char first[STACK + 8];
    memcpy(first, path->base, path->base_length);
    first[path->base_length] = '/';
    size_t rest = path->name_length < 6 ? path->name_length : 6;
    memcpy(first + path->base_length + 1, path->name, rest);
    first[path->base_length + 1 + rest] = 0;
    return is_skipped(first);
}

static inline int told_in_project(const struct told *path) {
    const char *from = path->base_length ? path->base : path->name;
    return skipped.project_length && lies_in(from, skipped.project, skipped.project_length);
}

static inline int told_is_own(const struct told *path) {
    return is_own(path->base_length ? path->base : path->name);
}

/* What was told lately is not told again: two tables of hashes, kept by each process alone. */
#define REMEMBERED 8192
static _Atomic uint64_t told_before[REMEMBERED];
static _Atomic uint64_t made_here[REMEMBERED];

static inline uint64_t mixed(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
    return hash ^ (hash >> 29);
}

static uint64_t hash_of(const struct told *path, uint64_t hash) {
    const char *text = path->name;
    size_t length = path->name_length;
    for (; length >= 8; text += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        hash = mixed(hash, word);
    }
    uint64_t word = 0;
    memcpy(&word, text, length);
    hash = mixed(hash, word ^ ((uint64_t)length << 56));
    for (size_t i = 0; i < path->base_length; i++) hash = mixed(hash, (unsigned char)path->base[i]);
    return hash;
}

static uint64_t hash_of_state(const struct stat *state, uint64_t hash) {
    hash = mixed(hash, (uint64_t)state->st_dev ^ (uint64_t)state->st_ino << 16);
    hash = mixed(hash, (uint64_t)state->st_size);
    hash = mixed(hash, (uint64_t)state->st_mtim.tv_sec << 30 ^ (uint64_t)state->st_mtim.tv_nsec);
    return mixed(hash, (uint64_t)state->st_ctim.tv_sec << 30 ^ (uint64_t)state->st_ctim.tv_nsec);
}

static inline int is_new(uint64_t hash) {
    hash = mixed(hash, (uint64_t)present_pid()) | 1; /* what a parent told, a fork tells again */
    _Atomic uint64_t *place = &told_before[hash >> 51];
    if (atomic_load_explicit(place, memory_order_relaxed) == hash) return 0; /* others may read it */
    return atomic_exchange_explicit(place, hash, memory_order_relaxed) != hash;
}

/* How often the working directory was left: a relative name means the same file until then. */
static _Atomic uint64_t moves;

/* Whether a name alone, with what is mixed in, tells that all was told before; no system call. A
 * name below an open folder tells nothing: the number may stand for another folder by now. */
static inline int is_old_name(int folder, const char *name, uint64_t hash) {
    struct told told;
    self(); /* a fork is a process of its own from here on: each page it writes to is copied */
    if (name[0] != '/') {
        if (folder != AT_FDCWD) return 0;
        hash = mixed(hash, ~atomic_load_explicit(&moves, memory_order_relaxed));
    }
    told.name = name;
    told.name_length = strlen(name);
    told.base_length = 0;
    return !is_new(hash_of(&told, hash));
}

static inline uint64_t name_of_inode(const struct stat *state) {
    return mixed(mixed(7, (uint64_t)state->st_dev), (uint64_t)state->st_ino) | 1;
}

/* A file that this process made, or whose old bytes it has taken care of. */
static inline int is_made_here(const struct stat *state) {
    uint64_t name = name_of_inode(state);
    return atomic_load_explicit(&made_here[name >> 51], memory_order_relaxed) == name;
}
static inline void claim(const struct stat *state) {
    uint64_t name = name_of_inode(state);
    atomic_store_explicit(&made_here[name >> 51], name, memory_order_relaxed);
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
static void tell_path(enum kind kind, int detail, const struct told *path, const struct stat *state,
                      const char *about, size_t about_length) {
    struct record *record = reserve(kind, detail, self(), told_length(path), about_length);
    if (!record) return;
    if (state) put_stamp(record, state);
    put_told(record->text, path);
    memcpy(record->text + record->first, about, about_length);
    publish(record);
}

#endif
