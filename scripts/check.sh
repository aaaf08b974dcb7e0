#!/usr/bin/env bash
# Every check, in order; the first that fails ends the run.
set -euo pipefail
cd "$(dirname "$0")/.."

core=(--no-default-features --features live,codecs,tls)
step() { printf '\n== %s\n' "$*"; "$@"; }

step cargo fmt --all --check
step cargo clippy --locked --all-targets "${core[@]}" -- -D warnings
step cargo test --locked "${core[@]}"
step cargo clippy --locked --all-targets -- -D warnings
step cargo test --locked --lib --test globe
RUSTDOCFLAGS="-D warnings" step cargo doc --locked --no-deps
