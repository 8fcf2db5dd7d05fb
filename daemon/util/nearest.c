/* The closest name, by the number of letters to insert, remove, replace or swap; see nearest.h. */
#include "util/nearest.h"

#include <stdbool.h>
#include <string.h>
#include <sys/param.h>

/* Longer words are not worth the work; nobody means them. */
enum { NEAREST_MOST = 48 };

void nearest_init(struct nearest *nearest, const char *word, size_t length)
{
    /* Up to a third of the letters may be wrong, and one always. */
    *nearest = (struct nearest){word, length, NULL, (length + 2) / 3 + 1};
}

/* The next row of the table of distances; `rows` are the two before it and itself. */
static void next_row(size_t *rows[3], const char *a, size_t i, const char *b, size_t length)
{
    rows[2][0] = i;
    for (size_t j = 1; j <= length; j++) {
        size_t replaced = rows[1][j - 1] + (a[i - 1] != b[j - 1]);
        size_t shifted = MIN(rows[1][j], rows[2][j - 1]) + 1;
        rows[2][j] = MIN(replaced, shifted);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            rows[2][j] = MIN(rows[2][j], rows[0][j - 2] + 1);
    }
}

static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t memory[3][NEAREST_MOST + 1];
    size_t *rows[3] = {memory[0], memory[1], memory[2]};
    for (size_t j = 0; j <= b_length; j++)
        rows[1][j] = rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        next_row(rows, a, i, b, b_length);
        size_t *oldest = rows[0];
        rows[0] = rows[1];
        rows[1] = rows[2];
        rows[2] = oldest;
    }
    return rows[1][b_length];
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t length = strlen(name);
    if (length > NEAREST_MOST || nearest->length > NEAREST_MOST || nearest->length == 0)
        return;
    size_t found = distance(nearest->word, nearest->length, name, length);
    bool as_good = nearest->best && found == nearest->distance;
    if (found >= length || (found >= nearest->distance && !as_good) ||
        (as_good && strcmp(name, nearest->best) >= 0))
        return;
    nearest->best = name;
    nearest->distance = found;
}
