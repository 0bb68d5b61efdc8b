#!/bin/sh
# Draws the PNGs from parley.svg (needs chromium). The PNGs are committed, so that a build does not need it.
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
draw 256 128x128@2x.png
draw 512 icon.png
