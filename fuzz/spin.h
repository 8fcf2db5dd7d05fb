/*
 * A loop that is run step by step: by targets whose world has one.
 */
#pragma once

struct loop;
struct net;

/* Lets the loop do what is to be done now. Look-ups of threads are answered within the spin that
 * asks, however long they take: what an input does must not depend on the machine's load. */
void spin(struct loop *loop, struct net *net);
