# The first use of a target makes .venv and installs what it needs; after that it starts at once.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# compiled once, not by each of the tests' processes
unexport PYTHONDONTWRITEBYTECODE

python := .venv/bin/python
unit := --ignore=tests/browser -m "not browser and not slow"
# tests mostly wait; neighbours share what they need; a browser, which works, is one for each file
parallel := -n 6 --dist worksteal
by_file := -n 2 --dist loadfile
sphinx := $(python) -m sphinx --quiet --fail-on-warning --keep-going --nitpicky --conf-dir docs --doctree-dir build/doctrees
scripts := node --test --test-reporter=spec tests/js/*.test.mjs
ARGS ?=

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 24

.PHONY: demo
demo: runtime ## a camera, a page with live view and recording: http://127.0.0.1:8080
	@exec .venv/bin/pet-stream demo $(ARGS)

.PHONY: run
run: runtime ## the same page on the real camera
	@exec .venv/bin/pet-stream run $(ARGS)

.PHONY: test
test: ## everything: lint, types, tests on the oldest and newest Python, browsers
	@tools/packages venv gcc node systemd-analyze nginx caddy prometheus chromium firefox npm ffmpeg ip curl janus coturn nft
	@$(MAKE) lint
	@$(scripts)
	@tools/unit-tests $(parallel)
	@tools/api-test --phases=coverage
	@echo "== browsers on $$($(python) --version)"
	@$(python) -m pytest $(by_file) -m browser $(ARGS)

.PHONY: check
check: lint unit ## lint, types and the unit tests; no browser; 2 minutes

.PHONY: lint
lint: development ## ruff and mypy; Biome and TypeScript for the page's scripts
	@tools/packages node npm
	@tools/node-packages
	@npm run --silent lint
	@npm run --silent types
	@$(python) -m ruff check
	@$(python) -m ruff format --check
	@$(python) -m mypy --strict

.PHONY: unit
unit: development ## the unit tests
	@tools/packages gcc node systemd-analyze
	@$(scripts)
	@$(python) -m pytest -q $(parallel) $(unit) $(ARGS)

.PHONY: browser
browser: development ## the tests that drive Chromium and Firefox
	@tools/packages gcc chromium firefox npm ffmpeg ip
	@$(python) -m pytest $(by_file) -m browser $(ARGS)

.PHONY: wheel
wheel: development ## the package, with bundled scripts: dist/
	@tools/packages node npm
	@tools/node-packages
	@$(python) -m build --no-isolation --wheel

.PHONY: docs
docs: documentation ## the docs as HTML: build/docs/index.html; a link that leads nowhere is an error
	@$(sphinx) -b html . build/docs

.PHONY: docs-links
docs-links: documentation ## whether the docs' links to other sites lead anywhere (asks those sites)
	@$(sphinx) -b linkcheck . build/docs-links

.PHONY: test-newest
test-newest: ## the tests without a browser, with the newest releases of all dependencies (long)
	@tools/packages venv gcc systemd-analyze nginx caddy curl
	@tools/newest $(parallel) $(ARGS)

.PHONY: soak
soak: development ## the camera reader's acceptance runs, 18 000 pictures each (long)
	@tools/packages gcc
	@$(python) -m tests.ingest.acceptance $(ARGS)

.PHONY: soak-recording
soak-recording: development ## 50 kills, 200 truncations, 200 holes, a day of recording at high speed (long)
	@$(python) -m tests.recording.acceptance $(ARGS)

.PHONY: soak-hls
soak-hls: development ## HLS for ten minutes, with a restart of the camera in the middle (long; ARGS="--minutes 1")
	@tools/packages gcc
	@$(python) -m tests.hls.acceptance $(ARGS)

.PHONY: soak-viewers
soak-viewers: development ## 1 000 viewers come and go, then 10 stay for an hour: what is left (long)
	@tools/packages gcc
	@$(python) -m benchmarks.soak --connects 1000 --minutes 60 $(ARGS)

.PHONY: soak-all
soak-all: development ## all of it together for an hour: what grows (long; ARGS="--minutes 5")
	@tools/packages gcc
	@$(python) -m tests.chaos.soak $(ARGS)

.PHONY: chaos
chaos: development ## what happens to a camera, disk, viewer or server in years (long; ARGS="--minutes 5 camera disk")
	@tools/packages gcc faketime
	@$(python) -m tests.chaos $(ARGS)

.PHONY: fuzz
fuzz: development ## everything that comes from outside, with faults in it (long; ARGS="--minutes 5 SDP")
	@$(python) -m tests.fuzz $(ARGS)

.PHONY: fuzz-guided
fuzz-guided: development ## one of its targets, led by coverage; x86-64, Python up to 3.11 (long; ARGS=SDP)
	@.venv/bin/pip install -q -e '.[fuzz]'
	@$(python) -m tests.fuzz.guided $(ARGS)

.PHONY: api-test
api-test: development ## what schemathesis makes of our OpenAPI document, sent to a real server; 2 minutes
	@tools/packages gcc
	@tools/api-test $(ARGS)

.PHONY: bench
bench: development ## CPU, latency, memory against aiortc as it is; under 15 minutes
	@tools/packages gcc chromium
	@$(python) -m benchmarks --oldest "$$(tools/environment oldest)" $(ARGS)

.PHONY: bench-quick
bench-quick: development ## the main rows of it; under 2 minutes
	@tools/packages gcc chromium
	@$(python) -m benchmarks --quick $(ARGS)

.PHONY: bench-peers
bench-peers: development ## the same beside Janus and GStreamer, which are installed for it; as root; under 15 minutes
	@tools/packages gcc ip janus gstreamer
	@$(python) -m benchmarks.peers $(ARGS)

.PHONY: bench-attacks
bench-attacks: development ## what attacks do to three viewers, each with a verdict; under 20 minutes
	@tools/packages gcc
	@$(python) -m benchmarks.attacks $(ARGS)

.PHONY: film
film: development ## draw the film that the demo plays anew (about a minute)
	@$(python) -m tools.film $(ARGS)

.PHONY: format
format: development ## let ruff put the sources in order, and write the tables of settings and metrics
	@$(python) -m ruff check --fix
	@$(python) -m ruff format
	@$(python) -m tools.reference_tables
	@$(python) -m tools.deploy_files

.PHONY: clean
clean: ## remove what the other targets made, recordings excepted
	@rm -rf .venv .venv-* node_modules build dist *.egg-info test-results .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: runtime
runtime:
	@tools/packages venv
	@tools/venv .venv "$$(tools/python default)"

.PHONY: development
development:
	@tools/packages venv
	@tools/venv .venv "$$(tools/python default)" test,lint,docs

.PHONY: documentation
documentation:
	@tools/packages venv
	@tools/venv .venv "$$(tools/python default)" docs
