# Completion of sockctl for fish: commands, options, open sockets. sockctl itself knows what may
# follow; this only translates.

function __sockctl_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l prefix ''
    for line in ($words[1] __complete -- $words[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':prefix *'
                set prefix (string replace ':prefix ' '' -- $line)
            case '*'
                echo $prefix$line
        end
    end
end

complete -c sockctl -f -a '(__sockctl_complete)'
