#compdef mpwire
# Completion of mpwire for zsh: eval "$(mpwire completion zsh)", or this file as _mpwire in $fpath.
_mpwire() {
    local line word
    local -a open open_shown closed closed_shown
    while IFS= read -r line; do
        word=${line%%$'\t'*}
        # What ends so goes on.
        if [[ $word == *[/:=] ]]; then
            open+=("$word")
            open_shown+=("${line/$'\t'/  -- }")
        else
            closed+=("$word")
            closed_shown+=("${line/$'\t'/  -- }")
        fi
    done < <(command mpwire __complete zsh -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    (( $#open )) && compadd -l -S '' -d open_shown -a open
    (( $#closed )) && compadd -l -d closed_shown -a closed
    (( $#open + $#closed ))
}
if [[ ${funcstack[1]} == _mpwire ]]; then
    _mpwire "$@"
else
    compdef _mpwire mpwire
fi
