/* Listeners of loaded scripts; see listening.h. */
#include "binding/listening.h"

#include "binding/binding_private.h"
#include "net/heir.h"
#include "net/op.h"
#include "net/sock.h"
#include "util/error.h"

#include <lauxlib.h>

struct listening {
    struct list link;
    struct sock_closed closed;
    struct sock *sock;          /* while it is open; no reference */
    struct listening *ancestor; /* whose heir it is, until the succession; NULL: nobody's */
    struct listening *heir;
    uint64_t origin, root;
};

static struct listening *listening_of(struct list *link)
{
    return CONTAINER_OF(link, struct listening, link);
}

static void listening_free(struct listening *listening)
{
    if (listening->ancestor != NULL)
        listening->ancestor->heir = NULL;
    if (listening->heir != NULL)
        listening->heir->ancestor = NULL;
    list_unlink(&listening->closed.link);
    list_unlink(&listening->link);
    free(listening);
}

static void listening_on_close(struct sock_closed *closed)
{
    listening_free(CONTAINER_OF(closed, struct listening, closed));
}

/* NULL: no memory. */
static struct listening *listening_new(struct sock *sock, const struct fiber *fiber)
{
    struct binding *binding = vm_context(fiber_vm(fiber));
    struct listening *listening = calloc(1, sizeof *listening);
    if (listening == NULL || sock_on_close(sock, &listening->closed) < 0) {
        free(listening);
        return NULL;
    }
    listening->sock = sock;
    listening->origin = fiber_origin(fiber);
    listening->root = fiber_root(fiber);
    listening->closed.fn = listening_on_close;
    list_append(&binding->listenings, &listening->link);
    return listening;
}

static bool listening_is_noted(struct binding *binding, const struct sock *sock)
{
    LIST_FOREACH_SAFE (link, &binding->listenings)
        if (listening_of(link)->sock == sock)
            return true;
    return false;
}

void listening_enlist(lua_State *L, struct sock *sock)
{
    const struct fiber *fiber = fiber_current(L);
    if (fiber == NULL || fiber_origin(fiber) == 0 || !sock_is_open(sock) ||
        listening_is_noted(binding_of(L), sock))
        return;
    if (listening_new(sock, fiber) == NULL)
        luaL_error(L, "not enough memory");
}

/* ---- taking over ---- */

static bool listening_may_claim(const struct fiber *fiber)
{
    const struct binding *binding = vm_context(fiber_vm(fiber));
    const struct origins *origins = &binding->origins;
    return origins->loading > 0 && origins->replaces && fiber_origin(fiber) == origins->loading;
}

/* Those that an attended fiber made for itself are not the script's. */
static bool listening_is_free(const struct binding *binding, const struct listening *listening)
{
    return listening->heir == NULL && listening->origin < binding->origins.loading &&
           !binding_is_attended(binding, listening->root);
}

static bool listening_make_heir(struct listening *ancestor, const struct fiber *fiber,
                                struct sock **out)
{
    if (heir_new(ancestor->sock, fiber_owner(fiber), out) < 0)
        return false;
    struct listening *heir = listening_new(*out, fiber);
    if (heir == NULL) {
        sock_unref(*out);
        return false;
    }
    heir->ancestor = ancestor;
    ancestor->heir = heir;
    return true;
}

bool listening_claim(struct fiber *fiber, const struct address *address, struct sock **out)
{
    struct binding *binding = vm_context(fiber_vm(fiber));
    if (!listening_may_claim(fiber))
        return false;
    LIST_FOREACH_SAFE (link, &binding->listenings) {
        struct listening *listening = listening_of(link);
        if (listening_is_free(binding, listening) && heir_matches(listening->sock, address))
            return listening_make_heir(listening, fiber, out);
    }
    return false;
}

static bool listening_inherit(void *context, const struct address *address, struct sock **out)
{
    return listening_claim(context, address, out);
}

void listening_let_claim(lua_State *L, struct op *op)
{
    struct fiber *fiber = fiber_current(L);
    if (fiber != NULL && listening_may_claim(fiber))
        op_tcp_listen_inherit(op, listening_inherit, fiber);
}

/* ---- of origin.c ---- */

/* Closing one may end others, through those who hear of it; so the search begins again. */
static void listening_close_all(struct binding *binding, uint64_t root,
                                bool (*is_due)(const struct binding *binding,
                                               const struct listening *listening, uint64_t root))
{
    struct list *link = binding->listenings.next;
    while (link != &binding->listenings) {
        struct listening *listening = listening_of(link);
        bool due = is_due(binding, listening, root);
        if (due)
            sock_close(listening->sock);
        link = due ? binding->listenings.next : link->next;
    }
}

static bool listening_is_undone(const struct binding *binding, const struct listening *listening,
                                uint64_t root)
{
    (void)root;
    return listening->origin == binding->origins.loading;
}

void listening_undo(struct binding *binding)
{
    listening_close_all(binding, 0, listening_is_undone);
}

static bool listening_is_retired(const struct binding *binding, const struct listening *listening,
                                 uint64_t root)
{
    (void)root;
    return listening->origin < binding->origins.first &&
           !binding_is_attended(binding, listening->root);
}

void listening_retire(struct binding *binding)
{
    listening_close_all(binding, 0, listening_is_retired);
}

static bool listening_is_of(const struct binding *binding, const struct listening *listening,
                            uint64_t root)
{
    (void)binding;
    return listening->root == root;
}

void listening_close_brood(struct binding *binding, uint64_t root)
{
    listening_close_all(binding, root, listening_is_of);
}

/* An ancestor that closes unlinks its own note, which stands before its heir's. */
void listening_succeed(struct binding *binding)
{
    LIST_FOREACH_SAFE (link, &binding->listenings) {
        struct listening *heir = listening_of(link), *ancestor = heir->ancestor;
        if (ancestor != NULL) {
            heir->ancestor = ancestor->heir = NULL;
            heir_succeed(heir->sock, ancestor->sock);
        } else if (heir->origin == binding->origins.present) {
            heir_release(heir->sock);
        }
    }
}

void listening_forget_all(struct binding *binding)
{
    LIST_FOREACH_SAFE (link, &binding->listenings)
        listening_free(listening_of(link));
}
