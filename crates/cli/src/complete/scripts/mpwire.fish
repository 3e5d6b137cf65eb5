# Completion of mpwire for fish: mpwire completion fish | source
function __mpwire_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    command mpwire __complete fish -- $words "$current" 2>/dev/null
end
complete --command mpwire --no-files --arguments '(__mpwire_complete)'
