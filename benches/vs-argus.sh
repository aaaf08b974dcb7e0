#!/usr/bin/env bash
# Builds the release program and its examples, then prints how the sensor compares with the classic one and with a bare
# libpcap loop: processor time, memory, growth. See vs-argus.py.
# usage: benches/vs-argus.sh [RUNS]
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --locked --release --no-default-features --features live,codecs --bins --examples
benches/vs-argus.py "${CARGO_TARGET_DIR:-target}/release" "${1:-5}"
