#!/bin/sh
# Installs Parley's .deb in a Debian of its own, has it used without a network, and removes it: `cargo xtask package --check`.
# As root: debian.sh WORK DEB TESTS, where WORK is a folder for the Debian, TESTS the built tests of the window. WORK/screens gets
# the pictures. Nothing outside of WORK is changed.
set -eu

work="$1" deb="$2" tests="$3"
here="$(cd "$(dirname "$0")" && pwd)"
base="$work/debian.tar"
system="$work/debian"
release=bookworm
mirror=http://deb.debian.org/debian
tools='xvfb xdotool webkit2gtk-driver libgtk-3-bin libglib2.0-bin desktop-file-utils iproute2 procps fonts-inter fonts-noto-cjk'
owner="$(stat --format %u:%g "$work")"

say() { printf '\n--> %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
# Runs its words in the Debian, in namespaces that end with them; `private` is unshare's own, such as --net.
inside() {
    # shellcheck disable=SC2086
    unshare --mount --pid --fork --kill-child ${private:-} sh -c '
        root="$1"; shift
        mount -t proc proc "$root/proc"
        mount -t tmpfs tmpfs "$root/dev/shm"
        exec chroot "$root" env -i HOME=/root TERM=dumb LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"' inside "$system" "$@"
}
apt() { inside apt-get -qq -o Dpkg::Use-Pty=0 -y --no-install-recommends "$@"; }
forget() { rm -rf --one-file-system "$system"; }

mkdir -p "$work/screens"
forget
trap forget EXIT
if [ ! -f "$base" ]; then
    say "Making a Debian $release"
    debootstrap --variant=minbase "$release" "$system" "$mirror" > "$work/debootstrap.log"
    echo "deb http://deb.debian.org/debian-security $release-security main" >> "$system/etc/apt/sources.list"
    apt update
    # Kept for the next time, so that these are fetched once.
    # shellcheck disable=SC2086
    apt install --download-only libwebkit2gtk-4.1-0 $tools
    tar -C "$system" -cf "$base.new" .
    mv "$base.new" "$base"
    chown "$owner" "$base"
else
    mkdir "$system"
    tar -C "$system" -xf "$base"
fi
cp /etc/resolv.conf "$system/etc/resolv.conf"
inside useradd --create-home --shell /bin/sh person
mkdir -p "$system/opt/check/screens"
cp "$deb" "$system/opt/check/parley.deb"
cp "$tests" "$system/opt/check/window"
cp "$here/use.sh" "$system/opt/check/use.sh"
chmod -R a+rX "$system/opt/check"
chmod 777 "$system/opt/check/screens"

say "Installing the package by apt"
apt update
apt install /opt/check/parley.deb
for program in /usr/bin/parley-desktop /usr/bin/parley /usr/lib/parley/parley-worker; do
    missing="$(inside ldd "$program" | grep 'not found' || true)"
    [ -z "$missing" ] || fail "$program lacks what no dependency brings: $missing"
done
files="$(inside dpkg-query --listfiles parley-desktop)"

say "Installing what it is looked at with"
# shellcheck disable=SC2086
apt install $tools

say "Using it without a network"
# The shell stays, as the first process: it takes leave of those that lose their parents.
private=--net inside sh -c '
    ip link set lo up
    [ -z "$(ip route)" ] || exit 1
    su --login person --command "sh /opt/check/use.sh" || exit 1
    exit 0' || fail "it cannot be used"
cp "$system"/opt/check/screens/* "$work/screens/"
chown -R "$owner" "$work/screens"

# What stands after a removal in the system's own folders, of the package's files and by name.
left() {
    for file in $files; do
        [ -d "$system$file" ] || [ ! -e "$system$file" ] || echo "$file"
    done
    find "$system/usr" "$system/etc" "$system/var" "$system/root" -iname '*parley*' ! -path '*/dpkg/info/*' | sed "s|^$system||"
    grep -rl 'x-gguf' "$system/usr/share/mime" "$system/usr/share/applications" | sed "s|^$system||" || true
}
# Removes in a language, and holds what it says against what is left.
gone() {
    said="$(inside env LC_ALL="$2" apt-get -y "$1" parley-desktop 2>&1)" || fail "$said"
    for folder in .local/share/parley .config/parley .cache/parley "$3"; do
        case "$said" in *"$folder"*) ;; *) fail "$1 does not say $folder: $said" ;; esac
    done
    [ -z "$(left)" ] || fail "$1 leaves: $(left)"
    [ -s "$system/home/person/.local/share/parley/history.db" ] || fail "$1 took the conversations"
    printf '%s\n' "$said" | sed -n '/Parley/,$p'
}
say "Removing it"
gone remove C.UTF-8 'The conversations'
say "Purging it"
gone purge zh_TW.UTF-8 '家目錄'
left_info="$(find "$system/var/lib/dpkg/info" -name 'parley*')"
[ -z "$left_info" ] || fail "purge leaves $left_info"
say "Installed, used, removed: nothing is left but the person's own data"
