/* Looks into a program before it starts: whether our library can be loaded into it. */

#ifndef ANEW_ELF_H
#define ANEW_ELF_H

#ifndef ANEW_FOLLOWER /* which looks for another process, in its root */
#define OPEN_PROGRAM(folder, path) k_open(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0)
#define WHO_STARTS (uid_t)kernel(__NR_geteuid, 0, 0, 0, 0, 0, 0)
#endif

enum follow { FOLLOWED, IS_STATIC, IS_FOREIGN, IS_PRIVILEGED, IS_CHECKED, IS_UNKNOWN, IS_ABSENT };

#define HEAD 1024  /* bytes of a file that are looked at, or of what its header leads to */
#define ENTRIES 32 /* of its dynamic section at once */

static long read_piece(int descriptor, uint64_t at, void *into, size_t size) {
    return kernel(__NR_pread64, descriptor, (long)into, (long)size, (long)at, 0, 0);
}

/* Where in the file the texts lie that the dynamic section in `part` speaks of; 0: nowhere. */
static uint64_t strings_of(int descriptor, const Elf64_Phdr *parts, int count, const Elf64_Phdr *part) {
    Elf64_Dyn entries[ENTRIES];
    for (uint64_t done = 0; done < part->p_filesz; done += sizeof entries) {
        long found = read_piece(descriptor, part->p_offset + done, entries, sizeof entries);
        for (long i = 0; i < found / (long)sizeof *entries && entries[i].d_tag != DT_NULL; i++) {
            uint64_t at = entries[i].d_un.d_ptr;
            if (entries[i].d_tag != DT_STRTAB) continue;
            for (const Elf64_Phdr *each = parts; each < parts + count; each++)
                if (each->p_type == PT_LOAD && at >= each->p_vaddr && at < each->p_vaddr + each->p_filesz)
                    return at - each->p_vaddr + each->p_offset;
        }
        if (found <= 0) break;
    }
    return 0;
}

/* Whether one of the libraries that it names refuses to be loaded second. */
static int names_sanitizer(int descriptor, const Elf64_Phdr *parts, int count) {
    Elf64_Dyn entries[ENTRIES];
    const Elf64_Phdr *part = parts;
    while (part < parts + count && part->p_type != PT_DYNAMIC) part++;
    uint64_t strings = part < parts + count ? strings_of(descriptor, parts, count, part) : 0;
    for (uint64_t done = 0; strings && done < part->p_filesz; done += sizeof entries) {
        long found = read_piece(descriptor, part->p_offset + done, entries, sizeof entries);
        if (found <= 0) break;
        for (long i = 0; i < found / (long)sizeof *entries; i++) {
            char name[8] = "";
            if (entries[i].d_tag == DT_NULL) return 0;
            if (entries[i].d_tag != DT_NEEDED) continue;
            read_piece(descriptor, strings + entries[i].d_un.d_val, name, sizeof name);
            if (starts_with(name, "libasan", 7) || starts_with(name, "libtsan", 7)) return 1;
        }
    }
    return 0;
}

/* `head` has HEAD bytes, the first `size` of them from the file. Read in pieces: a file that is cut
 * while it is mapped kills who looks at it. */
static enum follow look_into_elf(int descriptor, char *head, size_t size) {
    Elf64_Ehdr header;
    if (size < sizeof header) return IS_UNKNOWN;
    memcpy(&header, head, sizeof header);
#if defined(__x86_64__)
    int machine = EM_X86_64;
#else
    int machine = EM_AARCH64;
#endif
    if (head[EI_CLASS] != ELFCLASS64 || header.e_machine != machine) return IS_FOREIGN;
    size_t most = HEAD / sizeof(Elf64_Phdr), at = header.e_phoff;
    int count = header.e_phnum < most ? header.e_phnum : (int)most;
    size_t wanted = (size_t)count * sizeof(Elf64_Phdr);
    if (at % 8 || at > size || size - at < wanted) {
        if (read_piece(descriptor, at, head, wanted) != (long)wanted) return IS_STATIC;
        at = 0;
    }
    const Elf64_Phdr *parts = (const Elf64_Phdr *)(head + at);
    enum follow found = IS_STATIC;
    for (int i = 0; i < count; i++)
        if (parts[i].p_type == PT_INTERP) found = FOLLOWED;
    return found == FOLLOWED && names_sanitizer(descriptor, parts, count) ? IS_CHECKED : found;
}

static enum follow look_into(int folder, const char *path, int depth) {
    _Alignas(8) char head[HEAD];
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
            found = look_into_elf(descriptor, head, (size_t)count);
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
