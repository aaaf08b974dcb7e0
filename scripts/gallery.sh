#!/usr/bin/env bash
# Draws the pictures of docs/gallery.md from the bundled sample: scripts/gallery.sh [PROGRAM]
# Needs ImageMagick (Debian: imagemagick) to crop them and to keep each below 300 kB.
set -euo pipefail
cd "$(dirname "$0")/.."

program=${1:-${CARGO_TARGET_DIR:-target}/release/argus-globe}
out=docs/gallery
raw=$(mktemp -d)
trap 'rm -rf "$raw"' EXIT
mkdir -p "$out"

# draw NAME OPTION...: a picture, not yet small.
draw() {
    local name=$1
    shift
    "$program" globe --config /dev/null "$@" --screenshot "$raw/$name.png"
}

# shot NAME OPTION...: the same of the sample.
shot() {
    local name=$1
    shift
    draw "$name" --read assets/sample.pcap --size 1120x680 "$@"
}

# small NAME [CONVERT-OPTION...]: fewer colours, then fewer pixels, until it is small enough.
small() {
    local name=$1 scale
    shift
    for scale in 100 92 84 76 68; do
        convert "$raw/$name.png" "$@" -resize "$scale%" -strip -colors 255 \
            -define png:compression-level=9 "PNG8:$out/$name.png"
        [ "$(stat -c %s "$out/$name.png")" -le 300000 ] && return
    done
    echo "gallery: $name.png stays above 300 kB" >&2
    exit 1
}

america=25,-75,13000
shot day --at +100s --view "$america"
shot night --at +100s --view 28,105,13000
shot city --at end --view 47.2,8.3,900
shot replay --at +75s --view 42,-20,11000 --layers +table
shot wall --at +100s --view 38,-15,12000 --wall
shot flat --at +100s --projection flat
shot heat --at +100s --projection flat --layers +heat,-arcs,-clouds,-legend
shot light --at +100s --view "$america" --theme light
shot contrast --at +100s --view "$america" --theme contrast
shot nightshift --at +100s --view "$america" --theme night
shot lightmap --at +100s --projection flat --theme light
for name in day night city replay wall flat heat light contrast nightshift lightmap; do small "$name"; done

# The legend as other eyes see it, in every theme: one row per theme, one column per way of seeing.
rows=()
for theme in dark light contrast night; do
    row=()
    for vision in usual protanopia deuteranopia tritanopia grey; do
        see=()
        [ "$vision" = usual ] || see=(--vision "$vision")
        draw "legend-$vision" --synthetic pins=2,arcs=0 --theme "$theme" --layers legend --size 560x460 "${see[@]}"
        convert "$raw/legend-$vision.png" -crop 256x188+56+214 +repage "$raw/legend-$vision.png"
        row+=("$raw/legend-$vision.png")
    done
    convert "${row[@]}" +append "$raw/row-$theme.png"
    rows+=("$raw/row-$theme.png")
done
convert "${rows[@]}" -append "$raw/legend.png"
small legend
