# Two commands: `make run` opens the globe, `make test` runs every check. Both install what is missing and may be repeated.

ARGS ?= -r assets/sample.pcap
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: run test build setup bench clean

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
