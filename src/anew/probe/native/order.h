/* On a replay folders list their entries in the order they had: file systems differ in that.
 *
 * SPOOL/listings has the orders: how many they are and where each begins, as numbers of 8 bytes, in
 * the order of their paths; then each: a path, the names in it, each ended by NUL, and one NUL more.
 * It is mapped, as all that is kept here, far from where the program's own memory comes to lie: by
 * that alone its objects would be elsewhere than they were. */

#ifndef ANEW_ORDER_H
#define ANEW_ORDER_H

#define APART 0x200000000000UL /* where mappings are asked for; the kernel may choose otherwise */
#define MOST_LISTED 64         /* folders that are being read at once; those beyond are as they are */
#define FIRST 8                /* where entries begin: 0 is no entry */

struct served { /* a folder that is being read */
    const char *order;
    size_t size;    /* of this mapping, bytes */
    size_t end, at; /* of the entries; of the next one */
    char entries[]; /* as getdents64(2) gives them, which is what readdir(3) gives */
};

static struct {
    const char *text; /* NULL: no replay, or nothing was listed */
    _Atomic(DIR *) open[MOST_LISTED];
    struct served *of[MOST_LISTED];
} orders;

static void *map_apart(size_t size, int protection, int flags, int descriptor) {
    long found = kernel(__NR_mmap, (long)APART, (long)size, protection, flags, descriptor, 0);
    return found < 0 && found > -4096 ? NULL : (void *)found;
}
static void *room_apart(size_t size) {
    return map_apart(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void read_orders(void) {
    char path[LONGEST_SPOOL + 64];
    struct stat state;
    in_spool(path, "/listings");
    int descriptor = k_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (descriptor < 0) return;
    if (!k_fstat(descriptor, &state) && state.st_size > 8) {
        size_t size = (size_t)state.st_size;
        const char *text = map_apart(size, PROT_READ, MAP_PRIVATE, descriptor);
        const uint64_t *begins = (const uint64_t *)text;
        int whole = text && begins[0] < size / 8 && !text[size - 1] && !text[size - 2];
        for (uint64_t i = 1; whole && i <= begins[0]; i++) whole = begins[i] < size;
        if (whole) orders.text = text;
    }
    k_close(descriptor);
}

/* Return the first of the names that a folder listed, NULL where that is not known. */
static const char *order_of(const char *path) {
    const uint64_t *begins = (const uint64_t *)orders.text;
    for (uint64_t low = 1, high = begins[0] + 1; low < high;) {
        uint64_t middle = (low + high) / 2;
        const char *at = orders.text + begins[middle];
        int differs = strcmp(path, at);
        if (!differs) return at + strlen(at) + 1;
        if (differs < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}

/* The same for a folder by the name that it is asked for, or else by that which the kernel has. */
static const char *order_in(int descriptor, const struct told *told) {
    char path[2 * STACK], link[40];
    size_t length = told_length(told);
    if (length < sizeof path) {
        put_told(path, told);
        while (length > 1 && path[length - 1] == '/') length--;
        path[length] = 0;
        const char *found = order_of(path);
        if (found) return found;
    }
    put_number(put_text(link, "/proc/self/fd/"), (uint64_t)descriptor);
    long real = k_readlink(link, path, sizeof path - 1);
    if (real <= 0) return NULL;
    path[real] = 0;
    return order_of(path);
}

#define ENTRY(base, at) ((struct entry *)((base) + (at)))
#define EACH_ENTRY(each, base, used)                                                              \
    for (struct entry *each = ENTRY(base, FIRST); (char *)each < (base) + (used);                 \
         each = ENTRY((char *)each, each->length))

/* Read what an open folder has left into a mapping that grows; return it, NULL where it cannot be. */
static char *read_entries(int descriptor, size_t *size, size_t *used) {
    *size = 64UL << 10;
    *used = FIRST;
    for (char *base = room_apart(*size); base;) {
        long count = kernel(__NR_getdents64, descriptor, (long)(base + *used), (long)(*size - *used), 0, 0, 0);
        if (count == 0) return base;
        if (count > 0) *used += (size_t)count;
        char *more = NULL;
        if (count > 0 && *size - *used > *size / 2) continue;
        if (count > 0 || count == -EINVAL) more = room_apart(*size * 2); /* no room for one more */
        if (more) memcpy(more, base, *used);
        k_unmap(base, *size);
        base = more;
        *size *= 2;
    }
    return NULL;
}

#define IS_SERVED -1

static void serve_entry(struct served *served, struct entry *entry) {
    struct entry *to = ENTRY(served->entries, served->end);
    memcpy(to, entry, entry->length);
    served->end += entry->length;
    to->offset = (int64_t)served->end;
    entry->offset = IS_SERVED;
}

static int is_dots(const char *name) { return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2])); }

static uint32_t *slot_of(uint32_t *table, size_t slots, const char *base, const char *name) {
    size_t slot = hash_of_text(name, strlen(name), 3) >> 8 & (slots - 1);
    while (table[slot] && strcmp(ENTRY(base, table[slot])->name, name)) slot = (slot + 1) & (slots - 1);
    return table + slot;
}

/* Read an open folder: itself and the one above it first, then the names of the order that are there,
 * then what else there is, as the kernel lists it. NULL: there is no room for that. */
static struct served *arranged(int descriptor, const char *order) {
    size_t size, used, count = 0, slots = 16;
    char *base = read_entries(descriptor, &size, &used);
    if (!base) return NULL;
    EACH_ENTRY(each, base, used) count++;
    while (slots < 2 * count) slots *= 2;
    uint32_t *table = room_apart(slots * sizeof *table);
    /* Who copies an entry copies the whole type, also of the last one. */
    size_t whole = sizeof(struct served) + used + sizeof(struct dirent);
    struct served *served = table ? room_apart(whole) : NULL;
    if (served) {
        served->order = order;
        served->size = whole;
        EACH_ENTRY(each, base, used) {
            if (is_dots(each->name)) serve_entry(served, each);
            else *slot_of(table, slots, base, each->name) = (uint32_t)((char *)each - base);
        }
        for (const char *name = order; *name; name += strlen(name) + 1) {
            uint32_t at = *slot_of(table, slots, base, name);
            if (at && ENTRY(base, at)->offset != IS_SERVED) serve_entry(served, ENTRY(base, at));
        }
        EACH_ENTRY(each, base, used) if (each->offset != IS_SERVED) serve_entry(served, each);
    }
    if (table) k_unmap(table, slots * sizeof *table);
    k_unmap(base, size);
    return served;
}

/* The names alone, each ended by NUL, in the order that is served; SIZE_MAX where too many. */
static size_t names_served(int folder, const char *path, const struct told *told, char *into, size_t size) {
    size_t used = 0;
    int descriptor = k_open(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK, 0);
    const char *order = descriptor < 0 ? NULL : order_in(descriptor, told);
    struct served *served = order ? arranged(descriptor, order) : NULL;
    if (descriptor >= 0) k_close(descriptor);
    if (!served) return names_in(folder, path, into, size);
    for (size_t at = 0; at < served->end && used != (size_t)-1; at += ENTRY(served->entries, at)->length) {
        const char *name = ENTRY(served->entries, at)->name;
        size_t length = strlen(name) + 1;
        if (is_dots(name)) continue;
        if (used + length > size) used = (size_t)-1;
        else memcpy(into + used, name, length), used += length;
    }
    k_unmap(served, served->size);
    return used;
}

#endif
