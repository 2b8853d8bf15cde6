/* What a call that is about to be made does to files: told before it is made, for nobody says
 * afterwards how it came out. What can be seen to fail is not told. */

#ifndef ANEW_ACTS_H
#define ANEW_ACTS_H

static int is_file(const struct stat *state) { return S_ISREG(state->st_mode); }

static int is_news(int detail, const struct place_named *place, const struct stat *state) {
    return is_new(hash_of(&place->told, state ? hash_of_state(state, (uint64_t)detail) : 'n'));
}

static void tell_state(int detail, const struct place_named *place, const struct stat *state) {
    if (is_news(detail, place, state)) tell_path(OPENED, detail, &place->told, state, "", 0);
}

static void act_read(struct work *w, struct place_named *place, int found, const struct stat *state) {
    if (told_is_skipped(&place->told)) return;
    if (found == -ENOENT || found == -ENOTDIR) tell_state('r', place, NULL);
    else if (found == -ELOOP || found == -EXDEV) tell_path(OPENED, '?', &place->told, NULL, "", 0);
    else if (found >= 0 && !S_ISDIR(state->st_mode) && !S_ISLNK(state->st_mode)) {
        int detail = is_file(state) ? 'r' : 'p';
        if (!is_news(detail, place, state) || !may(w, found, R_OK)) return;
        tell_path(OPENED, detail, &place->told, state, "", 0);
        if (detail == 'r' && state->st_size >= LARGE) note_large(&place->told, state);
    }
}

static void act_write(struct work *w, struct place_named *place, int found, const struct stat *state,
                      int flags) {
    char name[NAME_MAX + 1], path[40];
    if (told_is_own(&place->told)) return;
    if (found < 0) {
        if (found != -ENOENT) return;
        if (!(flags & O_CREAT)) {
            if (!told_is_skipped(&place->told)) tell_state('r', place, NULL);
            return;
        }
        int above = open_above(w, place, name);
        if (above < 0) return;
        if (may(w, above, W_OK)) tell_path(OPENED, 'c', &place->told, NULL, "", 0);
        k_close(above);
    } else if (!is_file(state)) {
        if (!S_ISDIR(state->st_mode) && !S_ISLNK(state->st_mode))
            tell_path(OPENED, 'x', &place->told, state, "", 0);
    } else if ((flags & O_CREAT && flags & O_EXCL) || !may(w, found, W_OK)) {
        return;
    } else if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_TRUNC)) {
        tell_state('r', place, state);
    } else {
        if (!is_since_start(state)) keep_told(&place->told, AT_FDCWD, own_path(path, found), state, 0);
        tell_state(flags & O_TRUNC ? 'w' : 'u', place, state);
    }
}

static void act_open(struct work *w, int folder, int flags) {
    struct place_named *place = &w->one;
    const char *given = place->given, *rest;
    struct stat state;
    int writes = flags & (O_WRONLY | O_RDWR | O_TRUNC | O_CREAT);
    if (flags & (O_PATH | O_DIRECTORY) || !*given) return;
    if (*given == '/' && !writes && is_skipped(given) && !link_in_proc(w, given, w->words, &rest)) {
        struct told told = {.name = given, .name_length = strlen(given), .known = 1};
        if (is_device(given) && is_new(hash_of(&told, 'p'))) tell_path(OPENED, 'p', &told, NULL, "", 0);
        return;
    }
    if (!name_place(w, place, folder)) return;
    int found = open_inside(w, place->inside, O_PATH | (flags & O_NOFOLLOW));
    if (found >= 0 && k_fstat(found, &state)) return (void)k_close(found);
    if (writes) act_write(w, place, found, &state, flags);
    else act_read(w, place, found, &state);
    if (found >= 0) k_close(found);
}

