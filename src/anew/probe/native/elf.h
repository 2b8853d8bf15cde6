/* Looks into a program before it starts: whether our library can be loaded into it. */

#ifndef ANEW_ELF_H
#define ANEW_ELF_H

#ifndef ANEW_FOLLOWER /* which looks for another process, in its root */
#define OPEN_PROGRAM(folder, path) k_open(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0)
#define WHO_STARTS (uid_t)kernel(__NR_geteuid, 0, 0, 0, 0, 0, 0)
#endif

enum follow { FOLLOWED, IS_STATIC, IS_FOREIGN, IS_PRIVILEGED, IS_CHECKED, IS_UNKNOWN, IS_ABSENT };

/* Whether one of the libraries that a mapped ELF file names refuses to be loaded second. */
static int names_sanitizer(const char *file, size_t size, const Elf64_Ehdr *header) {
    const Elf64_Phdr *parts = (const Elf64_Phdr *)(file + header->e_phoff);
    const Elf64_Dyn *entries = NULL;
    size_t count = 0;
    for (int i = 0; i < header->e_phnum; i++)
        if (parts[i].p_type == PT_DYNAMIC && parts[i].p_offset + parts[i].p_filesz <= size) {
            entries = (const Elf64_Dyn *)(file + parts[i].p_offset);
            count = parts[i].p_filesz / sizeof *entries;
        }
    uint64_t strings = 0;
    for (size_t i = 0; i < count; i++)
        if (entries[i].d_tag == DT_STRTAB) strings = entries[i].d_un.d_ptr;
    uint64_t offset = size;
    for (int i = 0; i < header->e_phnum; i++)
        if (parts[i].p_type == PT_LOAD && strings >= parts[i].p_vaddr &&
            strings < parts[i].p_vaddr + parts[i].p_filesz)
            offset = strings - parts[i].p_vaddr + parts[i].p_offset;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].d_tag != DT_NEEDED || offset + entries[i].d_un.d_val + 8 > size) continue;
        const char *name = file + offset + entries[i].d_un.d_val;
        if (starts_with(name, "libasan", 7) || starts_with(name, "libtsan", 7)) return 1;
    }
    return 0;
}

static enum follow look_into_elf(int descriptor, size_t size) {
    if (size < sizeof(Elf64_Ehdr)) return IS_UNKNOWN;
    const char *file = k_map(size, PROT_READ, MAP_PRIVATE, descriptor);
    if (!file) return FOLLOWED;
    enum follow found = IS_STATIC;
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
#if defined(__x86_64__)
    int machine = EM_X86_64;
#else
    int machine = EM_AARCH64;
#endif
    if (file[EI_CLASS] != ELFCLASS64 || header->e_machine != machine) {
        found = IS_FOREIGN;
    } else if (header->e_phoff + (uint64_t)header->e_phnum * sizeof(Elf64_Phdr) <= size) {
        const Elf64_Phdr *parts = (const Elf64_Phdr *)(file + header->e_phoff);
        for (int i = 0; i < header->e_phnum; i++)
            if (parts[i].p_type == PT_INTERP) found = FOLLOWED;
        if (found == FOLLOWED && names_sanitizer(file, size, header)) found = IS_CHECKED;
    }
    k_unmap((void *)file, size);
    return found;
}

static enum follow look_into(int folder, const char *path, int depth) {
    char head[256];
    struct stat state;
    int descriptor = OPEN_PROGRAM(folder, path);
    if (descriptor < 0) { /* it may be run and not be read */
        if (k_stat_at(folder, path, &state, 0)) return IS_ABSENT;
        return state.st_mode & (S_ISUID | S_ISGID) ? IS_PRIVILEGED : IS_UNKNOWN;
    }
    enum follow found = IS_UNKNOWN;
    long count = k_read(descriptor, head, sizeof head - 1);
    if (count > 4 && !k_fstat(descriptor, &state) && S_ISREG(state.st_mode)) {
        head[count] = 0;
        if (!memcmp(head, ELFMAG, 4)) {
            found = look_into_elf(descriptor, (size_t)state.st_size);
            char value[64];
            if (found == FOLLOWED && state.st_mode & (S_ISUID | S_ISGID) &&
                (state.st_uid != WHO_STARTS ||
                 state.st_mode & S_ISGID))
                found = IS_PRIVILEGED;
            else if (found == FOLLOWED && kernel(__NR_fgetxattr, descriptor,
                     (long)"security.capability", (long)value, sizeof value, 0, 0) > 0)
                found = IS_PRIVILEGED;
        } else if (head[0] == '#' && head[1] == '!' && depth < 4) {
            char *at = head + 2, *end;
            while (*at == ' ' || *at == '\t') at++;
            for (end = at; *end && *end != ' ' && *end != '\t' && *end != '\n';) end++;
            *end = 0;
            found = look_into(AT_FDCWD, at, depth + 1);
        } else {
            found = FOLLOWED; /* a shell will read it */
        }
    }
    k_close(descriptor);
    return found;
}

#endif
