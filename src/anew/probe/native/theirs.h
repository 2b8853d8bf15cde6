/* What belongs to the process whose call is looked at: its memory, its root, its folders, its name.
 *
 * All of it is asked of the kernel by way of a descriptor of /proc/TID: if that number goes to
 * another, what is asked fails. */

#ifndef ANEW_THEIRS_H
#define ANEW_THEIRS_H

#define LONGEST (3 * PATH_MAX)
#define TASKS 32    /* threads that one of ours remembers */
#define KNOWN 4096  /* processes that all of ours remember */

static int remembered = TASKS;    /* fewer where few descriptors may be open */
static __thread int ran_short; /* of descriptors, in the present call */

struct task { /* a thread */
    int tid;  /* in our numbers; 0: none */
    int folder;
    int process, inner; /* its process, in our numbers and in its own */
    uint64_t started;   /* of the process, since boot: with its number it names it */
    uint32_t user;
    uint64_t unanswered; /* a call of it that was told, and then interrupted */
};

struct place_named { /* a path as a call gave it, and what it means */
    struct told told;
    char given[PATH_MAX];
    char whole[LONGEST]; /* absolute, as it is told */
    const char *inside;  /* the same, from the root of the process */
    int root;
};

struct work {
    struct seccomp_notif *asked;
    struct task tasks[TASKS], *task;
    char root[PATH_MAX]; /* of the process: empty where it is that of its mounts */
    struct place_named one, two;
    char words[2048];
};

/* What is known of processes: whether our library is in them, so that they tell of themselves. */
static struct {
    pthread_mutex_t lock;
    struct known {
        int process, inner;
        uint64_t started;
        char tells;
    } each[KNOWN];
    char library[LONGEST_PRELOAD];
    int met;   /* the first of them, which is the program itself */
    int bound; /* nobody can take on another's rights any more */
} processes = {.lock = PTHREAD_MUTEX_INITIALIZER};

static long read_memory(const struct work *w, uint64_t at, void *into, size_t size) {
    struct iovec ours = {into, size}, theirs = {(void *)at, size};
    return kernel(__NR_process_vm_readv, w->task->tid, (long)&ours, 1, (long)&theirs, 1, 0);
}

/* Read a text that ends with NUL, page by page: the next page may not be there. */
static long read_text(const struct work *w, uint64_t at, char *into, size_t size) {
    size_t length = 0;
    while (length < size) {
        size_t more = 4096 - (size_t)((at + length) & 4095);
        if (more > size - length) more = size - length;
        if (!length && more > 256) more = 256;
        long found = read_memory(w, at + length, into + length, more);
        if (found <= 0) return found ? found : -EFAULT;
        const char *end = memchr(into + length, 0, (size_t)found);
        if (end) return end - into;
        length += (size_t)found;
    }
    return -ENAMETOOLONG;
}

static long read_link_at(int folder, const char *name, char *into, size_t size) {
    long length = kernel(__NR_readlinkat, folder, (long)name, (long)into, (long)size - 1, 0, 0);
    if (length >= 0) into[length] = 0;
    return length;
}

static long read_file_at(int folder, const char *name, char *into, size_t size) {
    int descriptor = k_open(folder, name, O_RDONLY | O_CLOEXEC, 0);
    if (descriptor < 0) return descriptor;
    long length = k_read(descriptor, into, size - 1);
    k_close(descriptor);
    into[length > 0 ? length : 0] = 0;
    return length;
}

/* The number at a line's end, or at its first field, of /proc/TID/status. */
static int number_after(const char *text, const char *name, int last) {
    const char *at = strstr(text, name);
    if (!at) return -1;
    at += strlen(name);
    int found = -1;
    while (*at && *at != '\n') {
        while (*at == ' ' || *at == '\t') at++;
        if (*at < '0' || *at > '9') break;
        for (found = 0; *at >= '0' && *at <= '9'; at++) found = found * 10 + (*at - '0');
        if (!last) break;
    }
    return found;
}

