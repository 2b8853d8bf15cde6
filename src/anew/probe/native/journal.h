/* Events, in memory that all processes of a run share with the files of the spool.
 *
 * A run has one row of chunks, SPOOL/native/0, 1, 2, …. Who has something to tell reserves room in
 * the present chunk by one atomic addition and fills it in: no lock, no descriptor kept, no system
 * call, and what was written is there whatever becomes of the process. A chunk that is full is
 * followed by the next; whoever needs it first makes it. docs/format.md has the layout. */

#ifndef ANEW_JOURNAL_H
#define ANEW_JOURNAL_H

#define CHUNK_MARK 0x31636e6177656e61ULL /* "anewanc1", little-endian, of which `a` comes first */
#define RECORD_MARK 0x77656e61U
#define CHUNK_SIZE (4UL << 20)
#define LONGEST_SPOOL 1024
#define STACK 1024 /* bytes of a working directory that are looked at on the stack */

struct chunk {
    uint64_t mark;
    _Atomic uint64_t used; /* bytes reserved, this header included; may run past the size */
    uint64_t size;
    _Atomic uint64_t lost;   /* events for which there was no room */
    _Atomic uint64_t latest; /* in chunk 0: the number of the last chunk made */
    int64_t pass;            /* in chunk 0: the mark of our own calls; 0: nobody follows the others */
    _Atomic uint64_t renamed; /* in chunk 0: changes with each folder that is renamed */
    uint64_t unused;
};

struct record {
    _Atomic uint32_t mark; /* written last: without it the rest means nothing */
    uint32_t size;         /* of all of it, a multiple of 8 */
    uint16_t kind;
    uint16_t detail;
    uint32_t pid;
    uint64_t time; /* monotonic, ns */
    int64_t stamp[6];
    uint32_t first, second; /* bytes of the two texts that follow */
    char text[];
};

enum kind {
    START = 1, FORKED, ENDED, EXEC, EXEC_FAILED, SPAWNED, REAPED, GAP, FOLLOWING,
    OPENED = 10, LISTED, AWAY, HERE, REMOVED, EMPTIED, MADE, CUT, LINKED, LINKED_SOFTLY,
    PINNED, LOST, STATED, CONNECTED, LOOKED_UP, ASKED, PIPED, WALKED, TOUCHED,
};
#define HAS_STAMP 0x100

static struct {
    char spool[LONGEST_SPOOL];
    size_t spool_length;
    _Atomic(struct chunk *) root; /* chunk 0; NULL: nothing is recorded */
    _Atomic(struct chunk *) now;
    _Atomic uint64_t number; /* of the chunk that is used now */
    int64_t started[2]; /* seconds and ns since 1970: the start of the run */
    uint64_t pin_limit;
    _Atomic int quiet; /* a filter of system calls is in force: make none of our own */
    _Atomic uint64_t last_time; /* told since then, where the clock is not asked any more */
    struct own *own;            /* NULL: there was no memory for it */
} journal;

/* What a fork must not take over, in a page that a fork wipes. With the first paths it told it is the
 * one page of ours that a child with little to tell writes to: each is copied for it, which takes long. */
#define YOUNG 256
#define PLACES 128 /* units of 8 bytes for working directories (here.h) */
struct own {
    _Atomic int pid;
    _Atomic unsigned told;
    _Atomic uint64_t young[YOUNG];
    _Atomic uint64_t here; /* which of the places it is, and from when that is known */
    _Atomic unsigned used;
    struct working {
        _Atomic uint32_t length; /* written last */
        char path[4];
    } at[PLACES];
    struct one_look { /* what Python is about to look at (one_look.h) */
        _Atomic uintptr_t opens; /* the thread whose next open is by Python's `open` */
        _Atomic uintptr_t looks; /* the thread that looks at this next; 0: none does */
        int descriptor;
        int64_t tick; /* of the clock, when we looked, ns */
        struct stat state;
    } look;
};
_Static_assert(sizeof(struct own) <= 4096, "it is one page");

