# fish completion for fleet: fleet completion fish >~/.config/fish/completions/fleet.fish
function __fleet_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    for line in (fleet __complete fish $words "$current" 2>/dev/null)
        switch $line
            case ':file'
                __fish_complete_path "$current"
            case ':dir'
                __fish_complete_directories "$current"
            case '*'
                echo $line
        end
    end
end
complete -c fleet -f -k -a '(__fleet_complete)'
