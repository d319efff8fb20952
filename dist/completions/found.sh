# What bash and zsh share: functions that print candidates, one a line. What ar-daemon and ar-ctl take was filled in when
# they were built; styles, cameras and screens are looked up now. The shell's own part has _ar_files, which completes a path.

_ar_styles() {
    {
        timeout 1 ar-ctl style 2>/dev/null | sed 's/^..//'
        find '@styles@' -maxdepth 1 -name '*.safetensors' 2>/dev/null | sed 's|.*/||; s|\.safetensors$||'
    } | sort -u
}

_ar_devices() {
    find '@root@/dev/v4l/by-id' '@root@/dev' -maxdepth 1 \( -path '*/by-id/*' -o -name 'video[0-9]*' \) 2>/dev/null |
        sed 's|^@root@||'
}

_ar_connectors() {
    find '@root@/sys/class/drm' -maxdepth 1 -name 'card*-*' 2>/dev/null | sed 's|.*/card[0-9]*-||'
}

_ar_words_of_key() {
    case $1 in
@sh_keys@
    esac
}

_ar_words_of_flag() {
    case $1 in
@sh_flags@
    esac
}

_ar_words_of_command() {
    case $1 in
@sh_commands@
    esac
}

# _ar_assignment WORD: KEY=, or KEY=VALUE once the key is there.
_ar_assignment() {
    case $1 in
    *=*) _ar_words_of_key "${1%%=*}" | _ar_found "${1#*=}" | sed "s|^|${1%%=*}=|" ;;
    *) _ar_keys | sed 's/$/=/' ;;
    esac
}

# Of words on standard input: each itself; @KIND, what there is of that kind now; @WORD:KIND, that with WORD: before it.
_ar_found() {
    local word prefix
    while IFS= read -r word; do
        prefix=
        case $word in
        @*:*) prefix=${word%%:*}: prefix=${prefix#@} word=@${word#*:} ;;
        esac
        case $word in
        @styles) _ar_styles ;;
        @devices) _ar_devices ;;
        @connectors) _ar_connectors ;;
        @keys) _ar_keys ;;
        @assignments) _ar_assignment "$1" ;;
        @files) _ar_files "${1#"$prefix"}" ;;
        *) printf '%s\n' "$word" ;;
        esac | sed "s|^|$prefix|"
    done
}

# _ar_daemon_found FLAG WORD: for the value of a flag.
_ar_daemon_found() {
    local word
    for word in $(_ar_words_of_flag "$1"); do
        case $word in
        @*) printf '%s\n' "$word" ;;
        *) _ar_words_of_key "$word" ;;
        esac
    done | _ar_found "$2"
}

# _ar_ctl_found COMMAND WORD-BEFORE WORD: for an argument of a command.
_ar_ctl_found() {
    case $(_ar_keys) in
    *"$2"*) [ "$1" = "$2" ] || _ar_words_of_key "$2" | _ar_found "$3" ;;
    esac
    _ar_words_of_command "$1" | _ar_found "$3"
}
