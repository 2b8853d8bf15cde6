/* What readdir(3) and its like give: on a replay the entries in the order they had (order.h). */

#ifndef ANEW_FOLDERS_H
#define ANEW_FOLDERS_H

static struct served **served_of(DIR *dir) {
    if (orders.text && dir)
        for (int i = 0; i < MOST_LISTED; i++)
            if (atomic_load_explicit(orders.open + i, memory_order_acquire) == dir) return orders.of + i;
    return NULL;
}

static void serve_no_more(DIR *dir) {
    struct served **of = served_of(dir);
    if (!of) return;
    k_unmap(*of, (*of)->size);
    atomic_store_explicit(orders.open + (of - orders.of), NULL, memory_order_release);
}

static void serve(DIR *dir, const char *order) {
    struct served *served = order ? arranged(REAL(dirfd, int (*)(DIR *))(dir), order) : NULL;
    if (!served) return;
    for (int i = 0; i < MOST_LISTED; i++) {
        DIR *nobody = NULL;
        if (!atomic_compare_exchange_strong(orders.open + i, &nobody, (DIR *)orders.open)) continue;
        orders.of[i] = served;
        atomic_store_explicit(orders.open + i, dir, memory_order_release);
        return;
    }
    k_unmap(served, served->size); /* all are taken: from the begin again, as the kernel lists it */
    REAL(rewinddir, void (*)(DIR *))(dir);
}

static void serve_opened(DIR *dir, int folder, const char *path) {
    if (!orders.text || journal.quiet || !real_dirfd || !real_rewinddir) return;
    int saved = errno;
    TOLD(told);
    serve_no_more(dir); /* it was closed by libc itself */
    resolve(&told, folder, path);
    serve(dir, order_in(REAL(dirfd, int (*)(DIR *))(dir), &told));
    errno = saved;
}

static struct entry *next_entry(struct served *served) {
    if (served->at >= served->end) return NULL;
    struct entry *next = ENTRY(served->entries, served->at);
    served->at += next->length;
    return next;
}

#define WRAP_READDIR(name, type)                                                                  \
    OURS struct type *name(DIR *dir) {                                                            \
        struct served **served = is_recording() ? served_of(dir) : NULL;                          \
        if (served) return (struct type *)next_entry(*served);                                    \
        return REAL(name, struct type *(*)(DIR *))(dir);                                          \
    }
#define WRAP_READDIR_R(name, type)                                                                \
    OURS int name(DIR *dir, struct type *into, struct type **found) {                             \
        struct served **served = is_recording() ? served_of(dir) : NULL;                          \
        if (!served) return REAL(name, int (*)(DIR *, struct type *, struct type **))(dir, into, found); \
        struct entry *next = next_entry(*served);                                                 \
        *found = next ? memcpy(into, next, next->length) : NULL;                                  \
        return 0;                                                                                 \
    }
WRAP_READDIR(readdir, dirent)
WRAP_READDIR_R(readdir_r, dirent)
#ifdef __GLIBC__
WRAP_READDIR(readdir64, dirent64)
WRAP_READDIR_R(readdir64_r, dirent64)
#endif

OURS int closedir(DIR *dir) {
    if (is_recording()) serve_no_more(dir);
    return REAL(closedir, int (*)(DIR *))(dir);
}
OURS void rewinddir(DIR *dir) {
    struct served **served = is_recording() ? served_of(dir) : NULL;
    const char *order = served ? (*served)->order : NULL;
    serve_no_more(dir);
    REAL(rewinddir, void (*)(DIR *))(dir);
    if (order) serve(dir, order);
}
OURS long telldir(DIR *dir) {
    struct served **served = is_recording() ? served_of(dir) : NULL;
    return served ? (long)(*served)->at : REAL(telldir, long (*)(DIR *))(dir);
}
OURS void seekdir(DIR *dir, long at) {
    struct served **served = is_recording() ? served_of(dir) : NULL;
    if (!served) REAL(seekdir, void (*)(DIR *, long))(dir, at);
    else if (at >= 0 && (size_t)at <= (*served)->end) (*served)->at = (size_t)at;
}

#endif
