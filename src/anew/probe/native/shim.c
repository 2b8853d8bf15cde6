/* The recorder outside of Python: a library that every program of a run loads first (LD_PRELOAD).
 *
 * It stands in front of the functions of libc that touch files, start programs or call others, and
 * writes what they do into memory shared with the spool. One translation unit: its parts are the
 * headers beside it, in the order in which they build on each other.
 *
 * Rules, each the scar of a bug: no malloc, no stdio, no lock and no thread-local variable in a
 * hook; system calls of ours never through libc; errno as we found it; little stack; no descriptor
 * kept. Whatever fails here, the program goes on as if we were not there. */

#undef _FILE_OFFSET_BITS /* with it `open` and `open64` are one symbol */
#undef _TIME_BITS
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE

#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The lowest versions of what we need, so that one build serves old systems too. */
#if defined(__GLIBC__) && defined(__x86_64__)
__asm__(".symver dlsym,dlsym@GLIBC_2.2.5");
__asm__(".symver memcpy,memcpy@GLIBC_2.2.5");
#endif

#include "kernel.h"
#include "journal.h"
#include "self.h"
#include "here.h"
#include "paths.h"
#include "pins.h"
#include "large.h"
#include "names.h"
#include "listing.h"
#include "order.h"
#include "setup.h"
#include "folders.h"
#include "one_look.h"
#include "files.h"
#include "metadata.h"
#include "looks.h"
#include "elf.h"
#include "programs.h"
#include "images.h"
#include "entropy.h"
#include "addresses.h"
#include "others.h"
#include "python.h"

__attribute__((constructor)) static void load(void) {
    const char *preload = variable(PRELOAD);
    size_t length = 0;
    while (preload && preload[length] && preload[length] != ':' && preload[length] != ' ') length++;
    if (length && length < LONGEST_PRELOAD) memcpy(own_library, preload, length);
    remember_variables();
    if (is_recording()) {
        tell_executable();
        tell_libraries();
    }
    if (journal.root && real_on_exit)
        REAL(on_exit, int (*)(void (*)(int, void *), void *))(tell_end, own_library);
}
