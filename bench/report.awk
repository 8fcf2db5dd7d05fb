# One row of the results as a table: the medians of each server, in the order of their first line.
# The ratio is the median of the limit's CPU time divided by the server's, round by round.
#
#   awk -v row=ROW -v title=TITLE -f report.awk RESULTS
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

# Round by round, as far as both were measured.
function ratios(server,    limit, own, n, m, i, list) {
    n = split(values["limit", "cpu_us"], limit, " ")
    m = split(values[server, "cpu_us"], own, " ")
    for (i = 1; i <= n && i <= m; i++)
        if (own[i] > 0)
            list = list " " limit[i] / own[i]
    values[server, "ratio"] = list
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

END {
    printf "\n%s: %s\n", row, title
    if (row == "idle")
        printf "  %-11s %12s %12s %12s\n", "server", "when opened", "after use", "resident"
    else
        printf "  %-11s %9s %9s %6s %9s %9s %9s%s\n", "server", "rate/s", "CPU us", "ratio",
            "p50 us", "p99 us", "p99.9 us", row == "fair" ? "  slowest" : ""
    for (i = 1; i <= count; i++) {
        s = servers[i]
        if (row == "idle") {
            printf "  %-11s %10d B %10d B %10d B\n", s, median(s, "open_bytes"),
                median(s, "idle_bytes"), median(s, "idle_rss")
            continue
        }
        ratios(s)
        printf "  %-11s %9d %9.2f %6.2f %9.1f %9.1f %9.1f", s, median(s, "rate"),
            median(s, "cpu_us"), median(s, "ratio"), median(s, "p50_us"), median(s, "p99_us"),
            median(s, "p999_us")
        if (row == "fair")
            printf " %8.1f", median(s, "worst_us")
        printf "\n"
    }
}
