/* Whom a program calls on the network, from the address it gives to the kernel. */

#ifndef ANEW_ADDRESSES_H
#define ANEW_ADDRESSES_H

static char *put_hex(char *at, unsigned number) {
    int begun_number = 0;
    for (int shift = 12; shift >= 0; shift -= 4) {
        unsigned digit = number >> shift & 15;
        begun_number |= digit || !shift;
        if (begun_number) *at++ = "0123456789abcdef"[digit];
    }
    return at;
}

/* Write an address of the internet as text; return its end, or `at` where it is none. */
static char *put_address(char *at, const struct sockaddr *address, size_t length, unsigned *port) {
    if (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        const unsigned char *part = (const unsigned char *)&in->sin_addr;
        for (int i = 0; i < 4; i++) {
            if (i) *at++ = '.';
            at = put_number(at, part[i]);
        }
        *port = (unsigned)(in->sin_port >> 8 & 255) | (unsigned)(in->sin_port & 255) << 8;
    } else if (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)address;
        const unsigned char *part = in->sin6_addr.s6_addr;
        for (int i = 0; i < 8; i++) {
            if (i) *at++ = ':';
            at = put_hex(at, (unsigned)part[2 * i] << 8 | part[2 * i + 1]);
        }
        *port = (unsigned)(in->sin6_port >> 8 & 255) | (unsigned)(in->sin6_port & 255) << 8;
    }
    return at;
}

static int is_new_call(uint64_t kind, const char *host, size_t length, uint64_t rest) {
    struct told told = {.name_length = length};
    told.name = host;
    return is_new(mixed(mixed(kind, rest), hash_of(&told, 1)));
}

#ifdef ANEW_FOLLOWER
#define PUT_CODE(caller, into) 0 /* seen from outside: nobody knows which code called */
#else
#define PUT_CODE(caller, into) (journal.quiet ? 0 : file_at(caller, into, sizeof into))
#endif

/* Tell that the code at the address `caller` calls somebody. */
static void tell_called(const struct sockaddr *address, size_t length, int error, uintptr_t caller) {
    char host[64], code[256] = "";
    unsigned port = 0;
    if (length < sizeof(sa_family_t)) return;
    if (address->sa_family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)address;
        size_t size = strnlen(un->sun_path, length - offsetof(struct sockaddr_un, sun_path));
        if (size && is_new(mixed(mixed(99, size), (unsigned char)un->sun_path[size - 1])))
            tell(CONNECTED, 'u', self(), un->sun_path, size, "", 0, 0, 0);
        return;
    }
    size_t size = (size_t)(put_address(host, address, length, &port) - host);
    if (!size || !is_new_call(98, host, size, mixed(port, caller >> 12))) return;
    size_t named = PUT_CODE(caller, code);
    tell(CONNECTED, address->sa_family == AF_INET ? '4' : '6', self(), host, size, code, named, port,
         error);
}

#endif