static uint64_t start_of(int process) {
    char path[48], text[1024];
    put_text(put_number(put_text(path, "/proc/"), (uint64_t)process), "/stat");
    if (read_file_at(AT_FDCWD, path, text, sizeof text) <= 0) return 0;
    const char *at = strrchr(text, ')'); /* the name before it may hold anything */
    for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

/* Whether our library is mapped into the process. */
static int has_library(const struct task *task) {
    static const char name[] = "libanew";
    char block[4096 + sizeof name];
    size_t kept = 0;
    int found = 0, descriptor = k_open(task->folder, "maps", O_RDONLY | O_CLOEXEC, 0);
    if (descriptor < 0) return 0;
    for (long count; !found && (count = k_read(descriptor, block + kept, 4096)) > 0;) {
        size_t length = kept + (size_t)count;
        found = memmem(block, length, name, sizeof name - 1) != NULL;
        kept = length < sizeof name ? length : sizeof name - 1;
        memmove(block, block + length - kept, kept);
    }
    k_close(descriptor);
    return found;
}

static struct known *known_of(const struct task *task) { /* under the lock */
    struct known *known = processes.each + task->process % KNOWN;
    return known->process == task->process && known->started == task->started ? known : NULL;
}

static void set_known(const struct task *task, int tells) {
    pthread_mutex_lock(&processes.lock);
    processes.each[task->process % KNOWN] =
        (struct known){task->process, task->inner, task->started, (char)tells};
    pthread_mutex_unlock(&processes.lock);
}

/* Tell that a program or a fork begins: of whom, and which pipes are its three streams. */
static void tell_begun_by(enum kind kind, const struct task *task, int parent, const char *first,
                          size_t first_length, const char *second, size_t second_length) {
    struct record *record = reserve(kind, 0, task->inner, first_length, second_length);
    if (!record) return;
    record->stamp[0] = parent;
    for (int stream = 0; stream < 3; stream++) {
        char name[] = {'f', 'd', '/', (char)('0' + stream), 0};
        struct stat state;
        int piped = !k_stat_at(task->folder, name, &state, 0) && S_ISFIFO(state.st_mode);
        record->stamp[1 + stream] = piped ? (int64_t)state.st_ino : 0;
    }
    memcpy(record->text, first, first_length);
    memcpy(record->text + first_length, second, second_length);
    publish(record);
}

/* Whether the process tells of itself. One that is new is a fork of what its parent is. */
static int tells_itself(const struct task *task, int parent) {
    pthread_mutex_lock(&processes.lock);
    const struct known *known = known_of(task), *above = NULL;
    int tells = known ? known->tells : processes.met ? -1 : 0, inner = 0;
    int is_first = !processes.met;
    processes.met = 1;
    if (!known && parent > 0) above = processes.each + parent % KNOWN;
    if (above && above->process == parent) tells = above->tells, inner = above->inner;
    pthread_mutex_unlock(&processes.lock);
    if (known) return tells;
    if (tells < 0) tells = has_library(task);
    set_known(task, tells);
    if (!tells && parent > 0 && !is_first) {
        if (!inner && task->inner == task->process) inner = parent;
        tell_begun_by(FORKED, task, inner, "", 0, "", 0);
    }
    return tells;
}

/* Get to know the thread that calls; 0 where it is gone, or may not be looked at. */
static int look_at_task(struct work *w) {
    int tid = (int)w->asked->pid;
    struct task *task = w->task = w->tasks + tid % remembered;
    long length = task->tid == tid ? read_link_at(task->folder, "root", w->root, sizeof w->root) : -1;
    if (length < 0) {
        char path[32], text[4096];
        if (task->tid) k_close(task->folder);
        memset(task, 0, sizeof *task);
        put_number(put_text(path, "/proc/"), (uint64_t)tid);
        task->folder = k_open(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        ran_short |= task->folder == -EMFILE || task->folder == -ENFILE;
        if (task->folder < 0) return 0;
        task->tid = tid;
        if (read_file_at(task->folder, "status", text, sizeof text) <= 0) return 0;
        task->process = number_after(text, "\nTgid:", 0);
        task->inner = number_after(text, "\nNStgid:", 1);
        task->user = (uint32_t)number_after(text, "\nUid:", 0);
        if (task->inner <= 0) task->inner = task->process;
        task->started = start_of(task->process);
        present = task->inner;
        tells_itself(task, number_after(text, "\nPPid:", 0));
        length = read_link_at(task->folder, "root", w->root, sizeof w->root);
    }
    present = task->inner;
    if (length == 1) w->root[0] = 0;
    return length >= 0;
}

/* ---- what a path means to it ---- */

/* The link of the kernel that a path goes through, as the name below /proc/TID: what a process has
 * open, its working directory, its root. `*rest` is what follows; NULL: there is no such link. */
static const char *link_in_proc(const struct work *w, const char *path, char *name, const char **rest) {
    const char *at = NULL;
    if (starts_with(path, "/dev/fd/", 8)) at = path + 5;
    else if (starts_with(path, "/proc/self/", 11)) at = path + 11;
    else if (starts_with(path, "/proc/thread-self/", 18)) at = path + 18;
    else if (starts_with(path, "/proc/", 6) && path[6] >= '0' && path[6] <= '9') {
        char *end;
        long process = strtol(path + 6, &end, 10);
        if (*end == '/' && process == w->task->inner) at = end + 1;
    }
    if (!at) return NULL;
    size_t length = 0;
    if (starts_with(at, "fd/", 3)) {
        length = 3 + strspn(at + 3, "0123456789");
        if (length == 3 || length > 16) return NULL;
    } else if (starts_with(at, "cwd", 3)) {
        length = 3;
    } else if (starts_with(at, "root", 4)) {
        length = 4;
    }
    if (!length || (at[length] && at[length] != '/')) return NULL;
    memcpy(name, at, length);
    name[length] = 0;
    *rest = at + length;
    return name;
}

static int join(char *into, const char *first, const char *second) {
    size_t length = strlen(first), more = strlen(second);
    if (length + more + 2 > LONGEST) return 0;
    if (length == 1 && second[0] == '/') length = 0; /* the root itself */
    memcpy(into, first, length);
    if (more && second[0] != '/' && (!length || into[length - 1] != '/')) into[length++] = '/';
    memcpy(into + length, second, more + 1);
    return 1;
}

/* Find out what the path given means, from that folder; 0: it cannot be known, or is of no matter. */
static int name_place(struct work *w, struct place_named *place, int folder) {
    char name[32], link[PATH_MAX];
    const char *rest = place->given, *by = NULL;
    place->told = (struct told){.name = place->given, .name_length = strlen(place->given)};
    if (place->given[0] == '/') by = link_in_proc(w, place->given, name, &rest);
    else if (folder == AT_FDCWD) by = "cwd";
    else put_number(put_text(name, "fd/"), (uint64_t)(unsigned)folder), by = name;
    while (!starts_with(place->given, "/", 1) && starts_with(rest, "./", 2)) rest += 2;
    if (by) {
        if (by == name && place->given[0] == '/' && name[0] == 'f' && !name[4] && name[3] < '3')
            return 0; /* the three streams are given, not opened */
        if (read_link_at(w->task->folder, by, link, sizeof link) <= 0 || link[0] != '/') return 0;
        if (!join(place->whole, link, rest)) return 0;
    } else if (!join(place->whole, w->root, place->given)) {
        return 0;
    }
    size_t length = strlen(w->root);
    place->inside = place->whole;
    if (length) {
        if (!starts_with(place->whole, w->root, length)) return 0;
        place->inside += length;
        if (*place->inside != '/') place->inside = "/";
    }
    place->told.name = place->whole;
    place->told.name_length = strlen(place->whole);
    place->told.known = 1;
    return 1;
}

/* Read the path from memory; 0: it is not there. An empty one is what the folder itself is. */
static int take_path(struct work *w, struct place_named *place, uint64_t at) {
    return read_text(w, at, place->given, sizeof place->given) >= 0;
}

/* Open what lies at a path inside the root of the process: its links lead where they lead for it. */
static int open_inside(const struct work *w, const char *path, int flags) {
    int root = k_open(w->task->folder, "root", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    ran_short |= root == -EMFILE || root == -ENFILE;
    if (root < 0) return root;
    struct opening_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT};
    long found = kernel(__NR_openat2, root, (long)path, (long)&how, sizeof how, 0, 0);
    k_close(root);
    ran_short |= found == -EMFILE || found == -ENFILE;
    return (int)found;
}

/* Open the folder that a place is in; `*name` is its name there. Not there, or no name: below 0. */
static int open_above(const struct work *w, struct place_named *place, char *name) {
    size_t length = strlen(place->inside);
    while (length > 1 && place->inside[length - 1] == '/') length--;
    size_t slash = length;
    while (slash && place->inside[slash - 1] != '/') slash--;
    size_t size = length - slash;
    if (!slash || !size || size > NAME_MAX) return -ENOENT;
    memcpy(name, place->inside + slash, size);
    name[size] = 0;
    if (!strcmp(name, ".") || !strcmp(name, "..")) return -EINVAL;
    char above[LONGEST];
    memcpy(above, place->inside, slash);
    above[slash] = 0;
    return open_inside(w, above, O_PATH | O_DIRECTORY);
}

static char *own_path(char *into, int descriptor) {
    put_number(put_text(into, "/proc/self/fd/"), (uint64_t)descriptor);
    return into;
}

/* Whether the process may: asked for ourselves, so only of one that runs as we do. */
static int may(const struct work *w, int descriptor, int mode) {
    char path[40];
    if (w->task->user != (uint32_t)kernel(__NR_geteuid, 0, 0, 0, 0, 0, 0)) return 1;
    return !k_access(AT_FDCWD, own_path(path, descriptor), mode);
}

#endif
