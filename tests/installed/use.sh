#!/bin/sh
# What a person does with the installed Parley, on a screen that nobody sees and without a network.
set -eu

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
entry=/usr/share/applications/parley-desktop.desktop
model="$(ls /usr/lib/parley/starter/*.gguf)"
desktop-file-validate "$entry" || fail "the menu's entry has a fault"

# A double click: the type by the name and by the first bytes, and the program for it.
cp "$model" "$HOME/model.gguf"
head -c 4096 "$model" > "$HOME/no-name"
for file in model.gguf no-name; do
    gio info -a standard::content-type "$HOME/$file" | grep -q 'application/x-gguf' || fail "$file has another type"
done
gio mime application/x-gguf | grep -q parley-desktop.desktop || fail "no program opens a model file"

# Waits for what must come; its first word is how many fifths of a second at most.
soon() {
    left="$1"; shift
    while ! "$@" > /dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.2
    done
}
gone() { ! pgrep -x parley-desktop; }
end() {
    pkill -TERM -x parley-desktop
    soon 100 gone || fail "the window does not end"
}

# The menu: what its entry says is started, and the window is the entry's.
Xvfb :7 -screen 0 1280x900x24 -nolisten tcp > "$HOME/xvfb.log" 2>&1 &
export DISPLAY=:7 NO_AT_BRIDGE=1 DBUS_SESSION_BUS_ADDRESS=disabled: GSETTINGS_BACKEND=memory
soon 100 [ -e /tmp/.X11-unix/X7 ]
class="$(sed -n 's/^StartupWMClass=//p' "$entry")"
find_window() { xdotool search --onlyvisible --class "^$class\$"; }
gtk-launch parley-desktop
soon 300 find_window || fail "the menu's entry opens no window of the class $class"
[ "$(xdotool getwindowname "$(find_window)")" = Parley ] || fail "the window has another title"
end

# A double click on a model file: the window opens with it. (One letter more makes it another model than the starter.)
printf x >> "$HOME/model.gguf"
gio open "$HOME/model.gguf"
listed() { parley list | grep -qF "$HOME/model.gguf"; }
soon 300 listed || fail "a model file that was opened is not in the library"
end

# A conversation in the window, driven: with the program of the entry, and the worker and the model that came with it.
program="$(command -v "$(sed -n 's/^Exec=\([^ ]*\).*/\1/p' "$entry")")"
PARLEY_DESKTOP="$program" PARLEY_SCREENS=/opt/check/screens /opt/check/window --include-ignored installed:: \
    || fail "no conversation in the window"

# And on the command line, in the home where everything goes that is no test's.
answer="$(parley chat --once 'What is the capital of France?' --model 'SmolLM2 135M Instruct' --temperature 0 --max-tokens 40)"
[ -n "$answer" ] || fail "no answer on the command line"
printf 'parley chat: %s\n' "$answer"

# What is said to stay after a removal is all there is.
elsewhere="$(find "$HOME" -iname '*parley*' ! -path "$HOME/.local/share/parley*" ! -path "$HOME/.config/parley*" ! -path "$HOME/.cache/parley*")"
[ -z "$elsewhere" ] || fail "Parley keeps something elsewhere: $elsewhere"

man=/usr/share/man/man1/parley.1.gz
zcat "$man" | grep -q 'parley chat' || fail "the manual is empty"
