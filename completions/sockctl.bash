# Completion of sockctl for bash: commands, options, open sockets. sockctl itself knows what may
# follow; this only translates. bash parts words at "=" and ":" too, which is mended first.
# shellcheck shell=bash

_sockctl() {
    local words=() word line candidates=() prefix='' i
    local current=${COMP_WORDS[COMP_CWORD]}
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ ${#words[@]} -gt 0 && ($word == [=:]* || ${COMP_WORDS[i - 1]} == [=:]) && $i -gt 1 ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    [[ $current == [=:] ]] && current=''
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        :files)
            compopt -o filenames 2>/dev/null
            mapfile -t -O "${#candidates[@]}" candidates < <(compgen -f -- "$current")
            ;;
        ':prefix '*)
            # Where the word is only what follows the "=", that is all that is to be replaced.
            [[ $current == --* ]] && prefix=${line#:prefix }
            ;;
        *) candidates+=("$prefix${line%%$'\t'*}") ;;
        esac
    done < <("${COMP_WORDS[0]}" __complete -- "${words[@]}" 2>/dev/null)
    COMPREPLY=("${candidates[@]}")
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}

complete -F _sockctl sockctl
