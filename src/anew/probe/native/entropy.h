/* Which compiled code asks the kernel for chance: a replay cannot give that back, so it is told.
 *
 * The answer is the kernel's own, always: keys of TLS come from the same call. */

#ifndef ANEW_ENTROPY_H
#define ANEW_ENTROPY_H

#ifndef GRND_INSECURE
#define GRND_INSECURE 4 /* seeds of hash tables, and nothing else */
#endif
#define OPENSSL_BLOCK 48 /* bytes that OpenSSL takes at once; it is often linked into others */

static _Atomic int draws_for_us;

static int from_hex(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The file that the code at an address was loaded from, by /proc: dladdr would take a lock. */
static size_t file_at(uintptr_t address, char *path, size_t size) {
    char block[512];
    uintptr_t bounds[2] = {0, 0};
    size_t length = 0;
    int field = 0; /* 0 and 1 the bounds, 2 what stands before the path, 3 the path */
    int descriptor = k_open(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
    if (descriptor < 0) return 0;
    for (long count; (count = k_read(descriptor, block, sizeof block)) > 0;)
        for (long i = 0; i < count; i++) {
            char each = block[i];
            if (each == '\n') {
                if (bounds[0] <= address && address < bounds[1]) {
                    k_close(descriptor);
                    return length;
                }
                bounds[0] = bounds[1] = 0;
                length = 0;
                field = 0;
            } else if (field < 2) {
                int digit = from_hex(each);
                if (digit < 0) field++;
                else bounds[field] = bounds[field] << 4 | (uintptr_t)digit;
            } else if (field == 3 || each == '/') {
                field = 3;
                if (length < size) path[length++] = each;
            }
        }
    k_close(descriptor);
    return 0;
}

/* May be called in constructors, before anything of ours is set up: then nothing is told. */
static void tell_drawn(uintptr_t caller) {
    if (atomic_load_explicit(&begun, memory_order_acquire) != 2 || !journal.root || journal.quiet ||
        draws_for_us)
        return;
    if (!is_new(mixed(97, caller >> 12))) return;
    char path[256];
    size_t length = file_at(caller, path, sizeof path);
    if (length) tell(GAP, 0, self(), "entropy", 7, path, length, 0, 0);
}

OURS ssize_t getrandom(void *into, size_t size, unsigned flags) {
    if (size && !(flags & GRND_INSECURE)) tell_drawn((uintptr_t)__builtin_return_address(0));
    return set_error(kernel(__NR_getrandom, (long)into, (long)size, flags, 0, 0, pass));
}

OURS int getentropy(void *into, size_t size) {
    if (size > 256) {
        errno = EIO;
        return -1;
    }
    if (size != OPENSSL_BLOCK) tell_drawn((uintptr_t)__builtin_return_address(0));
    for (size_t done = 0; done < size;) {
        long count = kernel(__NR_getrandom, (long)into + (long)done, (long)(size - done), 0, 0, 0, pass);
        if (count == -EINTR) continue;
        if (count <= 0) return set_error(count ? count : -EIO);
        done += (size_t)count;
    }
    return 0;
}

#endif
