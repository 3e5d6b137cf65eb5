# Completion of mpwire for bash: eval "$(mpwire completion bash)"
# Words, quoting and candidates are mpwire's own; readline replaces what follows the last word break.
_mpwire() {
    local candidate
    COMPREPLY=()
    while IFS= read -r candidate; do
        COMPREPLY+=("$candidate")
    done < <(command mpwire __complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
}
complete -o nospace -F _mpwire mpwire
