/* Keeps the old bytes of a file before the program's first destructive act on it.
 *
 * Each copies under a private name and links it to the final one before it destroys: who comes
 * second finds the name taken and drops his copy, so any number of processes need no lock. */

#ifndef ANEW_PINS_H
#define ANEW_PINS_H

#define COPIED_AT_ONCE (256UL << 10)

static const char *copy_bytes(int from, int to, uint64_t size) {
    uint64_t left = size;
    while (left) { /* shares the blocks where the file system can */
        long done = kernel(__NR_copy_file_range, from, 0, to, 0, (long)left, 0);
        if (done <= 0) break;
        left -= (uint64_t)done;
    }
    if (!left) return NULL;
    if (left != size) {
        kernel(__NR_lseek, from, 0, SEEK_SET, 0, 0, 0);
        kernel(__NR_lseek, to, 0, SEEK_SET, 0, 0, 0);
    }
    char *buffer = k_map(COPIED_AT_ONCE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (!buffer) return "there was no memory to copy it";
    const char *why = NULL;
    for (;;) {
        long count = k_read(from, buffer, COPIED_AT_ONCE);
        if (count == 0) break;
        if (count < 0) {
            why = "it could not be read";
            break;
        }
        for (long done = 0; done < count;) {
            long written = k_write(to, buffer + done, (size_t)(count - done));
            if (written <= 0) {
                why = "there was no room to copy it";
                break;
            }
            done += written;
        }
        if (why) break;
    }
    k_unmap(buffer, COPIED_AT_ONCE);
    return why;
}

/* Copy the file to `final`; return why it could not be kept, NULL where it was. */
static const char *copy_pin(int folder, const char *path, const struct stat *was,
                            const char *final) {
    struct stat now;
    if (!k_stat_at(AT_FDCWD, final, &now, 0)) return NULL;
    if (k_largest_file() < (unsigned long)was->st_size) return "a limit on file sizes forbade it";
    char private[LONGEST_SPOOL + 160];
    put_number(put_text(put_text(private, final), "."), (uint64_t)k_tid());
    int from = k_open(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (from < 0) return "it could not be read";
    const char *why = "there was no room to copy it";
    int to = k_open(AT_FDCWD, private, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to >= 0) {
        why = copy_bytes(from, to, (uint64_t)was->st_size);
        k_close(to);
        if (!why && (k_fstat(from, &now) || now.st_ino != was->st_ino ||
                     now.st_ctim.tv_sec != was->st_ctim.tv_sec ||
                     now.st_ctim.tv_nsec != was->st_ctim.tv_nsec))
            why = "it changed while it was being copied";
        if (!why) k_link(private, final); /* refused where somebody was sooner: his is the same */
        k_unlink(private);
    }
    k_close(from);
    return why;
}

/* Keep what lies at `path`, whose state is `was`. `going`: the name itself is about to go. */
static void keep_told(const struct told *told, int folder, const char *path,
                      const struct stat *was, int going) {
    if (told_is_skipped(told) || told_is_own(told)) return;
    if (journal.quiet) {
        const char *why = "system calls were being filtered when it was overwritten";
        tell_path(LOST, 0, told, was, why, strlen(why));
        return;
    }
    char final[LONGEST_SPOOL + 96];
    char *name = in_spool(final, "/pins/"), *end;
    end = put_number(name, (uint64_t)was->st_dev);
    end = put_number(put_text(end, "-"), (uint64_t)was->st_ino);
    end = put_number(put_text(end, "-"),
                     (uint64_t)was->st_ctim.tv_sec * 1000000000ULL + (uint64_t)was->st_ctim.tv_nsec);
    const char *why = NULL;
    int linked = 0;
    if (going && was->st_nlink == 1) {
        int failed = k_link_at(folder, path, final);
        linked = !failed || failed == -EEXIST;
    }
    if (!linked)
        why = (uint64_t)was->st_size > journal.pin_limit
                  ? "it was overwritten, and it is larger than what is kept aside"
                  : copy_pin(folder, path, was, final);
    if (why) tell_path(LOST, 0, told, was, why, strlen(why));
    else tell_path(PINNED, 0, told, was, name, (size_t)(end - name));
}

static void keep(int folder, const char *path, const struct stat *was, int going) {
    if (!S_ISREG(was->st_mode) || is_since_start(was) || is_made_here(was)) return;
    TOLD(told);
    resolve(&told, folder, path);
    keep_told(&told, folder, path, was, going);
}

#endif
