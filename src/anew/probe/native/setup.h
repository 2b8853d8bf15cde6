/* Sets the recorder up in a process: once per image, by whoever comes first. */

#ifndef ANEW_SETUP_H
#define ANEW_SETUP_H

static _Atomic int begun; /* 0 not yet, 1 being done, 2 done */
static void begin(void);

static inline int is_recording(void) {
    if (atomic_load_explicit(&begun, memory_order_acquire) != 2) begin();
    return atomic_load_explicit(&journal.root, memory_order_relaxed) != NULL;
}

#define WORDS 2048 /* bytes of a command line that are told */

/* The command line, where the kernel put it: below the environment, which still is the first one.
 * To read it from /proc takes five times as long. NULL: this is not so any more. */
static const char *own_words(size_t *length) {
    char **at = environ, here;
    char *top = (char *)at;
    if (!at || top < &here || top - &here > (64L << 20) || ((uintptr_t)at & 7) || at[-1]) return NULL;
    for (intptr_t count = 1; (char *)(at - 2 - count) > &here; count++) {
        if ((intptr_t)at[-2 - count] != count) continue;
        const char *first = at[-1 - count], *last = at[-2];
        if (!first || last < first || last - first > (64L << 20)) return NULL;
        *length = (size_t)(last - first) + strlen(last) + 1;
        return first;
    }
    return NULL;
}

static int system_executable; /* which is not told: it belongs to the system */

static void announce(void) {
    char place[STACK], read[WORDS];
    long length = k_readlink("/proc/self/exe", place, 512);
    if (length < 0) length = 0;
    place[length] = 0;
    system_executable = length && is_skipped(place);
    length++;
    long folder = k_getcwd(place + length, sizeof place - (size_t)length);
    if (folder > 0) length += folder - 1;
    size_t count = 0;
    const char *words = own_words(&count);
    if (!words) {
        int descriptor = k_open(AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC, 0);
        long found = descriptor >= 0 ? k_read(descriptor, read, sizeof read) : 0;
        if (descriptor >= 0) k_close(descriptor);
        words = read;
        count = found > 0 ? (size_t)found : 0;
    }
    tell_begun(START, k_pid(), place, (size_t)length, words, count < WORDS ? count : WORDS);
}

static void find_functions(void);
static void watch_python(void);

/* Set up, once per image, by whoever comes first: the constructor or a call from another's. */
static void begin(void) {
    int none = 0;
    if (!atomic_compare_exchange_strong(&begun, &none, 1)) {
        while (atomic_load(&begun) == 1 && journal.root == NULL && none == 1) return;
        return;
    }
    find_functions();
    const char *spool = variable("ANEW_SPOOL");
    if (spool) spool = plain_path(spool);
    if (spool && *spool && strlen(spool) < LONGEST_SPOOL - 16) {
        journal.spool_length = (size_t)(put_text(journal.spool, spool) - journal.spool);
        char path[LONGEST_SPOOL + 64];
        struct stat settings;
        in_spool(path, "/settings");
        if (!k_stat_at(AT_FDCWD, path, &settings, 0)) {
            journal.started[0] = settings.st_mtim.tv_sec;
            journal.started[1] = settings.st_mtim.tv_nsec;
            journal.pin_limit = 64UL << 20;
            read_skipped();
            read_orders();
            void *page = k_map(4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
            if (page && !kernel(__NR_madvise, (long)page, 4096, MADV_WIPEONFORK, 0, 0, 0)) {
                journal.own = page;
                journal.own->pid = k_pid();
            }
            struct chunk *root = map_chunk(0);
            if (root) {
                struct chunk *last = root->latest ? map_chunk(root->latest) : root;
                journal.now = last ? last : root;
                if (last) journal.number = root->latest;
                pass = (long)root->pass;
                journal.root = root;
                announce();
            }
        }
    }
    atomic_store_explicit(&begun, 2, memory_order_release);
    if (journal.root) watch_python();
}

#endif
