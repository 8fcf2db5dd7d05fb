/*
 * Reloads from outside: SIGHUP asks for them, the log and the service manager are told of them,
 * whoever asked.
 */
#pragma once

struct loop;
struct reload;
struct runtime;

/* Listens for SIGHUP. `place` is where the daemon serves, for the service manager; it must outlive
 * this. -ENOMEM. */
int reload_new(struct reload **out, struct loop *loop, struct runtime *runtime, const char *place);

/* Before the runtime is freed. NULL is allowed. */
void reload_free(struct reload *reload);

/* The first generation stands and the daemon is ready. A SIGHUP that came before is obeyed now. */
void reload_ready(struct reload *reload);

/* The daemon ends: a change that is under way is undone, and none follows. */
void reload_end(struct reload *reload);
