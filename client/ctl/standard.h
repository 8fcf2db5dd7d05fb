/*
 * Standard input, output and error of a caller that may have closed them.
 */
#ifndef CTL_STANDARD_H
#define CTL_STANDARD_H

/*
 * Opens each of the descriptors 0 to 2 that is closed, the wrong way round: input for writing,
 * output for reading. Nothing else that the program opens can then take its number, and who uses
 * it still fails with EBADF. To be called first of all. 0, or a negative errno of open(2).
 */
int standard_fill(void);

/* Whether standard output takes bytes: 0, or -EBADF. */
int standard_check_output(void);

#endif
