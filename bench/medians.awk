# What the reports share: the lines of results that are of the row, and medians over its rounds.
# Prepended to each by a -f of its own.
#
# A line of the results: ROW SERVER NAME=VALUE…

function median(server, name,    sorted, n, i, j, value) {
    n = split(values[server, name], sorted, " ")
    for (i = 2; i <= n; i++) {
        value = sorted[i] + 0
        for (j = i - 1; j > 0 && sorted[j] + 0 > value; j--)
            sorted[j + 1] = sorted[j]
        sorted[j + 1] = value
    }
    return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

# The value `above` of one server by that of `below` of another, round by round, as far as both were
# measured; it becomes the value `name` of `server`.
function ratios(server, name, above, above_of, below, below_of,    a, b, n, m, i, list) {
    n = split(values[above_of, above], a, " ")
    m = split(values[below_of, below], b, " ")
    for (i = 1; i <= n && i <= m; i++)
        if (b[i] > 0)
            list = list " " a[i] / b[i]
    values[server, name] = list
}

$1 == row {
    if (!($2 in known)) {
        known[$2] = 1
        servers[++count] = $2
    }
    for (i = 3; i <= NF; i++) {
        split($i, pair, "=")
        values[$2, pair[1]] = values[$2, pair[1]] " " pair[2]
    }
}
