/* Descriptors that scripts may make sockets of. See adoptable.h. */
#include "binding/adoptable.h"

#include "binding/binding_private.h"

#include <stdlib.h>
#include <string.h>

enum { ADOPTABLE_BITS = 64 };

static bool adoptable_is_detached(const struct binding *binding, int fd)
{
    size_t word = (size_t)fd / ADOPTABLE_BITS;
    return word < binding->detached_words &&
           (binding->detached[word] >> (size_t)fd % ADOPTABLE_BITS & 1) != 0;
}

bool adoptable(const struct binding *binding, int fd)
{
    if (!binding->service || binding->ffi)
        return true;
    return fd >= 0 && (adoptable_is_detached(binding, fd) ||
                       (binding->inherited != NULL && binding->inherited(fd)));
}

static bool adoptable_make_room(struct binding *binding, size_t words)
{
    if (words <= binding->detached_words)
        return true;
    uint64_t *bits = realloc(binding->detached, words * sizeof *bits);
    if (bits == NULL)
        return false;
    memset(bits + binding->detached_words, 0, (words - binding->detached_words) * sizeof *bits);
    binding->detached = bits;
    binding->detached_words = words;
    return true;
}

void adoptable_note(struct binding *binding, int fd, bool detached)
{
    size_t word = (size_t)fd / ADOPTABLE_BITS;
    uint64_t bit = UINT64_C(1) << (size_t)fd % ADOPTABLE_BITS;
    if (fd < 0 ||
        (detached ? !adoptable_make_room(binding, word + 1) : word >= binding->detached_words))
        return;
    if (detached)
        binding->detached[word] |= bit;
    else
        binding->detached[word] &= ~bit;
}

void adoptable_deinit(struct binding *binding)
{
    free(binding->detached);
    binding->detached = NULL;
    binding->detached_words = 0;
}
