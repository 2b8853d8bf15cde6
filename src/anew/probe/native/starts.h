/* Programs that are about to be started: told, and whether they will tell of themselves. */

#ifndef ANEW_STARTS_H
#define ANEW_STARTS_H

static __thread const struct work *starting; /* whose root programs are looked for in */

static int open_program(int folder, const char *path) {
    if (folder == AT_FDCWD && !starts_with(path, "/proc/self/fd/", 14))
        return open_inside(starting, path, O_RDONLY | O_NONBLOCK);
    return k_open(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
}
#define OPEN_PROGRAM(folder, path) open_program(folder, path)
#define WHO_STARTS (uid_t)starting->task->user

#include "elf.h"

/* The pointer at a place in a list of them, of a program of 32 or 64 bits; 0: the end. */
static uint64_t pointer_at(const struct work *w, uint64_t list, size_t number) {
    uint64_t found = 0;
    size_t size = w->asked->data.arch == NATIVE_ARCH ? 8 : 4;
    if (!list || read_memory(w, list + number * size, &found, size) != (long)size) return 0;
    return found;
}

/* Gather the words it is given, each ended by NUL. */
static size_t words_of(struct work *w, uint64_t list) {
    size_t length = 0;
    for (size_t number = 0; number < 4096; number++) {
        uint64_t at = pointer_at(w, list, number);
        long more = at ? read_text(w, at, w->words + length, sizeof w->words - length) : -1;
        if (more < 0) break;
        length += (size_t)more + 1;
    }
    return length;
}

/* Whether it is given our library to load first. `*reported`: whether it is given our spool. */
static int gets_library(const struct work *w, uint64_t list, int *reported) {
    char text[LONGEST_PRELOAD + 16];
    size_t own = strlen(processes.library);
    int found = 0;
    *reported = 0;
    for (size_t number = 0; number < 65536 && !(found && *reported); number++) {
        uint64_t at = pointer_at(w, list, number);
        if (!at) break;
        long length = read_memory(w, at, text, 16);
        if (length <= 0 && (length = read_text(w, at, text, 17)) < 0) continue;
        if (starts_with(text, "ANEW_SPOOL=", 11)) *reported = 1;
        else if (starts_with(text, "LD_PRELOAD=", 11) && own)
            found = read_text(w, at, text, sizeof text) > 0 && strstr(text, processes.library);
    }
    return found;
}

static int parent_of(const struct task *task) {
    char text[4096];
    if (read_file_at(task->folder, "status", text, sizeof text) <= 0) return 0;
    int parent = number_after(text, "\nPPid:", 0);
    return parent > 0 && task->inner == task->process ? parent : 0;
}

static void tell_start(struct work *w, const char *path, size_t words) {
    char place[2 * PATH_MAX];
    size_t length = strnlen(path, PATH_MAX - 1);
    memcpy(place, path, length);
    place[length++] = 0;
    long folder = read_link_at(w->task->folder, "cwd", place + length, PATH_MAX);
    if (folder > 0) length += (size_t)folder;
    tell_begun_by(START, w->task, parent_of(w->task), place, length, w->words, words);
}

static void tell_used(const struct place_named *place, const struct stat *state) {
    if (!told_is_skipped(&place->told)) tell_state('r', place, state);
}

/* A program that the kernel starts for a script is used as much as the script. */
static void tell_interpreter(struct work *w, int script) {
    char path[40], head[256];
    struct stat state;
    int descriptor = k_open(AT_FDCWD, own_path(path, script), O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (descriptor < 0) return;
    long size = k_read(descriptor, head, sizeof head - 1);
    k_close(descriptor);
    if (size < 3 || head[0] != '#' || head[1] != '!') return;
    head[size] = 0;
    char *at = head + 2 + strspn(head + 2, " \t");
    at[strcspn(at, " \t\n")] = 0;
    if (*at != '/' || strlen(at) >= sizeof w->two.given) return;
    put_text(w->two.given, at);
    if (!name_place(w, &w->two, AT_FDCWD)) return;
    int found = open_inside(w, w->two.inside, O_PATH);
    if (found < 0) return;
    if (!k_fstat(found, &state) && is_file(&state)) tell_used(&w->two, &state);
    k_close(found);
}

static int takes_rights(const struct work *w, int program, const struct stat *state) {
    char path[40], value[64];
    if (state->st_mode & S_ISUID && state->st_uid != w->task->user) return 1;
    if ((state->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) return 1;
    return kernel(__NR_getxattr, (long)own_path(path, program), (long)"security.capability",
                  (long)value, sizeof value, 0, 0) > 0;
}

static void tell_program(struct work *w, int program, const struct stat *state, uint64_t words_at,
                         int marked) {
    char path[40];
    int reported;
    starting = w;
    enum follow found = look_into(AT_FDCWD, own_path(path, program), 0);
    tell_used(&w->one, state);
    tell_interpreter(w, program);
    size_t words = words_of(w, words_at);
    if (!marked)
        tell(EXEC, 'e', self(), w->one.whole, w->one.told.name_length, w->words, words, found, 0);
    if (processes.bound && takes_rights(w, program, state))
        tell(GAP, 0, self(), "rights", 6, w->one.whole, w->one.told.name_length, 0, 0);
    uint64_t variables = w->asked->data.args[words_at == w->asked->data.args[1] ? 2 : 3];
    int tells = gets_library(w, variables, &reported) && found == FOLLOWED;
    set_known(w->task, tells);
    if (tells) return;
    tell_start(w, w->one.whole, words);
    const char *name = strrchr(w->one.whole, '/');
    if (name && !reported && starts_with(name, "/python", 7))
        tell(GAP, 0, self(), "inside", 6, w->one.whole, w->one.told.name_length, 0, 0);
}

static void act_start(struct work *w, int folder, int flags, uint64_t words_at, int marked) {
    struct stat state;
    char name[24];
    int found;
    if (!name_place(w, &w->one, folder)) return;
    if (!*w->one.given) {
        put_number(put_text(name, "fd/"), (uint64_t)(unsigned)folder);
        found = k_open(w->task->folder, name, O_PATH | O_CLOEXEC, 0);
    } else {
        found = open_inside(w, w->one.inside, O_PATH | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0));
    }
    if (found < 0) return;
    if (!k_fstat(found, &state) && is_file(&state) && state.st_mode & 0111 && may(w, found, X_OK))
        tell_program(w, found, &state, words_at, marked);
    k_close(found);
}

#endif
