# make is the only entry. The first run installs what is missing (scripts/setup), and every target ends with a clean tree.
SHELL   := /bin/bash
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# SQLite is built with its full-text search, FTS5, which the gazetteer needs.
export GOFLAGS := -tags=sqlite_fts5
LDFLAGS := -s -w -X main.version=$(VERSION)
BUILD   := go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)'
IMAGE   := terrane:$(VERSION)

# How long each fuzz target runs.
FUZZTIME ?= 20s

.DEFAULT_GOAL := build
.PHONY: build serveonly release demo test check race fuzz bench golden e2e conformance image clean setup-build setup-test setup-conformance

setup-build:
	@scripts/setup build

setup-test:
	@scripts/setup test

setup-conformance:
	@scripts/setup conformance

build: setup-build ## bin/terrane
	$(BUILD) -o bin/terrane ./cmd/terrane

serveonly: setup-build ## bin/terrane-serveonly: serves, imports, exports and verifies; no GDAL
	$(BUILD) -tags serveonly,sqlite_fts5 -o bin/terrane-serveonly ./cmd/terrane

release: ## Debian package, tarballs, SBOM and checksums in dist/
	scripts/release

demo: build ## makes an island, tiles it, serves it and prints the viewer's address
	bin/terrane demo

test: setup-test ## everything that has to hold before a commit, the browser included
	go vet -tags e2e,sqlite_fts5 ./...
	go test ./...
	$(MAKE) --no-print-directory e2e

e2e: setup-test ## the built program with CesiumJS in a real browser; pictures in e2e/out
	go test -tags e2e,sqlite_fts5 -count=1 -timeout 30m ./e2e/...

check: setup-test ## form, vet, staticcheck, tests, a build without GDAL
	@form=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); [ -z "$$form" ] || { echo "gofmt: $$form"; exit 1; }
	go vet -tags e2e,sqlite_fts5 ./...
	scripts/staticcheck ./...
	go build -tags serveonly,sqlite_fts5 -o /dev/null ./cmd/terrane
	go test ./...

race: setup-test ## the tests under the race detector
	go test -race -timeout 20m ./...

fuzz: setup-build ## every fuzz target for FUZZTIME
	scripts/fuzz $(FUZZTIME)

bench: setup-test build ## Go benchmarks, then the program against its references
	go test -run '^$$' -bench . -benchmem ./...
	go run ./scripts/bench

conformance: setup-conformance build ## OGC's executable test suites against the built program; scripts/conformance/run says more
	scripts/conformance/run

golden: setup-build ## rewrites the golden files; read the difference before you commit it
	go test $$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -r -n1 dirname | sort -u) -update
	git --no-pager diff --stat

image: ## container images: the program, and the one that only serves
	docker build --build-arg VERSION=$(VERSION) -t $(IMAGE) -t terrane:latest .
	docker build --build-arg VERSION=$(VERSION) --target serveonly -t $(IMAGE)-serveonly -t terrane:serveonly .

clean: ## what make made
	rm -rf bin dist e2e/out e2e/node_modules internal/server/web/bundle/cesium.zip
