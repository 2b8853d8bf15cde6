/* The names in a folder, as the kernel lists them. */

#ifndef ANEW_LISTING_H
#define ANEW_LISTING_H

#define MOST_NAMES (960UL << 10) /* bytes of names of a listed folder that are told: one event */

struct entry { /* as getdents64(2) gives them */
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

/* Gather the names in a folder, each ended by NUL, in their order; SIZE_MAX where too many. */
static size_t names_in(int folder, const char *path, char *into, size_t size) {
    int descriptor = k_open(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK, 0);
    if (descriptor < 0) return 0;
    size_t used = 0;
    char buffer[2048];
    for (;;) {
        long count = kernel(__NR_getdents64, descriptor, (long)buffer, sizeof buffer, 0, 0, 0);
        if (count <= 0) break;
        for (long at = 0; at < count;) {
            struct entry *entry = (struct entry *)(buffer + at);
            at += entry->length;
            const char *name = entry->name;
            if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]))) continue;
            size_t length = strlen(name) + 1;
            if (used + length > size) {
                k_close(descriptor);
                return (size_t)-1;
            }
            memcpy(into + used, name, length);
            used += length;
        }
    }
    k_close(descriptor);
    return used;
}

#endif
