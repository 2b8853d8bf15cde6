"""What compiled programs do by libc, by the kernel alone, and where nothing can follow."""

from typing import Any

from tests.conformance.ways import IN, Kind, Way

HEAD = """#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#define IN "../data/in.txt"
#define OUT "out.txt"
extern char **environ;
static char b[4096];
static int copied(int i, int o) { int n = read(i, b, sizeof b); return i < 0 || o < 0 || n < 0 || write(o, b, n) != n; }
static int made(void) { return open(OUT, O_WRONLY | O_CREAT | O_TRUNC, 0644); }
"""


def way(name: str, text: str, **more: Any) -> Way:
    body = text if "main(" in text else f"int main(int c, char **v) {{ {text} }}"
    return Way("compiled", name, Kind.C, f"{HEAD}{body}\n", **more)


OPENED = [
    way("fopen", 'FILE *i = fopen(IN, "r"), *o = fopen(OUT, "w"); int n = fread(b, 1, 99, i); fwrite(b, 1, n, o); return fclose(o);'),
    way("fopen r+", 'FILE *i = fopen(IN, "r+"); fseek(i, 0, SEEK_END); fputs("x", i); return fclose(i);'),
    way("fopen a", 'FILE *i = fopen(IN, "a"); fputs("x", i); return fclose(i);'),
    way("fopen64 and large files", 'FILE *i = fopen64(IN, "r"), *o = fopen64(OUT, "wx"); int n = fread(b, 1, 99, i); fwrite(b, 1, n, o); return fclose(o);'),
    way("freopen", 'freopen(IN, "r", stdin); freopen(OUT, "w", stdout); while (fgets(b, 99, stdin)) fputs(b, stdout); return 0;'),
    way("open", "return copied(open(IN, O_RDONLY), made());"),
    way("open, fortified", "return copied(open(IN, c - 1), made());", options=("-O2", "-D_FORTIFY_SOURCE=2")),
    way("open64", "return copied(open64(IN, O_RDONLY), open64(OUT, O_WRONLY | O_CREAT, 0644));"),
    way("openat", 'int d = open("../data", O_RDONLY | O_DIRECTORY); return copied(openat(d, "in.txt", O_RDONLY), openat(AT_FDCWD, OUT, O_WRONLY | O_CREAT, 0644));'),
    way("openat2 by syscall()", "uint64_t h[3] = {O_RDONLY, 0, 0}; return copied(syscall(SYS_openat2, AT_FDCWD, IN, h, sizeof h), made());"),
    way("open by syscall()", "return copied(syscall(SYS_openat, AT_FDCWD, IN, O_RDONLY), syscall(SYS_openat, AT_FDCWD, OUT, O_WRONLY | O_CREAT, 0644));"),
    way("rename and unlink by syscall()", 'int r = copied(open(IN, 0), open("p", O_WRONLY | O_CREAT, 0644)); syscall(SYS_rename, "p", OUT); syscall(SYS_unlink, IN); return r;'),
    way("truncate by syscall()", "int r = copied(open(IN, 0), made()); syscall(SYS_truncate, IN, 2); return r;"),
    way("link and symlink by syscall()", 'syscall(SYS_link, IN, "../data/l"); syscall(SYS_symlink, "../data/l", "m"); int r = copied(open("m", 0), made()); unlink("m"); unlink("../data/l"); return r;'),
    way("creat", "return copied(open(IN, 0), creat(OUT, 0644));"),
    way("pread, preadv and pwritev", "int i = open(IN, 0), o = made(); struct iovec v1 = {b, 99}; int n = preadv(i, &v1, 1, 0); v1.iov_len = n; return pwritev(o, &v1, 1, 0) != n;"),
    way("mmap, private", 'int i = open(IN, 0); char *m = mmap(0, 14, PROT_READ, MAP_PRIVATE, i, 0); close(i); return write(made(), m, 14) != 14;'),
    way("mmap, shared and written", "int i = open(IN, O_RDWR); char *m = mmap(0, 14, PROT_READ | PROT_WRITE, MAP_SHARED, i, 0); close(i); write(made(), m, 14); m[0] = 'X'; munmap(m, 14); return 0;"),
    way("mmap, written and never unmapped", "int i = open(IN, O_RDWR); char *m = mmap(0, 14, PROT_READ | PROT_WRITE, MAP_SHARED, i, 0); close(i); write(made(), m, 14); usleep(20000); m[0] = 'X'; _exit(0);"),
    way("replaced while mapped", 'int i = open(IN, 0); char *m = mmap(0, 14, PROT_READ, MAP_SHARED, i, 0); int n = open("../data/new", O_WRONLY | O_CREAT, 0644); write(n, "new", 3); rename("../data/new", IN); return write(made(), m, 14) != 14;'),
    way("mprotect to write", "int i = open(IN, O_RDWR); char *m = mmap(0, 14, PROT_READ, MAP_SHARED, i, 0); write(made(), m, 14); mprotect(m, 14, PROT_READ | PROT_WRITE); m[1] = 'Y'; return 0;"),
    way("fallocate and ftruncate", "int o = made(); fallocate(o, 0, 0, 100); int r = copied(open(IN, 0), o); ftruncate(o, 14); return r;"),
    way("ftruncate of an input", "int r = copied(open(IN, 0), made()); ftruncate(open(IN, O_RDWR), 3); return r;"),
    way("copy_file_range", "return copy_file_range(open(IN, 0), 0, made(), 0, 99, 0) != 14;"),
    way("splice and tee", "int p[2]; pipe(p); int n = splice(open(IN, 0), 0, p[1], 0, 99, 0); return splice(p[0], 0, made(), 0, n, 0) != n;"),
    way("O_TMPFILE and linkat", 'int t = open(".", O_TMPFILE | O_RDWR, 0644); int r = copied(open(IN, 0), t); sprintf(b, "/proc/self/fd/%d", t); return r | linkat(AT_FDCWD, b, AT_FDCWD, OUT, AT_SYMLINK_FOLLOW);'),
    way("O_PATH and AT_EMPTY_PATH", 'int p = open(IN, O_PATH); struct stat s; fstatat(p, "", &s, AT_EMPTY_PATH); sprintf(b, "/proc/self/fd/%d", p); return copied(open(b, 0), made());'),
    way("mkstemp and rename", 'char t[] = "tXXXXXX"; int d = mkstemp(t); int r = copied(open(IN, 0), d); return r | rename(t, OUT);'),
    way("tmpfile", 'FILE *t = tmpfile(); int n = read(open(IN, 0), b, 99); fwrite(b, 1, n, t); rewind(t); n = fread(b, 1, 99, t); return write(made(), b, n) != n;'),
    way("shm_open", 'int s = shm_open("/conformance-way", O_RDWR | O_CREAT, 0600); ftruncate(s, 99); copied(open(IN, 0), s); lseek(s, 0, 0); int n = read(s, b, 14); shm_unlink("/conformance-way"); return write(made(), b, n) != 14;', options=("-lrt",)),
    way("memfd_create", 'int s = memfd_create("x", 0); copied(open(IN, 0), s); lseek(s, 0, 0); return copied(s, made());'),
    way("name_to_handle_at and open_by_handle_at", 'struct { struct file_handle h; char room[128]; } h; int m; h.h.handle_bytes = 128; if (name_to_handle_at(AT_FDCWD, IN, &h.h, &m, 0)) return 9; int i = open_by_handle_at(open("../data", 0), &h.h, O_RDONLY); if (i < 0) i = open(IN, 0); return copied(i, made());'),
    way("descriptor over a socket", """
int main(void) {
    int s[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    char room[CMSG_SPACE(sizeof(int))] = {0}; char x = 'x'; struct iovec v = {&x, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    if (!fork()) {
        int i = open(IN, 0); struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET; c->cmsg_type = SCM_RIGHTS; c->cmsg_len = CMSG_LEN(sizeof(int)); *(int *)CMSG_DATA(c) = i;
        sendmsg(s[0], &m, 0); _exit(0);
    }
    recvmsg(s[1], &m, 0); wait(0);
    return copied(*(int *)CMSG_DATA(CMSG_FIRSTHDR(&m)), made());
}"""),
    way("opendir and readdir", 'DIR *d = opendir("../data"); struct dirent *e; int o = made(), n = 0; while ((e = readdir(d))) n += strlen(e->d_name); dprintf(o, "%d", n); return copied(openat(dirfd(d), "in.txt", 0), o);'),
    way("scandir", 'struct dirent **l; int n = scandir("../data", &l, 0, alphasort); dprintf(made(), "%d %s", n, l[2]->d_name); return 0;', reads=()),
    way("glob", 'glob_t g; glob("../data/i*.txt", 0, 0, &g); return copied(open(g.gl_pathv[0], 0), made());'),
    way("nftw", """
static int each(const char *p, const struct stat *s, int t, struct FTW *f) { return t == FTW_F && strstr(p, "in.txt") ? copied(open(p, 0), made()) : 0; }
int main(void) { return nftw("../data", each, 9, FTW_PHYS); }"""),
    way("getdents64 by syscall()", 'int d = open("../data", O_RDONLY | O_DIRECTORY); int n = syscall(SYS_getdents64, d, b, sizeof b); dprintf(made(), "%d", n); return 0;', reads=()),
    way("stat alone decides", 'struct stat s; stat(IN, &s); dprintf(made(), "%d", (int)s.st_size); return copied(open(IN, 0), open("o", O_WRONLY | O_CREAT, 0644));'),
    way("C++ fstream", '#include <fstream>\nint main() { std::ifstream i(IN); std::ofstream o(OUT); o << i.rdbuf(); }', options=("g++", "-fpermissive", "-xc++")),
    way("C++ filesystem", '#include <filesystem>\nint main() { std::filesystem::copy_file(IN, OUT); for (auto &e : std::filesystem::directory_iterator("../data")) (void)e; }', options=("g++", "-fpermissive", "-xc++", "-std=c++17")),
]  # fmt: skip
STARTED = [
    way(name, f'if (!fork()) {{ int o = made(); dup2(o, 1); {call}; _exit(9); }} int s; wait(&s); return s != 0;')
    for name, call in (
        ("execl", 'execl("/bin/cat", "cat", IN, (char *)0)'),
        ("execlp", 'execlp("cat", "cat", IN, (char *)0)'),
        ("execle, empty environment", 'char *e[] = {0}; execle("/bin/cat", "cat", IN, (char *)0, e)'),
        ("execv", 'char *w[] = {"cat", IN, 0}; execv("/bin/cat", w)'),
        ("execvp", 'char *w[] = {"cat", IN, 0}; execvp("cat", w)'),
        ("execve, empty environment", 'char *w[] = {"cat", IN, 0}, *e[] = {0}; execve("/bin/cat", w, e)'),
        ("execvpe", 'char *w[] = {"cat", IN, 0}; execvpe("cat", w, environ)'),
        ("fexecve", 'char *w[] = {"cat", IN, 0}; fexecve(open("/bin/cat", O_RDONLY), w, environ)'),
        ("execveat", 'char *w[] = {"cat", IN, 0}; execveat(open("/bin", O_RDONLY), "cat", w, environ, 0)'),
        ("execve by syscall()", 'char *w[] = {"cat", IN, 0}; syscall(SYS_execve, "/bin/cat", w, environ)'),
        ("execveat by syscall()", 'char *w[] = {"cat", IN, 0}; syscall(SYS_execveat, AT_FDCWD, "/bin/cat", w, environ, 0)'),
        ("clearenv, then execvp", 'clearenv(); char *w[] = {"cat", IN, 0}; execv("/bin/cat", w)'),
    )
] + [
    way("vfork and execv", 'int o = made(); pid_t p = vfork(); if (!p) { dup2(o, 1); char *w[] = {"cat", IN, 0}; execv("/bin/cat", w); _exit(9); } int s; waitpid(p, &s, 0); return s != 0;'),
    way("vfork and chdir", 'int o = made(); pid_t p = vfork(); if (!p) { dup2(o, 1); chdir("../data"); char *w[] = {"cat", "in.txt", 0}; execv("/bin/cat", w); _exit(9); } int s; waitpid(p, &s, 0); return copied(open(IN, 0), open("two.txt", O_WRONLY | O_CREAT, 0644));'),
    way("posix_spawn", 'pid_t p; char *w[] = {"sh", "-c", "cat ../data/in.txt > out.txt", 0}; posix_spawn(&p, "/bin/sh", 0, 0, w, environ); int s; waitpid(p, &s, 0); return s != 0;'),
    way("posix_spawnp, empty environment", 'pid_t p; char *w[] = {"sh", "-c", "cat ../data/in.txt > out.txt", 0}, *e[] = {0}; posix_spawnp(&p, "sh", 0, 0, w, e); int s; waitpid(p, &s, 0); return s != 0;'),
    way("posix_spawn with addopen", 'pid_t p; char *w[] = {"cat", 0}; posix_spawn_file_actions_t a; posix_spawn_file_actions_init(&a); posix_spawn_file_actions_addopen(&a, 0, IN, O_RDONLY, 0); posix_spawn_file_actions_addopen(&a, 1, OUT, O_WRONLY | O_CREAT, 0644); posix_spawn(&p, "/bin/cat", &a, 0, w, environ); int s; waitpid(p, &s, 0); return s != 0;'),
    way("system", 'return system("cat " IN " > " OUT);'),
    way("popen", 'FILE *p = popen("cat " IN, "r"); int n = fread(b, 1, 99, p); pclose(p); return write(made(), b, n) != n;'),
    way("clone by syscall()", 'long p = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); if (!p) { copied(open(IN, 0), made()); _exit(0); } int s; waitpid(p, &s, 0); return s != 0;'),
    way("clone", 'static int f(void *x) { return copied(open(IN, 0), made()); }\n#include <sched.h>\nint main(void) { int p = clone(f, malloc(65536) + 65536, SIGCHLD, 0), s; waitpid(p, &s, 0); return s != 0; }'),
    way("daemon", 'if (daemon(1, 1)) return 1; usleep(300000); return copied(open(IN, 0), made());'),
    way("pthread with a stack of 16 KB", """
static void *f(void *x) { copied(open(IN, 0), made()); return 0; }
int main(void) { pthread_t t; pthread_attr_t a; pthread_attr_init(&a); pthread_attr_setstacksize(&a, 16384); pthread_create(&t, &a, f, 0); return pthread_join(t, 0); }""", options=("-pthread",)),
    way("in a signal handler", """
static void f(int n) { copied(open(IN, 0), made()); }
int main(void) { signal(SIGALRM, f); ualarm(1000, 0); pause(); return 0; }"""),
    way("in a constructor", """
__attribute__((constructor)) static void early(void) { copied(open(IN, 0), made()); }
int main(void) { return 0; }"""),
    way("in a destructor", """
__attribute__((destructor)) static void late(void) { copied(open(IN, 0), made()); }
int main(void) { return 0; }"""),
    way("quick_exit and raised", 'copied(open(IN, 0), made()); quick_exit(0);'),
    way("killed by SIGSEGV", 'copied(open(IN, 0), made()); raise(SIGSEGV);', exits=139),
    way("exit_group by syscall()", "copied(open(IN, 0), made()); syscall(SYS_exit_group, 0);"),
    way("under a filter of system calls", """
#include <linux/filter.h>
#include <linux/seccomp.h>
int main(void) {
    struct sock_filter all[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getcwd, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog p = {4, all};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p)) return 9;
    return copied(open(IN, 0), made());
}""", gap="data/in.txt"),
    way("setrlimit of memory", '#include <sys/resource.h>\nint main(void) { struct rlimit l = {64 << 20, 64 << 20}; setrlimit(RLIMIT_AS, &l); return copied(open(IN, 0), made()); }'),
    way("without read permission at the end", "int r = copied(open(IN, 0), made()); chmod(OUT, 0200); return r;"),
    way("a library elsewhere, linked", "int seven(void); int main(void) { int n = seven(); dprintf(made(), \"%d\", n); return 0; }",
        prepare="cd data; echo 'int seven(void) { return 7; }' > s.c; cc -shared -fPIC -o libmine.so s.c; rm s.c",
        options=("-L../data", "-lmine", "-Wl,-rpath,$ORIGIN/../data"), reads=("data/libmine.so",)),
    way("dlopen of a library elsewhere", '#include <dlfcn.h>\nint main(void) { void *l = dlopen("../data/libmine.so", RTLD_NOW); int (*f)(void) = dlsym(l, "seven"); dprintf(made(), "%d", f()); return 0; }',
        prepare="cd data; echo 'int seven(void) { return 7; }' > s.c; cc -shared -fPIC -o libmine.so s.c; rm s.c",
        options=("-ldl",), reads=("data/libmine.so",)),
    Way("compiled", "a program elsewhere", Kind.SHELL, "../data/prog > out.txt",
        prepare="cd data; echo '#include <stdio.h>\nint main(void) { puts(\"elsewhere\"); }' > s.c; cc -o prog s.c; rm s.c", reads=("data/prog",)),
]  # fmt: skip
NOTHING = "int main(void) { return copied(open(IN, O_RDONLY), made()); }"
INLINE = """
static long call(long n, long a, long b_, long c, long d) {
    long r; register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b_), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return r;
}
int main(void) { return copied(call(257, AT_FDCWD, (long)IN, O_RDONLY, 0), made()); }"""
BLIND = [
    way("linked statically", NOTHING, options=("-static",), gap="way"),
    way("static PIE", NOTHING, options=("-static-pie",), gap="way"),
    way("32-bit", NOTHING, options=("-m32",), gap="way"),
    way("musl", NOTHING, options=("musl-gcc",)),
    way("musl, static", NOTHING, options=("musl-gcc", "-static"), gap="way"),
    way("address sanitizer", NOTHING, options=("-fsanitize=address",), gap="way"),
    way("inline system calls", INLINE, gap="calls the kernel directly"),
    way("io_uring by syscall()", 'char p[256] = {0}; int u = syscall(425, 4, p); if (u < 0) return copied(open(IN, 0), made()); return copied(open(IN, 0), made());', gap="io_uring"),
    Way("compiled", "mounted by the program", Kind.SHELL, "mkdir here; unshare -m sh -c 'mount --bind ../data here; cat here/in.txt > out.txt'", needs=("program:unshare", "root"), gap="mounted something of its own"),
    Way("compiled", "setuid", Kind.SHELL, "cat ../data/in.txt > out.txt; setpriv --reuid=65534 --clear-groups /bin/su --version >> out.txt", needs=("program:setpriv", "root"), gap="su could not be followed"),
    Way("compiled", "Go", Kind.SHELL, "../data/prog", needs=("program:go",),
        prepare="cd data; printf 'package main\\nimport \"os\"\\nfunc main() { b, _ := os.ReadFile(\"../data/in.txt\"); os.WriteFile(\"out.txt\", b, 0644) }\\n' > m.go; HOME=/tmp GOCACHE=$WAY/cache GOFLAGS=-mod=mod go build -o prog m.go; rm m.go",
        gap="prog could not be followed"),
    Way("compiled", "Rust", Kind.SHELL, "../data/prog", needs=("program:rustc",), reads=(IN, "data/prog"),
        prepare="cd data; echo 'fn main() { std::fs::copy(\"../data/in.txt\", \"out.txt\").unwrap(); }' > m.rs; rustc -o prog m.rs; rm m.rs"),
]  # fmt: skip
WAYS = [*OPENED, *STARTED, *BLIND]
