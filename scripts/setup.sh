#!/usr/bin/env bash
# Installs the Debian packages that building, running and testing need. Safe to repeat; asks apt only for what is missing.
# usage: scripts/setup.sh run | test
set -euo pipefail

# Building: a C compiler, and libpcap to link against.
packages=(build-essential pkg-config libpcap-dev)
# Running the globe: Vulkan (with a software renderer where there is no GPU) and the X libraries it opens at run time.
packages+=(libvulkan1 mesa-vulkan-drivers libx11-6 libx11-xcb1 libxcursor1 libxi6 libxrandr2 libxkbcommon-x11-0)
if [ "${1:-run}" = test ]; then
  # The reference programs and what drives a real window.
  packages+=(argus-server argus-client xvfb xdotool imagemagick tmux python3 iproute2 procps)
fi

missing=()
for p in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q '^install ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing: ${missing[*]}"
  if ! command -v apt-get >/dev/null; then
    echo "this needs Debian's apt-get; on other systems install: ${missing[*]}" >&2
    exit 1
  fi
  root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "not root and no sudo: install as root: apt-get install ${missing[*]}" >&2; exit 1; }
    root=(sudo)
  fi
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if ! command -v cargo >/dev/null; then
  echo "cargo not found: install Rust 1.95 or later (https://rustup.rs), then run this again" >&2
  exit 1
fi
