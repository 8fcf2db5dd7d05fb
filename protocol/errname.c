/*
 * The names and sentences of errors. See errname.h.
 */
#include "protocol/errname.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

/* Linux's numbers end at 133; the room above costs nothing. */
enum { LAST_ERRNO = 255 };

struct alias {
    const char *name;
    int number;
};

/* Second names of a number, which glibc does not give back. */
static const struct alias errno_aliases[] = {
    {"EWOULDBLOCK", EWOULDBLOCK},
    {"EDEADLOCK", EDEADLOCK},
    {"ENOTSUP", ENOTSUP},
};

/* The sentences are glibc's own, which it translates when asked through gai_strerror(3). */
static const struct {
    const char *name;
    int code;
    const char *text;
} eai_codes[] = {
    {"EAI_BADFLAGS", EAI_BADFLAGS, "Bad value for ai_flags"},
    {"EAI_NONAME", EAI_NONAME, "Name or service not known"},
    {"EAI_AGAIN", EAI_AGAIN, "Temporary failure in name resolution"},
    {"EAI_FAIL", EAI_FAIL, "Non-recoverable failure in name resolution"},
    {"EAI_NODATA", EAI_NODATA, "No address associated with hostname"},
    {"EAI_FAMILY", EAI_FAMILY, "ai_family not supported"},
    {"EAI_SOCKTYPE", EAI_SOCKTYPE, "ai_socktype not supported"},
    {"EAI_SERVICE", EAI_SERVICE, "Servname not supported for ai_socktype"},
    {"EAI_ADDRFAMILY", EAI_ADDRFAMILY, "Address family for hostname not supported"},
    {"EAI_MEMORY", EAI_MEMORY, "Memory allocation failure"},
    {"EAI_SYSTEM", EAI_SYSTEM, "System error"},
    {"EAI_OVERFLOW", EAI_OVERFLOW, "Result too large for supplied buffer"},
    {"EAI_CANCELED", EAI_CANCELED, "Request canceled"},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int same(const char *name, const char *bytes, size_t size)
{
    return strlen(name) == size && memcmp(name, bytes, size) == 0;
}

const char *errname_of(int error)
{
    return error > 0 ? strerrorname_np(error) : NULL;
}

const char *errname_text(int error)
{
    const char *text = error > 0 ? strerrordesc_np(error) : NULL;

    return text ? text : "Unknown error";
}

int errname_number(const char *name, size_t size)
{
    for (int number = 1; number <= LAST_ERRNO; number++) {
        const char *known = strerrorname_np(number);
        if (known && same(known, name, size))
            return number;
    }
    for (size_t i = 0; i < LENGTH(errno_aliases); i++) {
        if (same(errno_aliases[i].name, name, size))
            return errno_aliases[i].number;
    }
    return 0;
}

const char *errname_of_eai(int code)
{
    for (size_t i = 0; i < LENGTH(eai_codes); i++) {
        if (eai_codes[i].code == code)
            return eai_codes[i].name;
    }
    return NULL;
}

const char *errname_eai_text(int code)
{
    for (size_t i = 0; i < LENGTH(eai_codes); i++) {
        if (eai_codes[i].code == code)
            return eai_codes[i].text;
    }
    return "Unknown error in name resolution";
}

int errname_eai_number(const char *name, size_t size)
{
    for (size_t i = 0; i < LENGTH(eai_codes); i++) {
        if (same(eai_codes[i].name, name, size))
            return eai_codes[i].code;
    }
    return 0;
}
