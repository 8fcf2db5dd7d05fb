# One row of bulk.sh's results as a table: the medians of each way, in the order of their first line.
#
#   awk -v row=ROW -v title=TITLE -f medians.awk -f bulk.awk RESULTS

END {
    printf "\n%s: %s\n", row, title
    printf "  %-11s %8s %6s %14s %14s %6s\n", "way", "MiB/s", "speed", "daemon us/MiB",
        "client us/MiB", "ratio"
    for (i = 1; i <= count; i++) {
        s = servers[i]
        ratios(s, "speed", "rate", s, "rate", "direct")
        ratios(s, "ratio", "cpu_us", "direct", "cpu_us", s)
        printf "  %-11s %8d %6.2f %14.1f %14.1f %6.2f\n", s, median(s, "rate"),
            median(s, "speed"), median(s, "daemon_us"), median(s, "client_us"),
            median(s, "ratio")
    }
}
