#!/bin/sh
# What a person does with the installed Parley, on a screen that nobody sees and without a network.
set -eu

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
entry=/usr/share/applications/parley-desktop.desktop
model="$(ls /usr/lib/parley/starter/*.gguf)"

# A double click: the type by the name and by the first bytes, and the program for it.
cp "$model" "$HOME/model.gguf"
head -c 4096 "$model" > "$HOME/no-name"
for file in model.gguf no-name; do
    gio info -a standard::content-type "$HOME/$file" | grep -q 'application/x-gguf' || fail "$file has another type"
done
gio mime application/x-gguf | grep -q parley-desktop.desktop || fail "no program opens a model file"

# The menu: what its entry says is started, and the window is the entry's.
Xvfb :7 -screen 0 1280x900x24 -nolisten tcp > "$HOME/xvfb.log" 2>&1 &
export DISPLAY=:7 NO_AT_BRIDGE=1 DBUS_SESSION_BUS_ADDRESS=disabled: GSETTINGS_BACKEND=memory
for _ in $(seq 100); do [ -e /tmp/.X11-unix/X7 ] && break; sleep 0.1; done
class="$(sed -n 's/^StartupWMClass=//p' "$entry")"
gtk-launch parley-desktop
window=
for _ in $(seq 300); do
    window="$(xdotool search --onlyvisible --class "^$class\$" || true)"
    [ -n "$window" ] && break
    sleep 0.2
done
[ -n "$window" ] || fail "the menu's entry opens no window of the class $class"
[ "$(xdotool getwindowname "$window")" = Parley ] || fail "the window has another title"
pkill -TERM -x parley-desktop
for _ in $(seq 100); do pgrep -x parley-desktop > /dev/null || break; sleep 0.1; done
pgrep -x parley-desktop > /dev/null && fail "it does not end"

# A conversation in the window, driven: with the program of the entry, and the worker and the model that came with it.
program="$(command -v "$(sed -n 's/^Exec=\([^ ]*\).*/\1/p' "$entry")")"
PARLEY_DESKTOP="$program" PARLEY_SCREENS=/opt/check/screens /opt/check/window --include-ignored installed:: \
    || fail "no conversation in the window"

# And on the command line, in the home where everything goes that is no test's.
answer="$(parley chat --once 'What is the capital of France?' --temperature 0 --max-tokens 40)"
[ -n "$answer" ] || fail "no answer on the command line"
printf 'parley chat: %s\n' "$answer"

# What is said to stay after a removal is all there is.
elsewhere="$(find "$HOME" -iname '*parley*' ! -path "$HOME/.local/share/parley*" ! -path "$HOME/.config/parley*" ! -path "$HOME/.cache/parley*")"
[ -z "$elsewhere" ] || fail "Parley keeps something elsewhere: $elsewhere"

man=/usr/share/man/man1/parley.1.gz
zcat "$man" | grep -q 'parley chat' || fail "the manual is empty"
