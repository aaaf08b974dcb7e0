# Two commands: `make run` opens the globe, `make test` runs every check. Both install what is missing and may be repeated.

ARGS ?= -r assets/sample.pcap
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: run test build setup bench fuzz clean

run: build
	@$(TARGET)/release/argus-globe globe $(ARGS)

build: setup
	cargo build --release --locked

setup:
	@scripts/setup.sh run

test:
	@scripts/setup.sh test
	@scripts/check.sh

clean:
	cargo clean

# Needs a nightly compiler and cargo-fuzz (`cargo install cargo-fuzz`); SECONDS of each target.
SECONDS ?= 120
fuzz:
	@for t in frames capture stream server conf filter range; do \
	  mkdir -p fuzz/corpus/$$t && cargo +nightly fuzz run $$t fuzz/corpus/$$t fuzz/seeds/$$t -- \
	    -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048 || exit 1; \
	done