/* What most processes come through lies side by side: a fork maps it all at its first step into it. */
#define OFTEN __attribute__((hot))

static int (*clock_of)(clockid_t, struct timespec *);

static inline uint64_t now_ns(void) {
    struct timespec time;
    if (journal.quiet || !clock_of || clock_of(CLOCK_MONOTONIC, &time))
        return atomic_fetch_add(&journal.last_time, 1) + 1;
    return (uint64_t)time.tv_sec * 1000000000ULL + (uint64_t)time.tv_nsec;
}

static char *put_number(char *at, uint64_t number) {
    char digits[20];
    int count = 0;
    do digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count) *at++ = digits[--count];
    *at = 0;
    return at;
}

static char *put_text(char *at, const char *text) {
    size_t length = strlen(text);
    memcpy(at, text, length + 1);
    return at + length;
}

/* Copies what is short: a fork has nothing of libc's mapped yet, and each part it calls costs a fault. */
static inline char *put_bytes(char *at, const char *from, size_t length) {
    if (length > 512) return (char *)memcpy(at, from, length) + length;
    for (; length >= 8; at += 8, from += 8, length -= 8) __builtin_memcpy(at, from, 8);
    for (; length; length--) {
        *at++ = *from++;
        __asm__("" : "+r"(at)); /* else it is made a call of memcpy */
    }
    return at;
}

static char *in_spool(char *at, const char *below) {
    memcpy(at, journal.spool, journal.spool_length);
    return put_text(at + journal.spool_length, below);
}

