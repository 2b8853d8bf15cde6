/* Large inputs, named to who hashes them beside the run. */

#ifndef ANEW_LARGE_H
#define ANEW_LARGE_H

#define LARGE (8L << 20)       /* bytes from which on a file is hashed while the program goes on */
#define MOST_NOTES (1L << 20) /* bytes of their paths; what is not noted is hashed at the end */

__attribute__((noinline)) static void note_large(const struct told *path, const struct stat *state) {
    char place[LONGEST_SPOOL + 64], line[STACK];
    struct stat notes;
    size_t length = told_length(path);
    if (length + 1 > sizeof line || is_since_start(state)) return;
    in_spool(place, "/native/large"); /* is there if that is wanted */
    int descriptor = k_open(AT_FDCWD, place, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0);
    if (descriptor < 0) return;
    put_told(line, path);
    line[length++] = 0;
    if (!k_fstat(descriptor, &notes) && notes.st_size < MOST_NOTES &&
        (unsigned long)notes.st_size + length <= k_largest_file())
        k_write(descriptor, line, length);
    k_close(descriptor);
}

#endif
