/* The filter that the kernel asks, call by call, whether we are to be asked: a program of BPF.
 *
 * Calls that are not followed are let through by their number alone: the kernel remembers those and
 * runs no filter for them at all. */

#ifndef ANEW_FILTER_H
#define ANEW_FILTER_H

#define MOST_STEPS 400
#define X32_CALL 0x40000000
#define FLAG_NEW_LISTENER (1UL << 3)
#define FLAG_WAIT_KILLABLE (1UL << 5) /* Linux 5.19: a signal does not interrupt what we look at */

struct filter {
    struct sock_filter step[MOST_STEPS];
    int length;
};


static void put(struct filter *filter, int code, uint32_t value, int yes, int no) {
    struct sock_filter step = {(uint16_t)code, (uint8_t)yes, (uint8_t)no, value};
    if (filter->length < MOST_STEPS) filter->step[filter->length++] = step;
}

static void put_answer(struct filter *filter, uint32_t answer) {
    put(filter, BPF_RET | BPF_K, answer, 0, 0);
}

#define ARGUMENT(number) ((uint32_t)(offsetof(struct seccomp_data, args) + 8 * ((number) - 1)))
#define ANSWER_ALLOW SECCOMP_RET_ALLOW
#define ANSWER_ASK SECCOMP_RET_USER_NOTIF
#define ANSWER_REFUSE (SECCOMP_RET_ERRNO | ENOSYS)

/* Steps after a call was recognised: by its flags, then by our mark. */
static void put_checks(struct filter *filter, const struct call *call, int marked) {
    uint32_t passed = 0;
    if (call->deed == REFUSED) {
        put_answer(filter, ANSWER_REFUSE);
        return;
    }
    if (call->deed == OPENS) passed = O_PATH | O_DIRECTORY;
    if (call->deed == LOOKS && call->flags) passed = AT_EMPTY_PATH;
    if (call->deed == DRAWS) passed = GRND_NONBLOCK | GRND_INSECURE;
    if (passed) {
        put(filter, BPF_LD | BPF_W | BPF_ABS, ARGUMENT(call->flags), 0, 0);
        put(filter, BPF_JMP | BPF_JSET | BPF_K, passed, 0, 1);
        put_answer(filter, ANSWER_ALLOW);
    }
    if (marked && call->deed != STARTS) {
        put(filter, BPF_LD | BPF_W | BPF_ABS, ARGUMENT(6), 0, 0);
        put(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)pass, 0, 3);
        put(filter, BPF_LD | BPF_W | BPF_ABS, ARGUMENT(6) + 4, 0, 0);
        put(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)((uint64_t)pass >> 32), 0, 1);
        put_answer(filter, ANSWER_ALLOW);
    }
    put_answer(filter, ANSWER_ASK);
}

static int is_like(const struct call *one, const struct call *other) {
    int by_flags = one->deed == OPENS || one->deed == LOOKS || one->deed == DRAWS;
    int plain = one->deed != STARTS && one->deed != REFUSED;
    if (one->deed == other->deed) return !by_flags || one->flags == other->flags;
    return plain && !by_flags && other->deed != STARTS && other->deed != REFUSED &&
           other->deed != OPENS && other->deed != LOOKS && other->deed != DRAWS;
}

/* One machine's calls: first the numbers of those that are checked alike, then their checks. */
static void put_calls(struct filter *filter, const struct call *calls, int count, int marked) {
    char done[128] = {0};
    put(filter, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
    if (marked) {
        put(filter, BPF_JMP | BPF_JGE | BPF_K, X32_CALL, 0, 1);
        put_answer(filter, ANSWER_REFUSE); /* as a kernel without them does */
    }
    for (int i = 0; i < count; i++) {
        if (done[i]) continue;
        int alike = 0, first = filter->length;
        for (int j = i; j < count; j++)
            if (!done[j] && is_like(calls + i, calls + j)) {
                done[j] = 1;
                alike++;
                put(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[j].number, 0, 0);
            }
        int jump = filter->length;
        put(filter, BPF_JMP | BPF_JA, 0, 0, 0); /* past the checks */
        int checks = filter->length;
        put_checks(filter, calls + i, marked);
        filter->step[jump].k = (uint32_t)(filter->length - checks);
        for (int k = 0; k < alike; k++)
            filter->step[first + k].jt = (uint8_t)(checks - (first + k) - 1);
    }
    put_answer(filter, ANSWER_ALLOW);
}

static void make_filter(struct filter *filter) {
    struct filter native = {.length = 0};
    filter->length = 0;
    put_calls(&native, NATIVE, NATIVE_CALLS, 1);
    put(filter, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
    put(filter, BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0);
    put(filter, BPF_JMP | BPF_JA, (uint32_t)native.length, 0, 0);
    for (int i = 0; i < native.length; i++)
        put(filter, native.step[i].code, native.step[i].k, native.step[i].jt, native.step[i].jf);
#ifdef FOREIGN_ARCH
    put(filter, BPF_JMP | BPF_JEQ | BPF_K, FOREIGN_ARCH, 1, 0);
    put_answer(filter, ANSWER_ALLOW);
    put_calls(filter, FOREIGN, FOREIGN_CALLS, 0);
#endif
    put_answer(filter, ANSWER_ALLOW);
}

/* Put this thread, and all it will start, under the filter; return the descriptor that is asked, or
 * what is wrong, below 0. `bound` says whether the rights of other users had to be given up for it. */
static int install(int *bound) {
    struct filter filter;
    make_filter(&filter);
    struct sock_fprog program = {(unsigned short)filter.length, filter.step};
    unsigned long flags = FLAG_NEW_LISTENER | FLAG_WAIT_KILLABLE;
    *bound = (int)kernel(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0, 0) == 1;
    for (;;) {
        long found = kernel(__NR_seccomp, SECCOMP_SET_MODE_FILTER, (long)flags, (long)&program, 0, 0, 0);
        if (found >= 0) return (int)found;
        if (found == -EINVAL && flags & FLAG_WAIT_KILLABLE) flags &= ~FLAG_WAIT_KILLABLE;
        else if (found == -EACCES && !*bound &&
                 !kernel(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)) *bound = 1;
        else return (int)found;
    }
}

#endif
