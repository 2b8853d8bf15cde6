/* Whom it calls on the network, which variables it asks for, and what blinds us. */

#ifndef ANEW_OTHERS_H
#define ANEW_OTHERS_H

static void tell_gap(const char *key, const char *what) {
    int saved = errno;
    if (is_recording()) tell(GAP, 0, self(), key, strlen(key), what, strlen(what), 0, 0);
    errno = saved;
}

OURS int connect(int descriptor, const struct sockaddr *address, socklen_t length) {
    is_recording();
    int done = MARKED(__NR_connect, descriptor, address, length, 0, 0,
                      REAL(connect, int (*)(int, const struct sockaddr *, socklen_t))(
                          descriptor, address, length));
    int saved = errno;
    if (address && journal.root)
        tell_called(address, length, done ? saved : 0, (uintptr_t)__builtin_return_address(0));
    errno = saved;
    return done;
}

static void tell_addresses(const char *host, const struct addrinfo *found) {
    char text[512], *at = text;
    unsigned port;
    for (; found && at < text + sizeof text - 64; found = found->ai_next) {
        if (!found->ai_addr) continue;
        char *end = put_address(at, found->ai_addr, found->ai_addrlen, &port);
        if (end != at) *end++ = 0;
        at = end;
    }
    if (at != text && is_new_call(96, host, strlen(host), (uint64_t)(at - text)))
        tell(LOOKED_UP, 'a', self(), host, strlen(host), text, (size_t)(at - text), 0, 0);
}

/* Datagrams name whom they go to one by one. */
static void tell_sent(const void *address, size_t length, uintptr_t caller) {
    if (!is_recording() || !address) return;
    int saved = errno;
    tell_called((const struct sockaddr *)address, length, 0, caller);
    errno = saved;
}
OURS ssize_t sendto(int descriptor, const void *data, size_t size, int flags,
                    const struct sockaddr *address, socklen_t length) {
    tell_sent(address, length, (uintptr_t)__builtin_return_address(0));
    return REAL(sendto, ssize_t(*)(int, const void *, size_t, int, const struct sockaddr *,
                                   socklen_t))(descriptor, data, size, flags, address, length);
}
OURS ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
    tell_sent(message ? message->msg_name : NULL, message ? message->msg_namelen : 0,
              (uintptr_t)__builtin_return_address(0));
    return REAL(sendmsg, ssize_t(*)(int, const struct msghdr *, int))(descriptor, message, flags);
}

OURS int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                     struct addrinfo **found) {
    int recording = host && is_recording();
    if (recording) {
        int saved = errno;
        size_t length = service ? strlen(service) : 0;
        if (is_new_call(95, host, strlen(host), length ? mixed(length, (unsigned char)*service) : 0))
            tell(LOOKED_UP, 0, self(), host, strlen(host), service ? service : "", length, 0, 0);
        errno = saved;
    }
    int done = REAL(getaddrinfo, int (*)(const char *, const char *, const struct addrinfo *,
                                         struct addrinfo **))(host, service, hints, found);
    if (recording && !done && found) {
        int saved = errno;
        tell_addresses(host, *found);
        errno = saved;
    }
    return done;
}

/* Called by loaders and in constructors, before anything of ours may be set up: no more than told. */
static void tell_asked(const char *name) {
    if (!name || atomic_load_explicit(&begun, memory_order_acquire) != 2 || !journal.root) return;
    size_t length = strlen(name);
    struct told told = {.name_length = length};
    told.name = name;
    if (length < 256 && is_new(hash_of(&told, 'e')))
        tell(ASKED, 0, present_pid(), name, length, "", 0, 0, 0);
}
OURS char *getenv(const char *name) {
    if (!real_getenv) real_getenv = dlsym(RTLD_NEXT, "getenv");
    tell_asked(name);
    return REAL(getenv, char *(*)(const char *))(name);
}
#ifdef __GLIBC__
OURS char *secure_getenv(const char *name) {
    if (!real_secure_getenv) real_secure_getenv = dlsym(RTLD_NEXT, "secure_getenv");
    tell_asked(name);
    return REAL(secure_getenv, char *(*)(const char *))(name);
}
#endif

