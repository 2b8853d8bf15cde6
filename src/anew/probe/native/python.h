/* Starts the recorder's Python side in interpreters, by an audit hook of C.
 *
 * It needs no PYTHONPATH and no sitecustomize, so -I, -S and -E change nothing. The moment is the
 * import of sitecustomize, when `site` has found the virtual environment; where `site` is left out,
 * the moment before the program is run. From then on it hands the few events that Python's side
 * asks for to it: a hook of Python would be called at every open. */

#ifndef ANEW_PYTHON_H
#define ANEW_PYTHON_H

#define ACT "_anew_act" /* the name in `sys` under which Python's side leaves its function */

#define LONGEST_BOOT (3 * 4096 + 512) /* it names a path three times */

static struct {
    _Atomic int done;
    char boot[LONGEST_BOOT];
    const char *code; /* in it, after the line that names our folder */
    char *search_path, *seen; /* PYTHONPATH as we were given it, and as the interpreter sees it */
    void *act, *interpreter, *none;
    int (*run)(const char *, void *);
    void *(*item)(void *, long);
    const char *(*text)(void *);
    void (*clear)(void);
    void *(*get)(const char *);
    int (*set)(const char *, void *);
    void (*keep)(void *);
    void (*drop)(void *);
    void *(*call)(void *, const char *, ...);
    void *(*here)(void);
} python;

/* The interpreter would compute with our folder in PYTHONPATH: in the memory of each process, and in
 * steps that go by how long its name is. Until the recorder starts it sees the user's folders only. */
static void hide_folder(void) {
    const char *own = python.boot + 1;
    size_t length = strcspn(own, "\n"), name = sizeof "PYTHONPATH=" - 1;
    python.code = own + length;
    char **each = environ;
    while (each && *each && !starts_with(*each, "PYTHONPATH=", name)) each++;
    if (!each || !*each || !starts_with(*each + name, own, length)) return;
    char *end = *each + name + length; /* theirs are behind a colon */
    if ((*end && *end != ':') || length < name + 1) return;
    python.search_path = *each;
    python.seen = (*end ? end + 1 : end) - name;
    memcpy(python.seen, "PYTHONPATH=", name);
    *each = python.seen;
}

static void show_folder(void) {
    if (!python.seen) return;
    size_t name = sizeof "PYTHONPATH=" - 1, length = strcspn(python.boot + 1, "\n");
    char *theirs = python.seen + name, *end = python.search_path + name + length;
    for (char **each = environ; each && *each; each++)
        if (*each == python.seen) *each = python.search_path;
    if (theirs > end) *end = ':';
    memcpy(python.search_path + name, python.boot + 1, length);
    python.seen = NULL;
}

static int is_moment(const char *event, void *arguments) {
    if (!strcmp(event, "import")) {
        const char *name = python.text(python.item(arguments, 0));
        if (!name) python.clear();
        return name && !strcmp(name, "sitecustomize");
    }
    return starts_with(event, "cpython.run_", 12);
}

static void boot(void) {
    show_folder();
    python.run(python.code, NULL);
    if (!python.get || !python.set || !python.keep || !python.here) return;
    void *act = python.get(ACT);
    if (!act) return;
    python.keep(act);
    python.set(ACT, NULL);
    python.interpreter = python.here();
    python.act = act;
}

/* Whether Python's side asked for this event: programs started, modules loaded, hosts called. */
static inline int is_asked_for(const char *event, void *arguments) {
    if (event[0] == 'o' && event[1] == 'p') {
        expect_open(python.item(arguments, 1) != python.none); /* os.open has no mode in words */
        return 0;
    }
    if (event[0] == 'o')
        return event[1] == 's' &&
               (starts_with(event, "os.fork", 7) || !strcmp(event, "os.posix_spawn") ||
                !strcmp(event, "os.exec") || !strcmp(event, "os.system"));
    if (event[0] == 'i') return !strcmp(event, "import") && python.item(arguments, 1) != python.none;
    if (event[0] != 's') return 0;
    if (event[1] == 'o') /* socket.connect, .getaddrinfo, .gethostbyname: who calls is on the stack */
        return starts_with(event, "socket.c", 8) || starts_with(event, "socket.g", 8);
    return !strcmp(event, "subprocess.Popen");
}

static int at_event(const char *event, void *arguments, void *nothing) {
    (void)nothing;
    if (!python.done) {
        if (is_moment(event, arguments) && !atomic_exchange(&python.done, 1)) boot();
    } else if (python.act && is_asked_for(event, arguments) && python.here() == python.interpreter) {
        void *result = python.call(python.act, "sO", event, arguments);
        if (!result) return -1;
        python.drop(result);
    }
    return 0;
}

/* Only in Python is it there. Not asked of dlsym, which takes long, and memory, to find nothing. */
extern int PySys_AddAuditHook(int (*)(const char *, void *, void *), void *) __attribute__((weak));

static void watch_python(void) {
    int (*add)(int (*)(const char *, void *, void *), void *) = PySys_AddAuditHook;
    if (!add) return;
    python.run = dlsym(RTLD_DEFAULT, "PyRun_SimpleStringFlags");
    python.item = dlsym(RTLD_DEFAULT, "PyTuple_GetItem");
    python.text = dlsym(RTLD_DEFAULT, "PyUnicode_AsUTF8");
    python.clear = dlsym(RTLD_DEFAULT, "PyErr_Clear");
    if (!python.run || !python.item || !python.text || !python.clear) return;
    python.get = dlsym(RTLD_DEFAULT, "PySys_GetObject");
    python.set = dlsym(RTLD_DEFAULT, "PySys_SetObject");
    python.keep = dlsym(RTLD_DEFAULT, "Py_IncRef");
    python.drop = dlsym(RTLD_DEFAULT, "Py_DecRef");
    python.call = dlsym(RTLD_DEFAULT, "PyObject_CallFunction");
    python.here = dlsym(RTLD_DEFAULT, "PyInterpreterState_Get");
    python.none = dlsym(RTLD_DEFAULT, "_Py_NoneStruct");
    /* SPOOL/native/boot is Python that the launcher wrote: it starts the recorder, and only that. */
    char path[LONGEST_SPOOL + 64];
    in_spool(path, "/native/boot");
    int descriptor = k_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (descriptor < 0) return;
    long size = k_read(descriptor, python.boot, sizeof python.boot - 1);
    k_close(descriptor);
    if (size > 0 && size < (long)sizeof python.boot - 1) { /* else PYTHONPATH starts it */
        python.boot[size] = 0;
        hide_folder();
        add(at_event, NULL);
    }
}

#endif
