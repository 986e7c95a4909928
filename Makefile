# `make demo` and `make test` do all set-up on a fresh machine: they need python3 (3.11 or newer),
# g++, perl and make, and install everything else into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.symtick-stamp
KERNEL := $(wildcard CMakeLists.txt search/kernel/* search/kernel/*/*)
KERNEL_CODE := $(wildcard search/kernel/*/*.[chi]*)
SOURCES := src search hwcost codegen sim baselines tests benchmarks examples
# in order of the folders: by number of tests, the longest tests would come last and alone
PYTEST := $(BIN)/pytest -q --numprocesses auto --dist loadfile --no-loadscope-reorder
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: setup fuzz demo test test-fast coverage lint format stubs sanitize bench wheel clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt $(KERNEL)
	$(PYTHON) -c 'import sys, ensurepip; assert sys.version_info >= (3, 11)' || \
	    { echo "symtick needs Python 3.11 or newer with venv (Debian: apt-get install python3-venv)"; exit 1; }
	command -v g++ >/dev/null || { echo "symtick needs g++ (Debian: apt-get install g++)"; exit 1; }
	command -v perl >/dev/null || { echo "symtick needs perl for Verilator (Debian: apt-get install perl)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) --upgrade pip
	$(INSTALL) torch scikit-build-core nanobind cmake ninja
	$(INSTALL) --no-build-isolation --editable '.[all,da]' --group dev \
	    --config-settings=cmake.define.SYMTICK_DEVELOPER=ON
	touch $@

demo: setup
	rm -rf runs/demo
	$(BIN)/symtick distill examples/jets/job.yaml --output runs/demo
	$(BIN)/symtick verify runs/demo
	$(BIN)/symtick synth runs/demo
	$(BIN)/symtick compare runs/demo
	$(BIN)/symtick report runs/demo

test: setup lint
	$(PYTEST)

test-fast: setup
	$(PYTEST) -m 'not sim and not synth and not slow'

coverage: setup
	$(PYTEST) -m 'not sim and not synth and not slow' --cov=symtick --cov-report=
	$(BIN)/python tests/coverage_by_folder.py

lint: setup
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run -Werror $(KERNEL_CODE)

format: setup
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/clang-format -i $(KERNEL_CODE)

stubs: setup
	$(BIN)/python tests/search/kernel_stub.py

# The kernel with address and undefined-behaviour checks, then with checks for data races. Tests that
# import torch are left out, which these checkers do not get along with; -s shows their reports.
SANITIZED := $(BIN)/pytest -q -p sanitized_kernel -p no:cacheprovider -s -m 'kernel and not slow'
PRELOAD = $(shell g++ -print-file-name=$(1)) $(shell g++ -print-file-name=libstdc++.so)

sanitize: build/asan/kernel.so build/tsan/kernel.so
	PYTHONPATH=tests SYMTICK_KERNEL=$(CURDIR)/build/asan/kernel.so ASAN_OPTIONS=detect_leaks=0 \
	    LD_PRELOAD='$(call PRELOAD,libasan.so)' $(SANITIZED) tests/search/kernel_api \
	    tests/search/grammar tests/search/enumeration tests/search/evolution
	PYTHONPATH=tests SYMTICK_KERNEL=$(CURDIR)/build/tsan/kernel.so \
	    TSAN_OPTIONS=halt_on_error=1:report_signal_unsafe=0 \
	    LD_PRELOAD='$(call PRELOAD,libtsan.so)' $(SANITIZED) tests/search/evolution

build/asan/kernel.so: SANITIZE := address,undefined
build/tsan/kernel.so: SANITIZE := thread
build/%/kernel.so: $(STAMP)
	$(BIN)/cmake -S . -B $(@D) -G Ninja -DSYMTICK_SANITIZE=$(SANITIZE) \
	    -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja -DPython_EXECUTABLE=$(CURDIR)/$(BIN)/python \
	    -Dnanobind_DIR=$$($(BIN)/python -m nanobind --cmake_dir)
	$(BIN)/ninja -C $(@D)
	cp $(@D)/search/kernel/_kernel*.so $@

bench: setup
	$(INSTALL) '.[bench]'
	$(BIN)/python -m benchmarks.evaluation
	$(BIN)/python -m benchmarks.tree_cost

fuzz: setup
	$(BIN)/python -m benchmarks.fuzz --folder runs/fuzz

wheel: setup
	$(BIN)/pip wheel --no-build-isolation --no-deps --wheel-dir dist .

clean:
	rm -rf build dist runs .mypy_cache .ruff_cache .pytest_cache
