# Everything goes through .venv, made from the hash-pinned lock file; `make help` lists the targets.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; say make PYTHON=python3.12"; exit 1; }
	@echo "setting up .venv (once; some minutes, most of them for downloads)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: setup
setup: .venv/.installed ## set .venv up

.PHONY: run
run: setup ## run the service on the sample CRM; Ctrl-C stops it, the data stays
	@exec $(BIN)/dedup serve --sample

# Installs Debian's where there is none and this may be done; the tests that need it say what is missing.
.PHONY: browser
browser: setup
	@$(BIN)/python -m tests.console.browsers

.PHONY: test
test: setup browser ## all tests but the long proofs, against real PostgreSQL and Valkey
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q

.PHONY: coverage
coverage: setup browser ## the same tests, with the share of the code that they reach, which takes longer
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report= -q
	@$(BIN)/python -m coverage report --format=total | sed 's/^/coverage in %: /'

.PHONY: proof
proof: setup browser ## the tests that take long: every cell of the decision, a kill at any step, training from many draws
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q -m proof

.PHONY: test-spark
test-spark: setup .venv-spark/.installed ## the tests on a real Spark of several processes, which needs Java
	@$(BIN)/python -m pytest -q -m spark tests/spark

.PHONY: java
java: setup
	@$(BIN)/python -m tests.spark.java_release

.venv-spark/.installed: requirements-spark.lock | java
	@echo "setting up .venv-spark (once; 450 MB to download)"
	@test -x .venv-spark/bin/python || $(PYTHON) -m venv .venv-spark
	@.venv-spark/bin/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	@touch $@

.PHONY: screenshots
screenshots: setup browser ## pictures of every page of the console, into docs/images/
	@$(BIN)/python -m tools.screenshots

.PHONY: prove-guards
prove-guards: setup ## take each guard of approval out in a copy, and see its tests fail
	@$(BIN)/python tools/prove_guards.py

# What to add to the run, such as TRUST="--seed 7" or TRUST="--only races,fuzz --share 0.1".
TRUST ?=

.PHONY: prove-bugs
prove-bugs: setup ## put every seeded bug in, one at a time, and see the test that claims to catch it fail
	@$(BIN)/python -m tests.trust --only seeded_bugs --unhurried

.PHONY: trust
trust: setup browser ## the proof of every promise: crashes, races, attacks, fuzzing, load; forty minutes to an hour, one page
	@$(BIN)/python -m tests.trust $(TRUST)

.PHONY: lint
lint: setup ## formatting, lint, types, layers, proto, message catalogues, dependencies
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/generate_proto.py --check
	@$(BIN)/python -m tools.lint_proto
	@$(BIN)/python tools/catalogues.py --check
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive dedup_service scoring tools
	@$(BIN)/python -m tools.lock_file --check
	@$(BIN)/python -m tools.licences --check
	@$(BIN)/python -m tools.audit_dependencies --recorded tools/advisories.json
	@$(BIN)/hadolint --failure-threshold info deploy/Containerfile
	@$(BIN)/kubernetes-validate --strict --quiet deploy/kubernetes/*.yaml

.PHONY: licences
licences: setup ## docs/licences.md, from the lock and what the packages say
	@$(BIN)/python -m tools.licences

.PHONY: sbom
sbom: setup ## the bill of what ships, as CycloneDX JSON, into build/
	@$(BIN)/python -m tools.sbom build/sbom.cdx.json

# Of a checkout of github.com/pypa/advisory-database.
ADVISORIES ?= ../advisory-database

.PHONY: advisories
advisories: setup ## record anew what is known of the pinned packages, for machines that reach no live source
	@$(BIN)/python -m tools.audit_dependencies --record $(ADVISORIES) --recorded tools/advisories.json

.PHONY: messages
messages: setup ## bring the message catalogues of the console up to date with what it says
	@$(BIN)/python tools/catalogues.py

.PHONY: proto
proto: setup ## generate dedup_service/v1 from proto/
	@$(BIN)/python tools/generate_proto.py

.PHONY: bench
bench: bench-ingest ## the same as bench-ingest

.PHONY: bench-ingest
bench-ingest: setup ## ingest and index figures, into benchmarks/results/
	@$(BIN)/python -m benchmarks.ingest

# What to add to the run, such as MATCH="--records 20000", MATCH=--hot or MATCH=--peers.
MATCH ?=

.PHONY: bench-match
bench-match: setup ## matches a second beside a million residents, and all that goes with it
	@$(BIN)/python -m benchmarks.match $(MATCH)

# What to add to the run, such as INTAKE="--records 10000 --leads 3000".
INTAKE ?=

.PHONY: bench-intake
bench-intake: setup ## who is who beside 100,000 records: Route under load, a routed import, and how right both are
	@$(BIN)/python -m benchmarks.intake $(INTAKE)

.PHONY: bench-deciding
bench-deciding: setup ## how cheap decisions and the inbox are, over 100,000 open proposals
	@$(BIN)/python -m benchmarks.deciding

.PHONY: bench-console
bench-console: setup ## how quick and light the console's pages are, over 100,000 open proposals
	@$(BIN)/python -m benchmarks.console

# What to add to the run, such as CLEAN="--sizes 10000 --contestants ours,splink --runs 1" or "--parts growth".
CLEAN ?=

.PHONY: bench-clean
bench-clean: setup bench-env ## from CSV files to clusters, ours beside its peers, at up to a million records
	@$(BIN)/python -m benchmarks.clean $(CLEAN)

.PHONY: bench-validate
bench-validate: setup ## how quickly a form is checked as people type, beside 50,000 words
	@$(BIN)/python -m benchmarks.validate

.PHONY: bench-env
bench-env: .venv-bench/.installed ## set .venv-bench up: the peers that accuracy is measured against

.venv-bench/.installed: benchmarks/peers-requirements.lock
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r benchmarks/peers-requirements.lock
	@touch $@

# Folders of labelled records; without them FEBRL and the generator of the project are all there is.
LABELLED ?= ../shared/data

.PHONY: accuracy
accuracy: setup bench-env ## ours beside its peers on every labelled set, into benchmarks/results/
	@$(BIN)/python -m benchmarks.accuracy --labelled $(LABELLED) --million

.PHONY: lock
lock: ## resolve requirements.lock anew (needs uv)
	@uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -o requirements.lock --quiet --upgrade

.PHONY: lock-image
lock-image: setup ## the parts of requirements.lock that an image needs, into deploy/
	@$(BIN)/python -m tools.lock_file

.PHONY: lock-bench
lock-bench: ## resolve benchmarks/peers-requirements.lock anew (needs uv)
	@uv pip compile benchmarks/peers-requirements.in --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -o benchmarks/peers-requirements.lock --quiet --upgrade

.PHONY: lock-spark
lock-spark: ## resolve requirements-spark.lock anew (needs uv)
	@uv pip compile requirements-spark.in --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -o requirements-spark.lock --quiet --upgrade

.PHONY: clean
clean: ## remove what can be made again; the data in .dedup stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* build dist
