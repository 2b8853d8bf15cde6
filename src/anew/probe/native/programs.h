/* The programs it starts: told, looked into, and given our variables whatever their environment. */

#ifndef ANEW_PROGRAMS_H
#define ANEW_PROGRAMS_H

static const char *const VARIABLES[] = {"ANEW_SPOOL", "ANEW_ROLE"};
#define OUR_VARIABLES 2
#define PRELOAD "LD_PRELOAD"
#define LONGEST_PRELOAD 4097

static char own_library[LONGEST_PRELOAD]; /* as it stood in LD_PRELOAD when we were loaded */
static char given[OUR_VARIABLES][LONGEST_SPOOL + 64]; /* `NAME=value`, as we were given them */

static void remember_variables(void) {
    for (int i = 0; i < OUR_VARIABLES; i++) {
        const char *value = variable(VARIABLES[i]);
        if (value && strlen(value) < LONGEST_SPOOL)
            put_text(put_text(put_text(given[i], VARIABLES[i]), "="), value);
    }
}

static const char *in_environment(char *const *from, const char *name) {
    size_t length = strlen(name);
    for (char *const *each = from; each && *each; each++)
        if (starts_with(*each, name, length) && (*each)[length] == '=') return *each;
    return NULL;
}

static size_t count_of(char *const *list) {
    size_t count = 0;
    while (list && list[count]) count++;
    return count;
}

/* Find `name` as execvp does; return it, or `into` with the path. */
static const char *found_in_path(const char *name, char *into, size_t size) {
    for (const char *at = name; *at; at++)
        if (*at == '/') return name;
    const char *path = variable("PATH");
    if (!path) path = "/bin:/usr/bin";
    size_t length = strlen(name);
    while (1) {
        size_t part = 0;
        while (path[part] && path[part] != ':') part++;
        if (part + length + 2 < size) {
            memcpy(into, path, part);
            if (part) into[part++] = '/';
            memcpy(into + part, name, length + 1);
            if (part) part--;
            struct stat state;
            if (!k_access(AT_FDCWD, into, X_OK) && !k_stat_at(AT_FDCWD, into, &state, 0) &&
                S_ISREG(state.st_mode))
                return into;
        }
        path += part;
        if (!*path++) return name;
    }
}

/* ---- the environment it gets ---- */

/* The library in front of what a program preloads itself; less than the whole where it is there. */
static char *preloads(const char *theirs, char *into) {
    char *at = put_text(into, PRELOAD "=");
    at = put_text(at, own_library);
    if (!theirs) return into;
    const char *rest = theirs + strlen(PRELOAD) + 1;
    size_t own = strlen(own_library);
    if (starts_with(rest, own_library, own)) rest += own;
    while (*rest == ' ' || *rest == ':') rest++;
    if (*rest) put_text(*own_library ? put_text(at, ":") : at, rest);
    return into;
}

/* Room for an environment with ours in it, and for what it is to preload, made by `alloca`: there may
 * be no malloc after vfork. */
#define ROOM(list) (sizeof(char *) * (count_of(list) + OUR_VARIABLES + 2))
#define PRELOAD_ROOM(list) (preload_length(list) + strlen(own_library) + sizeof PRELOAD + 3)

static size_t preload_length(char *const *list) {
    const char *theirs = in_environment(list, PRELOAD);
    return theirs ? strlen(theirs) : 0;
}

static char **with_ours(char *const *theirs, char **into, char *preload, int follow) {
    size_t used = 0;
    for (char *const *each = theirs; each && *each; each++) {
        int ours = starts_with(*each, PRELOAD "=", strlen(PRELOAD) + 1);
        for (int i = 0; i < OUR_VARIABLES; i++)
            ours |= starts_with(*each, VARIABLES[i], strlen(VARIABLES[i])) &&
                    (*each)[strlen(VARIABLES[i])] == '=';
        if (!ours) into[used++] = *each;
    }
    for (int i = 0; i < OUR_VARIABLES; i++) {
        const char *value = in_environment(environ, VARIABLES[i]);
        if (!value) value = in_environment(theirs, VARIABLES[i]);
        if (!value && *given[i]) value = given[i]; /* the program has emptied its environment */
        if (value) into[used++] = (char *)value;
    }
    if (follow) into[used++] = preloads(in_environment(theirs, PRELOAD), preload);
    else {
        const char *value = in_environment(theirs, PRELOAD);
        const char *rest = value ? value + strlen(PRELOAD) + 1 : "";
        size_t own = strlen(own_library);
        if (starts_with(rest, own_library, own)) rest += own;
        while (*rest == ' ' || *rest == ':') rest++;
        if (*rest) into[used++] = put_text(put_text(preload, PRELOAD "="), rest) ? preload : NULL;
    }
    into[used] = NULL;
    return into;
}

