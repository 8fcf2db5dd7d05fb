/*
 * sockctl: the sockets of sockd from the shell.
 */
#include "client/ctl/ctl.h"

int main(int argc, char **argv)
{
    return ctl_run(argc, argv);
}
