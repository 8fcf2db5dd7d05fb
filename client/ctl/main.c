/*
 * sockctl: the sockets of sockd from the shell.
 */
#include "client/ctl/ctl.h"
#include "client/ctl/standard.h"

int main(int argc, char **argv)
{
    /* Without /dev/null there is nothing to be safe with, nor perhaps anybody to tell. */
    if (standard_fill() < 0)
        return CTL_FAILED;
    return ctl_run(argc, argv);
}