/* Tell that a program is about to be started; return what became of looking into it. */
static enum follow tell_program(int how, int folder, const char *path, char *const *words) {
    char text[2048];
    size_t length = 0;
    int pid = journal.quiet ? present_pid() : k_pid();
    for (char *const *each = words; each && *each; each++) {
        size_t more = strlen(*each) + 1;
        if (length + more > sizeof text) break;
        memcpy(text + length, *each, more);
        length += more;
    }
    enum follow found = journal.quiet ? FOLLOWED : look_into(folder, path, 0);
    if (found == IS_ABSENT) return found;
    TOLD(told);
    resolve(&told, folder, path);
    struct stat state;
    if (!journal.quiet && *path && told.known && !told_is_skipped(&told) &&
        !k_stat_at(folder, path, &state, 0) && !is_made_here(&state) &&
        is_new(hash_of(&told, hash_of_read(&state))))
        tell_path(OPENED, 'r', &told, &state, "", 0);
    size_t named = told_length(&told);
    struct record *record = reserve(EXEC, how, pid, named, length);
    if (record) {
        record->stamp[0] = found;
        put_told(record->text, &told);
        memcpy(record->text + named, text, length);
        publish(record);
    }
    return found;
}

/* Whether it gets our library. One that is static has no use for it; what it starts may. */
static inline int is_followed(enum follow found) {
    return found == FOLLOWED || found >= IS_UNKNOWN || (pass && found == IS_STATIC);
}

static void tell_failed(const char *path, enum follow found) {
    int saved = errno;
    if (found == IS_ABSENT) return; /* it was not told either */
    tell(EXEC_FAILED, 0, journal.quiet ? present_pid() : k_pid(), path, strlen(path), "", 0, saved, 0);
    errno = saved;
}

enum { BY_EXEC = 'e', BY_SPAWN = 's', BY_SHELL = 'c' };

static int start_program(int folder, const char *path, char *const *words, char *const *wanted,
                         int flags) {
    char **changed = __builtin_alloca(ROOM(wanted));
    char *preload = __builtin_alloca(PRELOAD_ROOM(wanted));
    enum follow found = tell_program(BY_EXEC, folder, path, words);
    with_ours(wanted, changed, preload, is_followed(found));
    int done;
    if (folder == AT_FDCWD && !flags)
        done = MARKED(__NR_execve, path, words, changed, 0, 0,
                      REAL(execve, int (*)(const char *, char *const *, char *const *))(path, words,
                                                                                        changed));
    else
        done = set_error(kernel(__NR_execveat, folder, (long)path, (long)words, (long)changed, flags,
                                pass));
    tell_failed(path, found);
    return done;
}

OURS int execve(const char *path, char *const words[], char *const wanted[]) {
    if (!path || !is_recording())
        return REAL(execve, int (*)(const char *, char *const *, char *const *))(path, words, wanted);
    return start_program(AT_FDCWD, path, words, wanted, 0);
}
OURS int execv(const char *path, char *const words[]) { return execve(path, words, environ); }

OURS int execvpe(const char *name, char *const words[], char *const wanted[]) {
    typedef int (*call)(const char *, char *const *, char *const *);
    if (!name || !is_recording()) return REAL(execvpe, call)(name, words, wanted);
    char path[STACK], *preload = __builtin_alloca(PRELOAD_ROOM(wanted));
    char **changed = __builtin_alloca(ROOM(wanted));
    const char *place = found_in_path(name, path, sizeof path);
    enum follow found = tell_program(BY_EXEC, AT_FDCWD, place, words);
    with_ours(wanted, changed, preload, is_followed(found));
    int done = REAL(execvpe, call)(name, words, changed);
    tell_failed(place, found);
    return done;
}
OURS int execvp(const char *name, char *const words[]) { return execvpe(name, words, environ); }

#define GATHER(words, first)                                                                      \
    va_list rest, again;                                                                          \
    size_t count = 1;                                                                             \
    va_start(rest, first);                                                                        \
    va_copy(again, rest);                                                                         \
    while (first && va_arg(again, char *)) count++;                                               \
    va_end(again);                                                                                \
    char **words = __builtin_alloca(sizeof(char *) * (count + 1));                                \
    words[0] = (char *)first;                                                                     \
    for (size_t i = 1; i <= count && first; i++) words[i] = va_arg(rest, char *)

OURS int execl(const char *path, const char *first, ...) {
    GATHER(words, first);
    va_end(rest);
    return execve(path, words, environ);
}
OURS int execlp(const char *name, const char *first, ...) {
    GATHER(words, first);
    va_end(rest);
    return execvpe(name, words, environ);
}
OURS int execle(const char *path, const char *first, ...) {
    GATHER(words, first);
    char *const *wanted = va_arg(rest, char *const *);
    va_end(rest);
    return execve(path, words, wanted);
}
OURS int fexecve(int descriptor, char *const words[], char *const wanted[]) {
    if (!is_recording())
        return REAL(fexecve, int (*)(int, char *const *, char *const *))(descriptor, words, wanted);
    return start_program(descriptor, "", words, wanted, AT_EMPTY_PATH);
}
#ifdef __GLIBC__
OURS int execveat(int folder, const char *path, char *const words[], char *const wanted[], int flags) {
    if (!path || !is_recording())
        return set_error(kernel(__NR_execveat, folder, (long)path, (long)words, (long)wanted, flags, 0));
    return start_program(folder, path, words, wanted, flags);
}
#endif

