/* The states of many files in one call: an environment has ten thousand of them, asked at each run. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define STATE 4 /* numbers of a state: inode, size, times of modification and of change in ns */

static int64_t nanoseconds(struct timespec time) {
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Write the states of `count` files in `folder`; `names` are ended by NUL. Zeros: there is none. */
__attribute__((visibility("default"))) void anew_states(
    int folder, const char *names, uint64_t count, int64_t *states) {
    for (; count--; names += strlen(names) + 1, states += STATE) {
        struct stat found;
        if (fstatat(folder, names, &found, 0) != 0) {
            memset(states, 0, STATE * sizeof *states);
            continue;
        }
        states[0] = (int64_t)found.st_ino;
        states[1] = found.st_size;
        states[2] = nanoseconds(found.st_mtim);
        states[3] = nanoseconds(found.st_ctim);
    }
}
