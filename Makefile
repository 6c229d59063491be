# The two commands of the README, `make run` and `make test`, and what they stand on.
#
#   make run                  build everything: data, model, scores, report, registry
#   make run EXPERIMENT=name  the same for conf/experiment/name.yaml
#   make test                 every check and every test
#   make test-fast            the unit tests and laws alone
#   make check                the checks alone (style, types, imports)
#   make bench                measure speed and memory, on simulated ground of a million pixels
#   make ui                   open the registry and the runs in a browser
#   make lock                 choose versions anew for both lock files (needs uv)
#   make clean                delete the environment and what the checking tools remember
#
# PYTHON=/path/to/python chooses the interpreter, PORT=5001 the port of `make ui`.

.SUFFIXES:
# Also with -j: nothing is installed before what is missing was said.
.NOTPARALLEL:
.PHONY: help run is-clone test test-fast check bench ui lock clean

VENV = .venv
BIN = $(VENV)/bin
PYTHON =
EXPERIMENT =
PORT = 5000

# Nothing calls home, and uv takes an interpreter that is here or none.
export DVC_NO_ANALYTICS = 1
export MLFLOW_DISABLE_TELEMETRY = true
export UV_PYTHON_DOWNLOADS = never
export PIP_DISABLE_PIP_VERSION_CHECK = 1

help:
	@sed -n '3,13s/^# *//p' Makefile

# `dvc repro` starts the stages by name, so the environment goes first on their PATH.
run: is-clone $(VENV)/.installed
	@set -e; PATH="$$(pwd)/$(BIN):$$PATH"; export PATH; \
	if [ -n "$(EXPERIMENT)" ]; \
	then minecover params --write --experiment "$(EXPERIMENT)"; \
	else minecover params --check; \
	fi; \
	dvc repro; \
	minecover register --if-missing; \
	minecover summary

# Before minutes of installing: DVC and the registry read the commit from git.
is-clone:
	@if ! command -v git >/dev/null; then \
	echo "make run needs git, which is not installed: Debian, Ubuntu: sudo apt-get install git." >&2; exit 1; \
	elif [ ! -e .git ]; then \
	echo "make run needs a git clone, and this folder has no .git: a ZIP download of the repository" \
	"lacks it. Clone the repository instead: git clone URL. To build in this folder:" \
	"git init && git add -A && git commit -m Begin, then make run again." >&2; exit 1; \
	elif ! git rev-parse HEAD >/dev/null; then \
	echo "make run needs a git clone whose commit can be read; git says above what is wrong." >&2; exit 1; \
	fi

# Hypothesis' own profile for machines: the same examples every time, and no deadline that a busy
# one would miss. `pytest` alone draws new examples.
test: check
	@PATH="$$(pwd)/$(BIN):$$PATH" $(BIN)/pytest -n 2 --dist loadfile --hypothesis-profile=ci

test-fast: $(VENV)/.installed
	@PATH="$$(pwd)/$(BIN):$$PATH" $(BIN)/pytest -n 2 --dist loadfile --hypothesis-profile=ci tests/unit tests/laws

check: $(VENV)/.installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# BENCH_MODEL names another model, beside its card.
BENCH_MODEL = models/model.pkl
BENCH = .cache/bench/million
bench: $(VENV)/.installed
	@set -e; PATH="$$(pwd)/$(BIN):$$PATH"; export PATH; \
	[ -d $(BENCH) ] || minecover simulate --rows 1024 --cols 1024 --out $(BENCH); \
	python benchmarks/features.py; \
	python benchmarks/scoring.py --products $(BENCH) --model $(BENCH_MODEL); \
	python benchmarks/region.py --products $(BENCH) --model $(BENCH_MODEL); \
	python benchmarks/scaling.py --products $(BENCH) --model $(BENCH_MODEL)

ui: $(VENV)/.installed
	@$(BIN)/minecover ui --port $(PORT)

COMPILE = uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --python-version 3.11
lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv" >&2; exit 1; }
	$(COMPILE) --extra build pyproject.toml -o requirements.lock
	$(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests -type d -name __pycache__ -prune -exec rm -rf {} +

# Two stamps: a changed lock makes the environment anew, a changed pyproject.toml takes a second.
$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@if command -v uv >/dev/null; \
	then uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	elif $(BIN)/python -c 'import pip' 2>/dev/null; \
	then $(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .; \
	else echo "uv made $(VENV) and is no longer on PATH. Type: make clean, then make again." >&2; exit 1; \
	fi
	@touch $@

# setuptools goes first: the one package without a wheel is then built by the locked one, in the
# environment itself, and nothing at all is installed that the lock does not name.
$(VENV)/.locked: requirements.lock requirements-dev.lock .python-version
	@set -e; $(FIND_PYTHON); $(CHECK_LIBGOMP); \
	if command -v uv >/dev/null; then \
	echo "Installing the locked packages with uv into $(VENV), Python $$version."; \
	uv venv -q --clear --python "$$found" $(VENV); \
	install="uv pip install -q --python $(BIN)/python --require-hashes --no-build-isolation"; \
	else \
	echo "Installing the locked packages with pip into $(VENV), Python $$version: some minutes."; \
	"$$found" -m venv --clear $(VENV); \
	install="$(BIN)/python -m pip install -q --require-hashes --no-build-isolation --use-pep517"; \
	fi; \
	sed -n '/^setuptools==/,/[^\\]$$/p' requirements.lock > $(VENV)/backend.txt; \
	$$install -r $(VENV)/backend.txt; \
	$$install -r requirements.lock; \
	$$install -r requirements-dev.lock
	@touch $@

# Sets $found and $version: the interpreter that was asked for, or the first that fits.
FIND_PYTHON = \
	wanted=$$(cat .python-version); found=; seen=; \
	if [ -n "$(PYTHON)" ]; then set -- "$(PYTHON)"; \
	else set -- "python$$wanted" python3 python3.13 python3.12 python3.11 python; \
	fi; \
	for name in "$$@"; do \
	version=$$("$$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
	case $$version in 3.11|3.12|3.13) found=$$name; break;; esac; \
	seen="$$seen $$name is $$version;"; \
	done; \
	if [ -z "$$found" ]; then \
	echo "minecover needs Python 3.11, 3.12 or 3.13, and none was found among: $$* ($${seen:-none starts})." \
	"Install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; \
	fi; \
	if [ "$$version" != "$$wanted" ]; then \
	echo "Python $$version instead of $$wanted: everything runs, but dvc.lock is exact for $$wanted only." >&2; \
	fi

# LightGBM's wheel for Linux brings no OpenMP runtime of its own.
CHECK_LIBGOMP = \
	if [ "$$(uname)" = Linux ] && ! "$$found" -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null; then \
	echo "LightGBM needs the system library libgomp.so.1, which is not installed." \
	"Debian, Ubuntu: sudo apt-get install libgomp1. Fedora: sudo dnf install libgomp." \
	"Then type make again." >&2; \
	exit 1; \
	fi
