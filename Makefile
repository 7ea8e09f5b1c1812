# The door. `make run` and `make test` do all their own set-up on a bare
# Debian 12; every target is a line or two, the work is in meson and tools/.
.DEFAULT_GOAL := help
.PHONY: help deps build run clean-run test lint format bench bench-capture \
	bench-ocr bench-ingest bench-agent bench-pages fuzz test-tsan test-stack test-crash clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

deps: ## install what the build needs (apt, npm)
	@tools/deps build

build: deps ## build/worksight-server, build/worksight-agent, build/worksight-ocr
	@tools/build build

run: ## server and agent on this machine, with a page to open
	@tools/deps build run
	@tools/build build
	@tools/run

clean-run: ## stop what `make run` started and remove ./var
	@tools/run --clean

test: ## everything that needs no docker, under sanitizers
	@tools/deps build run test
	@tools/test

lint: ## format, names, layers, clang-tidy, a second compiler
	@tools/deps build lint
	@tools/lint

format: ## clang-format every C file
	@tools/deps lint
	@git ls-files -z '*.c' '*.h' | xargs -0 clang-format -i

test-tsan: ## the threaded parts under the thread sanitizer
	@tools/deps build test lint
	@tools/test-tsan

test-crash: ## two minutes of kill -9 and kill -STOP, then the ledger
	@tools/deps build test
	@tools/build build
	@tools/test crash

test-stack: ## the server on a real MariaDB and on MySQL of Debian's sid
	@tools/deps build test stack
	@tools/test-stack

fuzz: ## every fuzz target for a few seconds: FUZZ_SECONDS=10
	@tools/deps build lint
	@tools/fuzz

bench: bench-capture bench-ocr bench-ingest bench-agent ## all measurements, peer and ours

bench-capture bench-ocr bench-ingest bench-agent:
	@tools/deps build run test bench stack
	@tools/build build
	@bench/$(subst bench-,,$@).sh

bench-pages: ## the pages at 1 M and 20 M metrics on MariaDB: 40 GB, an hour
	@tools/deps build test stack
	@tools/build build
	@bench/pages.sh

clean: ## remove the build folders
	rm -rf build build-*
