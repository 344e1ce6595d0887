# Every duty of the project by name. `make` alone lists them.
#
# One test on one engine:    make test-one T=rooms E=postgres
# One suite of `make test`:  scripts/test clippy walkthrough-sqlite

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run web build test test-one test-sqlite test-postgres lint bench soak snapshots shots clean-local

T ?=
E ?= sqlite

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build pages and server and start them with sample orders; nothing to configure
	@scripts/web-build --if-node
	cargo run --locked --package orderchat -- demo

web: ## build the pages, which the next build of the server has in it
	@scripts/web-build

build: web ## build the server with its pages for use: target/release/orderchat
	cargo build --locked --release --package orderchat

test: ## everything: lint, tests on both engines, walkthrough, schemathesis, kill rounds (25 minutes)
	@scripts/test

test-one: ## tests whose name contains T, on engine E: make test-one T=rooms E=postgres
	@test -n "$(T)" || { echo 'Name a test: make test-one T=name E=sqlite|postgres' >&2; exit 2; }
	@scripts/test-one "$(T)" "$(E)"

test-sqlite: ## every test of the workspace, on SQLite
	@scripts/test tests-sqlite

test-postgres: ## the tests that touch a database, on a private PostgreSQL
	@scripts/test tests-postgres

lint: ## formatting, clippy, rustdoc, dependency rules
	@scripts/test format clippy rustdoc deny

bench: ## measure against a bare server in the same run: docs/BENCHMARKS.md
	@scripts/bench

soak: ## the rounds that the promises name, on both engines (hours); scripts/soak 50: a fiftieth
	@scripts/soak

snapshots: ## rewrite openapi.json, asyncapi.json, examples/walkthrough.expected and the tests' snapshots
	@scripts/snapshots

shots: ## pictures of the chat pages' states, to be looked at, in target/shots (SIZES=phone,tablet,desktop,wide)
	@mkdir -p target && cd web && node tools/shots.mjs ../target/shots "$(URL)" $(SIZES)

clean-local: ## remove databases and files that trying things out left in this folder
	rm -rf .local target/test orderchat-files
	rm -f orderchat.db orderchat.db-wal orderchat.db-shm orderchat.db.lock orderchat.db.before-*
	rm -f orderchat-signing.key .secret