/* Python's side speaks to us by a variable that is never set: `skip=PREFIX`, `import=FOLDER`, `own=1`. */
#define CHANNEL "ANEW_NATIVE"
OURS int setenv(const char *name, const char *value, int over) {
    if (name && value && name[0] == 'A' && !strcmp(name, CHANNEL)) {
        if (starts_with(value, "skip=", 5)) skip(value + 5, strlen(value + 5));
        if (starts_with(value, "own=", 4)) draws_for_us = value[4] == '1';
        if (starts_with(value, "import=", 7)) {
            TOLD(told);
            resolve(&told, AT_FDCWD, value + 7);
            importing.path = hash_of(&told, 'i');
            importing.thread = k_tid();
        }
        return 0;
    }
    is_recording();
    return REAL(setenv, int (*)(const char *, const char *, int))(name, value, over);
}

/* ---- where it goes ---- */

OURS int chdir(const char *path) {
    leave();
    int done = set_error(kernel(__NR_chdir, (long)path, 0, 0, 0, 0, 0));
    left();
    return done;
}
OURS int fchdir(int folder) {
    leave();
    int done = set_error(kernel(__NR_fchdir, folder, 0, 0, 0, 0, 0));
    left();
    return done;
}
OURS int unshare(int what) {
    scattered = 1;
    return set_error(kernel(__NR_unshare, what, 0, 0, 0, 0, 0));
}
OURS int setns(int descriptor, int kind) {
    scattered = 1;
    return set_error(kernel(__NR_setns, descriptor, kind, 0, 0, 0, 0));
}

/* ---- what blinds us ---- */

/* The program is about to filter system calls. Ours would be stopped too: make none. Where all are
 * followed from outside, say that this process will tell no more, by a call that does nothing. */
static void fall_silent(void) {
    self();
    if (!pass) {
        journal.last_time = now_ns();
        journal.quiet = 1;
        return;
    }
    kernel(__NR_execve, 0, 0, 0, 0, 0, pass);
    pass = 0;
    journal.root = NULL;
}

OURS int prctl(int option, ...) {
    va_list rest;
    va_start(rest, option);
    unsigned long a = va_arg(rest, unsigned long), b = va_arg(rest, unsigned long),
                  c = va_arg(rest, unsigned long), d = va_arg(rest, unsigned long);
    va_end(rest);
    if (option == PR_SET_SECCOMP && is_recording()) fall_silent();
    return set_error(kernel(__NR_prctl, option, (long)a, (long)b, (long)c, (long)d, 0));
}

static void tell_ring(uintptr_t caller) {
    char path[256] = "";
    int saved = errno;
    if (is_recording() && !journal.quiet) path[file_at(caller, path, sizeof path - 1)] = 0;
    errno = saved;
    tell_gap("io_uring", path);
}

/* What is mounted inside a run is seen by it alone: under these paths we would look at other files. */
OURS int mount(const char *source, const char *target, const char *type, unsigned long flags,
               const void *data) {
    is_recording();
    int done = MARKED(__NR_mount, source, target, type, flags, data,
                      REAL(mount, int (*)(const char *, const char *, const char *, unsigned long,
                                          const void *))(source, target, type, flags, data));
    if (!done && target && !(flags & MOUNTS_NOTHING) && matters_mounted(target))
        tell_gap("mounted", target);
    return done;
}

OURS int chroot(const char *path) {
    is_recording();
    tell_gap("chroot", path ? path : "");
    leave();
    int done = REAL(chroot, int (*)(const char *))(path);
    left();
    return done;
}

