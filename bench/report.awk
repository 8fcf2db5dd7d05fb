# One row of the results as a table: the medians of each server, in the order of their first line.
# The ratio is the median of the limit's CPU time divided by the server's, round by round.
#
#   awk -v row=ROW -v title=TITLE -f medians.awk -f report.awk RESULTS

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
        ratios(s, "ratio", "cpu_us", "limit", "cpu_us", s)
        printf "  %-11s %9d %9.2f %6.2f %9.1f %9.1f %9.1f", s, median(s, "rate"),
            median(s, "cpu_us"), median(s, "ratio"), median(s, "p50_us"), median(s, "p99_us"),
            median(s, "p999_us")
        if (row == "fair")
            printf " %8.1f", median(s, "worst_us")
        printf "\n"
    }
}
