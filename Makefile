# Two commands: `make run` opens the globe, `make test` runs every check. Both install what is missing and may be repeated.

ARGS ?= -r assets/sample.pcap
TARGET := $(or $(CARGO_TARGET_DIR),target)

PREFIX ?= /usr/local
SHARE := $(DESTDIR)$(PREFIX)/share
LINKS := ra racluster rabins rasort racount rahisto rasplit rastream rastrip ralabel ranonymize ratop raconvert argus radium

.PHONY: run test build setup install uninstall bench fuzz clean

run: build
	@$(TARGET)/release/argus-globe globe $(ARGS)

build: setup
	cargo build --release --locked

setup:
	@scripts/setup.sh run

test:
	@scripts/setup.sh test
	@scripts/check.sh

# The program, links by the names of the classic tools in a folder of their own, data, manual pages and completions.
install: build
	install -D $(TARGET)/release/argus-globe $(DESTDIR)$(PREFIX)/bin/argus-globe
	mkdir -p $(SHARE)/argus-globe $(SHARE)/man/man1 $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions
	mkdir -p $(SHARE)/fish/vendor_completions.d $(DESTDIR)$(PREFIX)/lib/argus-globe/bin
	cp -R assets geo $(SHARE)/argus-globe/
	for tool in $(LINKS); do ln -sf ../../../bin/argus-globe $(DESTDIR)$(PREFIX)/lib/argus-globe/bin/$$tool; done
	$(TARGET)/release/argus-globe manual --dir $(SHARE)/man/man1
	$(TARGET)/release/argus-globe completions bash > $(SHARE)/bash-completion/completions/argus-globe
	$(TARGET)/release/argus-globe completions zsh > $(SHARE)/zsh/site-functions/_argus-globe
	$(TARGET)/release/argus-globe completions fish > $(SHARE)/fish/vendor_completions.d/argus-globe.fish

uninstall:
	rm -rf $(DESTDIR)$(PREFIX)/bin/argus-globe $(DESTDIR)$(PREFIX)/lib/argus-globe $(SHARE)/argus-globe
	rm -f $(SHARE)/man/man1/argus-globe*.1 $(SHARE)/bash-completion/completions/argus-globe
	rm -f $(SHARE)/zsh/site-functions/_argus-globe $(SHARE)/fish/vendor_completions.d/argus-globe.fish

clean:
	cargo clean

# Needs a nightly compiler and cargo-fuzz (`cargo install cargo-fuzz`); SECONDS of each target.
SECONDS ?= 120
fuzz:
	@for t in frames capture stream server conf exports filter range; do \
	  mkdir -p fuzz/corpus/$$t && cargo +nightly fuzz run $$t fuzz/corpus/$$t fuzz/seeds/$$t -- \
	    -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048 || exit 1; \
	done
