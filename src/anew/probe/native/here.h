/* Where the process is: its working directory, asked of the kernel once a tick of its clock at most.
 *
 * For what is read and looked at alone; who makes, moves or removes asks each time. What is remembered
 * holds for this tick (some ms), until the process goes elsewhere or any of the run renames a folder.
 * A directory is written once to where it stays, so that a signal or a thread never sees half of it. */

#ifndef ANEW_HERE_H
#define ANEW_HERE_H

static inline uint64_t mixed(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
    return hash ^ (hash >> 29);
}

#ifndef ANEW_FOLLOWER
/* How often the working directory was about to be left (above) and was left (below). */
static _Atomic uint64_t moves;
/* Whether threads, or a child that shares our memory, may be elsewhere; or libc walks by itself. */
static _Atomic int scattered;

static void leave(void) {
    int pid = journal.own ? journal.own->pid : 0;
    if (pid && !journal.quiet && pid != k_pid()) scattered = 1; /* a child after vfork */
    atomic_fetch_add(&moves, 1ULL << 32);
}
static void left(void) { atomic_fetch_add(&moves, 1); }

/* Which stay at one place this is: a relative name means the same until it changes; 0: unknown. */
static inline uint64_t present_stay(void) {
    uint64_t now = atomic_load_explicit(&moves, memory_order_acquire);
    return now >> 32 == (uint32_t)now && !scattered ? now + 1 : 0;
}

static inline uint64_t present_tick(void) {
    struct timespec time;
    uint64_t stay = present_stay();
    struct chunk *root = journal.root;
    if (!stay || !root || journal.quiet || clock_of(CLOCK_MONOTONIC_COARSE, &time)) return 0;
    uint64_t tick = (uint64_t)time.tv_sec * 1000000000ULL + (uint64_t)time.tv_nsec;
    tick = mixed(mixed(stay, atomic_load_explicit(&root->renamed, memory_order_acquire)), tick);
    return (tick | 1ULL << 63) & ~(uint64_t)(PLACES - 1);
}

__attribute__((noinline)) static struct working *ask_here(struct own *own, uint64_t tick) {
    char text[STACK];
    long length = k_getcwd(text, sizeof text) - 1;
    if (length <= 0 || text[0] != '/') return NULL;
    unsigned at = 0, used = own->used, more = ((unsigned)length + 12) / 8;
    for (uint32_t known; at < used && (known = own->at[at].length); at += (known + 12) / 8)
        if (known == length && !memcmp(own->at[at].path, text, known)) goto found;
    if (used + more > PLACES || (at = atomic_fetch_add(&own->used, more)) + more > PLACES) return NULL;
    put_bytes(own->at[at].path, text, (size_t)length + 1);
    atomic_store_explicit(&own->at[at].length, (uint32_t)length, memory_order_release);
found:
    atomic_store_explicit(&own->here, tick | at, memory_order_release);
    return own->at + at;
}

#define WORTH_IT 8 /* things told: who tells less had better ask than have another page mapped */
static inline const struct working *find_here(void) {
    struct own *own = journal.own;
    if (!own || atomic_load_explicit(&own->told, memory_order_relaxed) < WORTH_IT) return NULL;
    uint64_t tick = present_tick();
    if (!tick) return NULL;
    uint64_t now = atomic_load_explicit(&own->here, memory_order_acquire);
    return (now & ~(uint64_t)(PLACES - 1)) == tick ? own->at + (now & (PLACES - 1)) : ask_here(own, tick);
}
#endif

/* A folder is renamed: before and after, for nobody may take what was in between for true. */
static inline void note_renamed(int is_folder) {
    struct chunk *root = journal.root;
    if (is_folder && root) atomic_fetch_add(&root->renamed, 1);
}

#endif
