/*
 * Whether the control socket can still be reached. Somebody who tidies up may remove its file while
 * the daemon runs; then it is made anew, and nobody needs to restart anything.
 */
#pragma once

struct control;
struct door;
struct loop;
struct rpc;

/* Looks at the file every few seconds from now on. -ENOMEM. */
int door_new(struct door **out, struct loop *loop, struct control *control, struct rpc *rpc);

/* NULL is allowed. */
void door_free(struct door *door);