static struct chunk *map_chunk(uint64_t number) {
    char path[LONGEST_SPOOL + 64];
    put_number(in_spool(path, "/native/"), number);
    int descriptor = k_open(AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
    if (descriptor < 0) return NULL;
    struct stat state;
    struct chunk *found = NULL;
    if (!k_fstat(descriptor, &state) && (size_t)state.st_size >= sizeof(struct chunk))
        found = k_map((size_t)state.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor);
    k_close(descriptor);
    if (found && (found->mark != CHUNK_MARK || found->size != (uint64_t)state.st_size)) {
        k_unmap(found, (size_t)state.st_size);
        return NULL;
    }
    return found;
}

/* Room on the disk is taken at once: to write to a hole of a full disk would kill the program. Then
 * zeros are written: large parts that lie ready cost each process less than pages made one by one. */
#define ZEROS (64UL << 10)
static int take_room(int descriptor, size_t size) {
    if (k_largest_file() < size) return -1;
    long failed = kernel(__NR_fallocate, descriptor, 0, 0, (long)size, 0, 0);
    if (failed && failed != -EOPNOTSUPP && failed != -ENOSYS) return -1;
    char *zeros = k_map(ZEROS, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (!zeros) return -1;
    size_t done = 0;
    while (done < size && k_write(descriptor, zeros, ZEROS) == ZEROS) done += ZEROS;
    k_unmap(zeros, ZEROS);
    return done == size ? 0 : -1;
}

static void make_chunk(uint64_t number) {
    char path[LONGEST_SPOOL + 64], made[LONGEST_SPOOL + 64];
    put_number(in_spool(path, "/native/"), number);
    char *end = put_number(in_spool(made, "/native/new."), number);
    put_number(put_text(end, "."), (uint64_t)k_tid());
    int descriptor = k_open(AT_FDCWD, made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return;
    if (!take_room(descriptor, CHUNK_SIZE)) {
        struct chunk *chunk = k_map(CHUNK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor);
        if (chunk) {
            chunk->mark = CHUNK_MARK;
            chunk->size = CHUNK_SIZE;
            chunk->used = sizeof *chunk;
            k_unmap(chunk, CHUNK_SIZE);
            k_link(made, path); /* refused where another was sooner: his will do */
        }
    }
    k_unlink(made);
    k_close(descriptor);
}

/* Where there was no room it is asked for again, but not at each event: a full disk is slow. */
#define ASKED_AGAIN 100000000ULL /* ns */
static _Atomic uint64_t no_room; /* when; 0: there was room */

/* Go on to the chunk after `full`; return it, or NULL where there can be none. */
static struct chunk *next_chunk(struct chunk *full) {
    struct chunk *root = journal.root;
    if (journal.quiet || !root || (no_room && now_ns() - no_room < ASKED_AGAIN)) return NULL;
    uint64_t latest = root->latest;
    struct chunk *found = latest ? map_chunk(latest) : root;
    if (!found) return NULL;
    if (found->used + 4096 >= found->size || found == full) {
        make_chunk(latest + 1);
        struct chunk *next = map_chunk(latest + 1);
        no_room = next ? 0 : now_ns();
        if (!next) return NULL;
        atomic_compare_exchange_strong(&root->latest, &latest, latest + 1);
        found = next;
    }
    /* Two threads may map the same one, or map and leave one: a little room, and no lock. */
    journal.now = found;
    journal.number = root->latest;
    return found;
}

/* Go on to the chunk that others use by now: what a parent has mapped, its children need not. */
static void catch_up(void) {
    struct chunk *root = journal.root;
    uint64_t latest = root ? root->latest : 0;
    if (!root || journal.quiet || latest == journal.number) return;
    struct chunk *found = map_chunk(latest);
    if (!found) return;
    journal.now = found;
    journal.number = latest;
}

#ifdef ANEW_FOLLOWER
static __thread int present; /* the process whose call is looked at, by its own number */
static inline int present_pid(void) { return present; }
#else
static inline int present_pid(void) {
    return journal.own ? atomic_load_explicit(&journal.own->pid, memory_order_relaxed) : k_pid();
}
#endif

/* Reserve a record; NULL where nothing is recorded or there is no room. Fill it, then `publish`. */
OFTEN static struct record *reserve(enum kind kind, int detail, int pid, size_t first, size_t second) {
    struct chunk *chunk = atomic_load_explicit(&journal.now, memory_order_acquire);
    if (!chunk) return NULL;
    size_t size = (sizeof(struct record) + first + second + 7) & ~(size_t)7;
    if (size > CHUNK_SIZE / 4) return NULL;
    for (int tries = 0; tries < 4; tries++) {
        uint64_t at = atomic_fetch_add_explicit(&chunk->used, size, memory_order_relaxed);
        if (at + size <= chunk->size) {
            struct record *record = (struct record *)((char *)chunk + at);
            record->size = (uint32_t)size;
            record->kind = (uint16_t)kind;
            record->detail = (uint16_t)detail;
            record->pid = (uint32_t)pid;
            record->time = now_ns();
            record->first = (uint32_t)first;
            record->second = (uint32_t)second;
            return record;
        }
        struct chunk *next = next_chunk(chunk);
        if (!next) break;
        chunk = next;
    }
    atomic_fetch_add(&((struct chunk *)journal.root)->lost, 1);
    return NULL;
}

static inline void publish(struct record *record) {
    atomic_store_explicit(&record->mark, RECORD_MARK, memory_order_release);
}

static inline void put_stamp(struct record *record, const struct stat *state) {
    record->stamp[0] = (int64_t)state->st_dev;
    record->stamp[1] = (int64_t)state->st_ino;
    record->stamp[2] = (int64_t)state->st_size;
    record->stamp[3] = (int64_t)state->st_mode;
    record->stamp[4] = state->st_mtim.tv_sec * 1000000000LL + state->st_mtim.tv_nsec;
    record->stamp[5] = state->st_ctim.tv_sec * 1000000000LL + state->st_ctim.tv_nsec;
    record->detail |= HAS_STAMP;
}

/* Tell of two texts and up to two numbers: for what is rare. */
OFTEN static void tell(enum kind kind, int detail, int pid, const char *first, size_t first_length,
                 const char *second, size_t second_length, int64_t a, int64_t b) {
    struct record *record = reserve(kind, detail, pid, first_length, second_length);
    if (!record) return;
    record->stamp[0] = a;
    record->stamp[1] = b;
    put_bytes(put_bytes(record->text, first, first_length), second, second_length);
    publish(record);
}

#endif