/* Find the path of what a handle stands for, by opening it as well; 0: that is not for us. */
static int name_handle(struct work *w, int mount, uint64_t at) {
    struct {
        uint32_t bytes;
        int type;
        char of[128];
    } handle;
    char name[24], path[40];
    if (read_memory(w, at, &handle, 8) != 8 || handle.bytes > sizeof handle.of) return 0;
    if (read_memory(w, at + 8, handle.of, handle.bytes) != (long)handle.bytes) return 0;
    put_number(put_text(name, "fd/"), (uint64_t)(unsigned)mount);
    int above = k_open(w->task->folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (above < 0) return 0;
    long found = kernel(__NR_open_by_handle_at, above, (long)&handle, O_PATH | O_CLOEXEC, 0, 0, 0);
    k_close(above);
    if (found < 0) return 0;
    long length = read_link_at(AT_FDCWD, own_path(path, (int)found), w->one.given, PATH_MAX);
    k_close((int)found);
    return length > 0 && w->one.given[0] == '/';
}

static void act_open_by_handle(struct work *w, int mount, uint64_t at, int flags) {
    char text[PATH_MAX];
    if (name_handle(w, mount, at)) act_open(w, AT_FDCWD, flags);
    else if (read_link_at(w->task->folder, "exe", text, sizeof text) > 0)
        tell(GAP, 0, self(), "handle", 6, text, strlen(text), 0, 0);
}

/* Where one name is, with what is there now: `there` where something is. */
struct entry_at {
    int above;
    char name[NAME_MAX + 1];
    struct stat state;
    int there;
};

static int find_entry(struct work *w, struct place_named *place, struct entry_at *entry) {
    entry->above = open_above(w, place, entry->name);
    if (entry->above < 0) return 0;
    entry->there = !k_stat_at(entry->above, entry->name, &entry->state, AT_SYMLINK_NOFOLLOW);
    return 1;
}

static int is_empty(int above, const char *name) {
    char one[NAME_MAX + 2];
    return names_in(above, name, one, sizeof one) == 0;
}

static uint64_t mount_of(int descriptor) {
    struct statx found;
    long failed = kernel(__NR_statx, descriptor, (long)"", AT_EMPTY_PATH, 0x1000 /* STATX_MNT_ID */,
                         (long)&found, 0);
    if (failed || !(found.stx_mask & 0x1000)) return 0;
    return *(const uint64_t *)((const char *)&found + 144); /* stx_mnt_id, in Linux 5.8 */
}

static int can_move(struct work *w, const struct entry_at *from, const struct entry_at *to, int flags) {
    if (!from->there || mount_of(from->above) != mount_of(to->above)) return 0;
    if (!may(w, from->above, W_OK) || !may(w, to->above, W_OK)) return 0;
    if (flags & 2) return to->there;
    if (!to->there) return 1;
    if (flags & 1 || (from->state.st_ino == to->state.st_ino && from->state.st_dev == to->state.st_dev))
        return 0;
    if (S_ISDIR(from->state.st_mode) != S_ISDIR(to->state.st_mode)) return 0;
    return !S_ISDIR(to->state.st_mode) || is_empty(to->above, to->name);
}

static void tell_move(const struct place_named *from, const struct entry_at *was,
                      const struct place_named *to, const struct entry_at *over) {
    tell_path(AWAY, 0, &from->told, &was->state, to->whole, to->told.name_length);
    tell_path(HERE, 0, &to->told, over->there ? &over->state : NULL, from->whole,
              from->told.name_length);
}

static void act_move(struct work *w, int folder, int folder2, int flags) {
    struct entry_at from, to;
    if (!name_place(w, &w->one, folder) || !name_place(w, &w->two, folder2)) return;
    if (told_is_own(&w->two.told) || !find_entry(w, &w->one, &from)) return;
    if (find_entry(w, &w->two, &to)) {
        if (can_move(w, &from, &to, flags)) {
            if (to.there && !(flags & 2) && is_file(&to.state) && !is_since_start(&to.state))
                keep_told(&w->two.told, to.above, to.name, &to.state, 1);
            note_renamed(S_ISDIR(from.state.st_mode) || (to.there && S_ISDIR(to.state.st_mode)));
            tell_move(&w->one, &from, &w->two, &to);
            if (flags & 2) tell_move(&w->two, &to, &w->one, &from);
        }
        k_close(to.above);
    }
    k_close(from.above);
}

static void act_remove(struct work *w, int folder, int flags) {
    struct entry_at entry;
    if (!name_place(w, &w->one, folder) || told_is_own(&w->one.told)) return;
    if (!find_entry(w, &w->one, &entry)) return;
    int is_folder = entry.there && S_ISDIR(entry.state.st_mode);
    if (entry.there && is_folder == !!(flags & AT_REMOVEDIR) && may(w, entry.above, W_OK) &&
        (!is_folder || is_empty(entry.above, entry.name))) {
        if (is_file(&entry.state) && !is_since_start(&entry.state))
            keep_told(&w->one.told, entry.above, entry.name, &entry.state, 1);
        tell_path(is_folder ? EMPTIED : REMOVED, 0, &w->one.told, &entry.state, "", 0);
    }
    k_close(entry.above);
}

/* Something is made where nothing is: a folder, a link, a pipe. */
static void act_make(struct work *w, struct place_named *place, int folder, enum kind kind,
                     const struct stat *source, const char *about) {
    struct entry_at entry;
    if (!name_place(w, place, folder) || told_is_own(&place->told)) return;
    if (!find_entry(w, place, &entry)) return;
    if (!entry.there && may(w, entry.above, W_OK))
        tell_path(kind, 0, &place->told, source, about, strlen(about));
    k_close(entry.above);
}

static void act_link(struct work *w, int folder, int folder2, int flags) {
    struct entry_at from;
    const char *rest;
    if (flags & AT_EMPTY_PATH && !*w->one.given) {
        act_make(w, &w->two, folder2, LINKED, NULL, "");
    } else if (link_in_proc(w, w->one.given, w->words, &rest)) {
        act_make(w, &w->two, folder2, LINKED, NULL, w->one.given); /* of what has no name yet */
    } else if (name_place(w, &w->one, folder) && find_entry(w, &w->one, &from)) {
        if (from.there && !S_ISDIR(from.state.st_mode))
            act_make(w, &w->two, folder2, LINKED, &from.state, w->one.whole);
        k_close(from.above);
    }
}

/* A file is cut, or its permissions or times are set: kept as it was. */
static void act_change(struct work *w, int folder, int by_number, enum deed deed, int nofollow) {
    struct stat state;
    char path[40];
    if (by_number) w->one.given[0] = 0;
    else if (!*w->one.given) return;
    if (!name_place(w, &w->one, folder) || told_is_own(&w->one.told)) return;
    int found = open_inside(w, w->one.inside, O_PATH | (nofollow ? O_NOFOLLOW : 0));
    if (found < 0) return;
    if (!k_fstat(found, &state) && is_file(&state) && (deed == SETS_MODE || may(w, found, W_OK)) &&
        !is_since_start(&state)) {
        keep_told(&w->one.told, AT_FDCWD, own_path(path, found), &state, 0);
        if (deed == CUTS) tell_path(CUT, 0, &w->one.told, &state, "", 0);
        else if (deed == SETS_TIMES) tell_state('u', &w->one, &state);
    } else if (deed == CUTS && is_file(&state)) {
        tell_path(CUT, 0, &w->one.told, &state, "", 0);
    }
    k_close(found);
}

static void act_look(struct work *w, int folder, int nofollow) {
    const char *given = w->one.given;
    struct stat state;
    if (!*given || (*given == '/' && is_skipped(given))) return;
    if (!name_place(w, &w->one, folder) || told_is_skipped(&w->one.told)) return;
    int found = open_inside(w, w->one.inside, O_PATH | (nofollow ? O_NOFOLLOW : 0));
    if (found == -ENOENT || found == -ENOTDIR) {
        if (told_in_project(&w->one.told) && is_new(hash_of(&w->one.told, 'n')))
            tell_path(STATED, 0, &w->one.told, NULL, "", 0);
    } else if (found >= 0) {
        if (!k_fstat(found, &state) && !S_ISDIR(state.st_mode) &&
            is_new(hash_of(&w->one.told, hash_of_state(&state, 's'))))
            tell_path(STATED, 0, &w->one.told, &state, "", 0);
        k_close(found);
    }
}

static void act_list(struct work *w, int folder) {
    struct stat state;
    w->one.given[0] = 0;
    if (!name_place(w, &w->one, folder) || told_is_skipped(&w->one.told)) return;
    int found = open_inside(w, w->one.inside, O_PATH | O_DIRECTORY);
    if (found < 0) return;
    if (!k_fstat(found, &state) && is_new(hash_of(&w->one.told, hash_of_state(&state, 'd')))) {
        char *names = k_map(MOST_NAMES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
        size_t used = names ? names_in(found, ".", names, MOST_NAMES) : 0;
        if (used == (size_t)-1) used = 0;
        tell_path(LISTED, 0, &w->one.told, &state, names ? names : "", used);
        if (names) k_unmap(names, MOST_NAMES);
    }
    k_close(found);
}

#endif
