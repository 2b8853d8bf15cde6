/* This process: where its run keeps its spool, which paths are not told, who it is. */

#ifndef ANEW_SELF_H
#define ANEW_SELF_H

#define MOST_SKIPPED 64
#define SKIPPED_BYTES 8192

extern char **environ;

static struct {
    char bytes[SKIPPED_BYTES];
    size_t used;
    const char *at[MOST_SKIPPED];
    size_t length[MOST_SKIPPED];
    _Atomic int count, inside; /* of all, and of those that lie in the project */
    const char *project;
    size_t project_length;
} skipped;

/* Devices that give nothing which decides a result. */
static const char *const PLAIN_DEVICES[] = {"null", "zero", "full", "tty",  "ptmx",    "fd/",
                                            "pts/", "std",  "shm/", "mqueue/", NULL};

/* What is always left out: it is the system's, or no file. */
#define FOLDER(path) {path, sizeof path - 1}
static const struct {
    const char *path;
    size_t length;
} SYSTEM[] = {FOLDER("/proc/"), FOLDER("/sys/"),  FOLDER("/dev/"), FOLDER("/usr/"),
              FOLDER("/lib/"),  FOLDER("/lib64/"), FOLDER("/lib32/"), FOLDER("/bin/"), FOLDER("/sbin/"),
              FOLDER("/etc/"),  FOLDER("/run/"),  FOLDER("/var/lib/")};
#define SYSTEMS ((int)(sizeof SYSTEM / sizeof *SYSTEM))

/* Tell that a program or a fork begins: of whom, and which pipes are its three streams. */
OFTEN static void tell_begun(enum kind kind, int pid, const char *first, size_t first_length,
                       const char *second, size_t second_length) {
    struct record *record = reserve(kind, 0, pid, first_length, second_length);
    if (!record) return;
    record->stamp[0] = k_parent();
    for (int stream = 0; stream < 3; stream++) {
        struct stat state;
        int piped = !k_fstat(stream, &state) && S_ISFIFO(state.st_mode);
        record->stamp[1 + stream] = piped ? (int64_t)state.st_ino : 0;
    }
    put_bytes(put_bytes(record->text, first, first_length), second, second_length);
    publish(record);
}

/* The id of this process. A fork wipes the page that it is kept in: then the child is announced. */
OFTEN static int self(void) {
    int pid = present_pid();
#ifdef ANEW_FOLLOWER
    return pid;
#endif
    if (pid || journal.quiet) return pid;
    pid = k_pid();
    if (journal.own) atomic_store(&journal.own->pid, pid);
    tell_begun(FORKED, pid, "", 0, "", 0);
    return pid;
}

static inline int starts_with(const char *text, const char *with, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (text[i] != with[i]) return 0; /* ends at the end of `text`, too */
    return 1;
}

/* A path without the slashes in front that are too many; ours have them, see `inject.padded`. */
static inline const char *plain_path(const char *path) {
    while (path[0] == '/' && path[1] == '/') path++;
    return path;
}

/* Whether a path is a folder, named with its slash, or lies in it. */
static inline int lies_in(const char *path, const char *folder, size_t length) {
    return starts_with(path, folder, length - 1) &&
           (path[length - 1] == folder[length - 1] || !path[length - 1]);
}

static void skip(const char *prefix, size_t length) {
    int number = skipped.count;
    if (!length || number >= MOST_SKIPPED || skipped.used + length + 1 > SKIPPED_BYTES) return;
    char *at = skipped.bytes + skipped.used;
    memcpy(at, prefix, length);
    at[length] = 0;
    skipped.used += length + 1;
    skipped.at[number] = at;
    skipped.length[number] = length;
    if (skipped.project_length && lies_in(at, skipped.project, skipped.project_length))
        atomic_store(&skipped.inside, skipped.inside + 1);
    atomic_store_explicit(&skipped.count, number + 1, memory_order_release);
}

/* Whether reading this absolute path tells nothing: it belongs to the system or an environment. */
OFTEN static int is_skipped(const char *path) {
    path = plain_path(path);
    if (skipped.project_length && lies_in(path, skipped.project, skipped.project_length)) {
        int count = atomic_load_explicit(&skipped.count, memory_order_acquire);
        for (int i = 0; i < count; i++)
            if (skipped.length[i] > skipped.project_length &&
                lies_in(path, skipped.at[i], skipped.length[i]))
                return 1;
        return 0;
    }
    for (int i = 0; i < SYSTEMS; i++)
        if (starts_with(path, SYSTEM[i].path, SYSTEM[i].length))
            return !starts_with(path, "/dev/shm/", 9);
    int count = atomic_load_explicit(&skipped.count, memory_order_acquire);
    for (int i = 0; i < count; i++)
        if (lies_in(path, skipped.at[i], skipped.length[i])) return 1;
    return strstr(path, "/site-packages/") || strstr(path, "/dist-packages/");
}

static int is_device(const char *path) {
    if (!starts_with(path, "/dev/", 5)) return 0;
    for (int i = 0; PLAIN_DEVICES[i]; i++)
        if (starts_with(path + 5, PLAIN_DEVICES[i], strlen(PLAIN_DEVICES[i]))) return 0;
    return 1;
}

/* Whether writing there is ours or the kernel's, and so of no interest. */
static int is_own(const char *path) {
    path = plain_path(path);
    if (starts_with(path, "/dev/shm/", 9)) return 0;
    if (starts_with(path, "/proc/", 6) || starts_with(path, "/sys/", 5) ||
        starts_with(path, "/dev/", 5))
        return 1;
    return journal.spool_length && starts_with(path, journal.spool, journal.spool_length) &&
           (path[journal.spool_length] == '/' || !path[journal.spool_length]);
}

/* Whether a file system that is mounted there can hold files of the run's. */
static int matters_mounted(const char *path) {
    static const char *const kernels[] = {"/proc", "/sys", "/dev"};
    for (int i = 0; i < 3; i++)
        if (!strcmp(path, kernels[i])) return 0;
    return !is_own(path);
}

/* Read SPOOL/native/skip: the project, then folders whose reading is not told, each ended by NUL. */
static void read_skipped(void) {
    char path[LONGEST_SPOOL + 64];
    in_spool(path, "/native/skip");
    int descriptor = k_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (descriptor < 0) return;
    static char text[SKIPPED_BYTES / 2];
    long size = k_read(descriptor, text, sizeof text - 1);
    k_close(descriptor);
    if (size <= 0) return;
    text[size] = 0;
    skipped.project = text;
    skipped.project_length = strlen(text);
    for (char *at = text + skipped.project_length + 1; at < text + size; at += strlen(at) + 1)
        skip(at, strlen(at));
}

static const char *variable(const char *name) {
    size_t length = strlen(name);
    for (char **each = environ; each && *each; each++)
        if (starts_with(*each, name, length) && (*each)[length] == '=') return *each + length + 1;
    return NULL;
}

#endif