#ifdef __GLIBC__
OURS long syscall(long number, ...) {
    va_list rest;
    va_start(rest, number);
    long a = va_arg(rest, long), b = va_arg(rest, long), c = va_arg(rest, long),
         d = va_arg(rest, long), e = va_arg(rest, long), f = va_arg(rest, long);
    va_end(rest);
    char real[STACK];
    struct opening opening = {.real = real};
    switch (number) {
#ifdef __NR_open
    case __NR_open:
        before_open(&opening, AT_FDCWD, (const char *)a, (int)b);
        break;
#endif
#ifdef __NR_creat
    case __NR_creat:
        before_open(&opening, AT_FDCWD, (const char *)a, O_CREAT | O_WRONLY | O_TRUNC);
        break;
#endif
    case __NR_openat:
        before_open(&opening, (int)a, (const char *)b, (int)c);
        break;
#ifdef __NR_openat2
    case __NR_openat2:
        before_open(&opening, (int)a, (const char *)b, c ? (int)*(const uint64_t *)c : 0);
        break;
#endif
#ifdef __NR_renameat2
    case __NR_renameat2:
        return renameat2((int)a, (const char *)b, (int)c, (const char *)d, (unsigned)e);
#endif
#ifdef __NR_rename
    case __NR_rename:
        return rename((const char *)a, (const char *)b);
    case __NR_unlink:
        return unlink((const char *)a);
    case __NR_rmdir:
        return rmdir((const char *)a);
    case __NR_link:
        return link((const char *)a, (const char *)b);
    case __NR_symlink:
        return symlink((const char *)a, (const char *)b);
    case __NR_mkdir:
        return mkdir((const char *)a, (mode_t)b);
    case __NR_chmod:
        return chmod((const char *)a, (mode_t)b);
#endif
#ifdef __NR_renameat
    case __NR_renameat:
        return renameat((int)a, (const char *)b, (int)c, (const char *)d);
#endif
    case __NR_chdir:
        return chdir((const char *)a);
    case __NR_fchdir:
        return fchdir((int)a);
    case __NR_unshare:
    case __NR_setns:
    case __NR_pivot_root:
        scattered = 1;
        break;
    case __NR_linkat:
        return linkat((int)a, (const char *)b, (int)c, (const char *)d, (int)e);
    case __NR_symlinkat:
        return symlinkat((const char *)a, (int)b, (const char *)c);
    case __NR_mkdirat:
        return mkdirat((int)a, (const char *)b, (mode_t)c);
    case __NR_truncate:
        return truncate((const char *)a, (off_t)b);
    case __NR_execveat:
        return execveat((int)a, (const char *)b, (char *const *)c, (char *const *)d, (int)e);
    case __NR_open_by_handle_at:
        return open_by_handle_at((int)a, (struct file_handle *)b, (int)c);
    case __NR_getdents64:
        tell_listed((int)a, ".", 0);
        break;
    case __NR_exit_group:
        if (is_recording()) tell_end((int)a, NULL);
        break;
    case __NR_unlinkat:
        return unlinkat((int)a, (const char *)b, (int)c);
    case __NR_execve:
        return execve((const char *)a, (char *const *)b, (char *const *)c);
#ifdef __NR_move_mount
    case __NR_move_mount:
        if (d && is_recording() && matters_mounted((const char *)d))
            tell_gap("mounted", (const char *)d);
        break;
#endif
#ifdef __NR_io_uring_setup
    case __NR_io_uring_setup:
        if (!pass) tell_ring((uintptr_t)__builtin_return_address(0)); /* else it is refused */
        break;
#endif
    case __NR_seccomp:
        if (is_recording() && a == 1) fall_silent(); /* SECCOMP_SET_MODE_FILTER */
        break;
    default:
        break;
    }
    if (pass && opening.path) f = pass;
    long done = kernel(number, a, b, c, d, e, f);
    if (done < 0 && done > -4096) {
        errno = (int)-done;
        done = -1;
    }
    if (opening.letter) after_open(&opening, (int)done);
    return done;
}
#endif

#endif
