#!/bin/sh
# Draws the PNGs from parley.svg (needs chromium), and from the largest the icons of macOS and Windows (by Tauri's
# command line). What is drawn is committed, so that a build needs neither.
set -eu
cd "$(dirname "$0")"
draw() {
    page="$(mktemp --suffix .html)"
    printf '<!doctype html><style>body{margin:0}img{display:block}</style><img width=%s height=%s src="file://%s/parley.svg">' "$1" "$1" "$PWD" > "$page"
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --default-background-color=00000000 \
        --window-size="$1,$1" --screenshot="$PWD/$2" "file://$page" 2> /dev/null
    rm "$page"
}
draw 32 32x32.png
draw 128 128x128.png
draw 256 256x256.png
draw 512 icon.png
drawn="$(mktemp -d)"
../../ui/node_modules/.bin/tauri icon icon.png --output "$drawn"
cp "$drawn/icon.icns" "$drawn/icon.ico" .
rm -r "$drawn"
