/*
 * sockd.info: what scripts can learn of the daemon that they run in.
 */
#pragma once

struct options;
struct runtime;

/*
 * Gives the module `sockd` its table `info`: version, pid, uptime, the path of the control socket
 * (NULL: there is none) and the options in force. Options and path must outlive the runtime.
 * -ENOMEM.
 */
int info_open(struct runtime *runtime, const struct options *options, const char *socket_path);