typedef int (*spawn_call)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                          const posix_spawnattr_t *, char *const *, char *const *);

static int spawned(spawn_call act, pid_t *pid, const char *name, const char *path,
                   const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                   char *const *words, char *const *wanted) {
    char **changed = __builtin_alloca(ROOM(wanted));
    char *preload = __builtin_alloca(PRELOAD_ROOM(wanted));
    pid_t child = 0;
    enum follow found = tell_program(BY_SPAWN, AT_FDCWD, path, words);
    int failed = act(&child, name, actions, attributes, words,
                     with_ours(wanted, changed, preload, is_followed(found)));
    int saved = errno;
    if (failed) {
        errno = failed;
        tell_failed(path, found);
    } else {
        if (pid) *pid = child;
        tell(SPAWNED, 0, self(), path, strlen(path), "", 0, child, 0);
    }
    errno = saved;
    return failed;
}

OURS int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                     const posix_spawnattr_t *attributes, char *const words[], char *const wanted[]) {
    if (!path || !is_recording())
        return REAL(posix_spawn, spawn_call)(pid, path, actions, attributes, words, wanted);
    return spawned(REAL(posix_spawn, spawn_call), pid, path, path, actions, attributes, words, wanted);
}
OURS int posix_spawnp(pid_t *pid, const char *name, const posix_spawn_file_actions_t *actions,
                      const posix_spawnattr_t *attributes, char *const words[],
                      char *const wanted[]) {
    char path[STACK];
    if (!name || !is_recording())
        return REAL(posix_spawnp, spawn_call)(pid, name, actions, attributes, words, wanted);
    return spawned(REAL(posix_spawnp, spawn_call), pid, name,
                   found_in_path(name, path, sizeof path), actions, attributes, words, wanted);
}

/* The child opens it inside libc: told now, as if it were done here. */
OURS int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *actions, int descriptor,
                                          const char *path, int flags, mode_t mode) {
    OPENING(opening, path);
    before_open(&opening, AT_FDCWD, path, flags);
    if (opening.letter == 'r') {
        int read = k_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
        if (read >= 0) after_open(&opening, read), k_close(read);
    } else if (opening.letter) {
        TOLD(told);
        resolve(&told, AT_FDCWD, path);
        int has = opening.letter != 'c' && opening.letter != 'U';
        tell_path(OPENED, opening.letter, &told, has ? &opening.was : NULL, "", 0);
    }
    return REAL(posix_spawn_file_actions_addopen,
                int (*)(posix_spawn_file_actions_t *, int, const char *, int, mode_t))(
        actions, descriptor, path, flags, mode);
}

/* libc starts the shell by a call of its own: the shell finds our variables in `environ`. */
static void tell_command(const char *command) {
    if (!command || !is_recording()) return;
    int saved = errno;
    char *const words[] = {"sh", "-c", (char *)command, NULL};
    tell_program(BY_SHELL, AT_FDCWD, "/bin/sh", words);
    errno = saved;
}
OURS int system(const char *command) {
    tell_command(command);
    return REAL(system, int (*)(const char *))(command);
}
OURS FILE *popen(const char *command, const char *mode) {
    tell_command(command);
    return REAL(popen, FILE *(*)(const char *, const char *))(command, mode);
}

/* ---- processes ---- */

/* Nobody is told here of a fork: the child tells of itself as soon as there is more to tell. */
OFTEN OURS pid_t fork(void) {
    if (is_recording()) catch_up();
    pid_t child = REAL(fork, pid_t(*)(void))();
    if (!child && journal.own) journal.own->told = 0; /* written to before it is read: one fault */
    return child;
}

static void tell_libraries(void);
OFTEN static void tell_end(int status, void *at_exit) {
    if (!journal.root) return;
    if (at_exit && !journal.quiet) tell_libraries();
    tell(ENDED, 0, journal.quiet ? present_pid() : k_pid(), "", 0, "", 0, status, 0);
}
OFTEN OURS void _exit(int status) {
    if (is_recording()) tell_end(status, NULL);
    for (;;) kernel(__NR_exit_group, status, 0, 0, 0, 0, 0);
}
OURS void _Exit(int status) { _exit(status); }

static int reaped(int child, int status) {
    if (child > 0 && is_recording() && (WIFEXITED(status) || WIFSIGNALED(status))) {
        int saved = errno;
        tell(REAPED, 0, self(), "", 0, "", 0, child, status);
        if (journal.own) journal.own->here = 0; /* one that was not followed may have renamed a folder */
        errno = saved;
    }
    return child;
}
OURS pid_t waitpid(pid_t which, int *status, int options) {
    int found = 0;
    is_recording();
    pid_t child = REAL(waitpid, pid_t(*)(pid_t, int *, int))(which, &found, options);
    if (status && child > 0) *status = found;
    return reaped(child, found);
}
OURS pid_t wait4(pid_t which, int *status, int options, struct rusage *usage) {
    int found = 0;
    is_recording();
    pid_t child = REAL(wait4, pid_t(*)(pid_t, int *, int, struct rusage *))(which, &found, options, usage);
    if (status && child > 0) *status = found;
    return reaped(child, found);
}

#endif
