# Muster: build, tests, benches. `make help` lists the targets; docs/testing.md explains the tests.
#
# Every room of sim/ is an archive of its own. A room links only with rooms that stand earlier in ROOMS, and so do its
# unit tests: a call to a later room fails at link time.
#
# Settings: BUILD=directory  CC=gcc|clang  OPT=-O2  SANITIZE=address,undefined  V=1 (show commands)
#           WERROR= (warnings do not stop the build: for compilers that are newer than this file)
# Objects of different settings must not mix: give each combination a BUILD of its own, as the targets below do.

ROOMS := base crypto codec loop metrics mqtt coap transport device scenario import backend fleet report cli

# System libraries, by the first room that needs them.
libs_base     := -lz -lm -lpthread
libs_crypto   := -lmbedcrypto
libs_loop     := -lev
libs_transport := -lmbedtls -lmbedx509
libs_scenario := -lfyaml
libs_backend  := -lpaho-mqtt3a -lcurl
libs_report   := -lmicrohttpd

BUILD    ?= build
SANITIZE ?=
OPT      ?= -O2
CFLAGS   ?= -g
LDFLAGS  ?=
WERROR   ?= -Werror
ifeq ($(origin CC),default)
CC := gcc
endif
Q := $(if $(V),,@)

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla $(WERROR)
ifneq ($(findstring clang,$(CC)),)
# CHECK(!"text") is meant, and so are constants from enums in sums of doubles, which clang 19 has a warning for
WARN += -Wno-string-conversion -Wno-unknown-warning-option -Wno-enum-float-conversion
else ifneq ($(SANITIZE),)
# Instrumented code makes gcc see lossy conversions and uninitialised variables that are not there; other builds decide.
WARN += -Wno-maybe-uninitialized -Wno-conversion
endif
HARDEN := -fPIE -fstack-protector-strong $(if $(SANITIZE)$(filter -O0,$(OPT)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
override CFLAGS += -std=c11 -D_GNU_SOURCE $(OPT) $(WARN) $(HARDEN) -ffp-contract=off -fno-omit-frame-pointer -Isim -Itests \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all)
override LDFLAGS += -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(SANITIZE),-fsanitize=$(SANITIZE))

# --- the program ------------------------------------------------------------------------------------------------------

objects_of   = $(patsubst %.c,$(BUILD)/%.o,$(1))
room_objects = $(call objects_of,$(wildcard sim/$(1)/*.c))
room_archive = $(BUILD)/lib$(1).a

# rooms_to NAME: NAME and all earlier rooms, latest first, which is the order the linker wants
reverse     = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
take_to     = $(if $(2),$(firstword $(2)) $(if $(filter $(1),$(firstword $(2))),,$(call take_to,$(1),$(wordlist 2,$(words $(2)),$(2)))))
rooms_to    = $(call reverse,$(call take_to,$(1),$(ROOMS)))
archives_to = $(foreach r,$(call rooms_to,$(1)),$(call room_archive,$(r)))
libs_to     = $(foreach r,$(call rooms_to,$(1)),$(libs_$(r)))
last_room  := $(lastword $(ROOMS))

sim_objects := $(call objects_of,$(wildcard sim/*.c) $(foreach r,$(ROOMS),$(wildcard sim/$(r)/*.c)))

.PHONY: all
all: $(BUILD)/muster ## build the program (build/muster)

$(BUILD)/muster: $(BUILD)/sim/main.o $(call archives_to,$(last_room))
	@echo "  LINK $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(call libs_to,$(last_room))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# the assembler takes these in
$(BUILD)/sim/report/templates.o: $(wildcard reports/*.gp reports/*.css)

# --- rooms and their unit tests ---------------------------------------------------------------------------------------

# Helpers of several rooms' tests; each program takes of them what it needs.
shared_objects := $(call objects_of,$(wildcard tests/*.c))
$(BUILD)/tests/libshared.a: $(shared_objects)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# tests/ROOM/test_*.c are programs; other files of tests/ROOM/ are helpers, linked to each of them.
define room_rules
$(call room_archive,$(1)): $(call room_objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$^

tests_of_$(1)   := $$(patsubst %.c,$$(BUILD)/%,$$(wildcard tests/$(1)/test_*.c))
helpers_of_$(1) := $$(call objects_of,$$(filter-out tests/$(1)/test_%,$$(wildcard tests/$(1)/*.c)))
unit_objects    += $$(tests_of_$(1):%=%.o) $$(helpers_of_$(1))

$$(tests_of_$(1)): %: %.o $$(helpers_of_$(1)) $$(BUILD)/tests/libshared.a $(call archives_to,$(1))
	@echo "  LINK $$@"
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$^ -lcunit $(call libs_to,$(1))

.PHONY: unit-$(1)
unit-$(1): $$(tests_of_$(1))
	tests/run-units $$^
endef
$(foreach room,$(ROOMS),$(eval $(call room_rules,$(room))))

TEST_ROOMS ?= $(ROOMS)

.PHONY: units
units: $(foreach r,$(TEST_ROOMS),$(tests_of_$(r))) ## unit tests of all rooms (one room: make unit-mqtt)
	tests/run-units $^

# --- test tools and bench programs ------------------------------------------------------------------------------------

tools := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/tools/*.c))
$(tools): %: %.o $(call archives_to,$(last_room))
	@echo "  LINK $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(call libs_to,$(last_room))

# The program with a bug that tests have to find.
planted := $(BUILD)/tests/planted/muster
$(planted): $(BUILD)/tests/planted/resume_forgets.o $(BUILD)/sim/main.o $(call archives_to,$(last_room))
	@echo "  LINK $@"
	$(Q)$(CC) $(LDFLAGS) -Wl,--wrap=mqtt_inflight_resume -o $@ $^ $(call libs_to,$(last_room))

# Bench programs are yardsticks: they share no code with the program they measure.
benches := $(patsubst %.c,$(BUILD)/%,$(wildcard bench/*.c))
$(benches): %: %.o
	@echo "  LINK $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lpthread

.PHONY: tools benches docs man
tools: $(tools) $(planted) man # helpers of the end-to-end tests, and what one of them installs
benches: $(benches) # yardstick programs
docs: $(BUILD)/tests/tools/write_docs ## write the documents that come from tables
	$<
man: $(BUILD)/muster.1 ## write the manual page (build/muster.1)
$(BUILD)/muster.1: $(BUILD)/tests/tools/write_man
	@$< > $@.new && mv $@.new $@

# --- sanitizers, fuzzing, memory --------------------------------------------------------------------------------------

# Rooms where threads meet.
TSAN_ROOMS := base loop transport backend fleet report

.PHONY: asan ubsan sanitize tsan memcheck
asan: ## unit tests with AddressSanitizer
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan SANITIZE=address OPT=-O1 units
ubsan: ## unit tests with UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/ubsan SANITIZE=undefined OPT=-O1 units
sanitize: ## unit tests with both of them
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/sanitize SANITIZE=address,undefined OPT=-O1 units
# ThreadSanitizer of gcc 12 fails where the kernel randomises addresses widely: run it without randomisation if allowed.
tsan: ## unit tests of the rooms with threads, with ThreadSanitizer
	@RUN_WITH="$$(setarch -R true 2>/dev/null && echo setarch -R)" $(MAKE) --no-print-directory BUILD=$(BUILD)/tsan SANITIZE=thread OPT=-O1 TEST_ROOMS="$(TSAN_ROOMS)" units
memcheck: $(foreach r,$(TEST_ROOMS),$(tests_of_$(r))) ## unit tests under valgrind
	RUN_WITH="valgrind --quiet --leak-check=full --error-exitcode=99" UNIT_TIMEOUT=900 tests/run-units $^

FUZZ_SECONDS ?= 60
fuzz_targets := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(fuzz_targets): %: %.o $(call archives_to,$(last_room))
	@echo "  LINK $@"
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(call libs_to,$(last_room))

fuzz_make = $(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang OPT=-O1 SANITIZE=fuzzer-no-link,address,undefined

.PHONY: fuzz-targets fuzz fuzz-regress
fuzz-targets: $(fuzz_targets) # meant for the two targets below
fuzz: ## fuzz every target; they share FUZZ_SECONDS=60 of processor time
	@$(fuzz_make) fuzz-targets
	tests/fuzz/run --seconds $(FUZZ_SECONDS) $(BUILD)/fuzz
fuzz-regress: ## run the fuzz targets over their kept corpus only
	@$(fuzz_make) fuzz-targets
	tests/fuzz/run --regress $(BUILD)/fuzz

# --- checks -----------------------------------------------------------------------------------------------------------

.PHONY: house lint e2e e2e-quick swarm check test
house: $(sim_objects) ## rules of the house: includes, sizes, names, mirrored tests
	tests/house/run $(BUILD)
lint: ## clang-format, clang-tidy, cppcheck, shellcheck
	scripts/lint
e2e: all tools ## end-to-end tests against real brokers
	BUILD=$(BUILD) tests/e2e/run
e2e-quick: all tools # the few that are marked quick
	BUILD=$(BUILD) tests/e2e/run --quick
swarm: all ## SEEDS=200 random scenarios in simulated time, whose books must balance
	BUILD=$(BUILD) python3 tests/e2e/lib/swarm.py --seeds $(or $(SEEDS),200)
check: ## the quick subset, under two minutes
	BUILD=$(BUILD) tests/run units house e2e-quick
test: ## everything, packages included; ends with "N passed, N failed"
	@scripts/deps build test || echo "NOTE without these packages tests are skipped or fail"
	BUILD=$(BUILD) FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run

.PHONY: bench bench-scale bench-audit bench-compare bench-reconnect bench-virtual determinism test-debian12 test-debian13
bench: all benches ## cost per message and connect rate, beside a minimal blaster
	BUILD=$(BUILD) bench/run
bench-scale: all ## 200,000 and 1,000,000 connections
	BUILD=$(BUILD) bench/scale
bench-audit: all ## a million messages through a clean Mosquitto: none lost, repeated or out of order
	BUILD=$(BUILD) bench/audit
bench-reconnect: all ## the reconnect table live, 5,000 devices: some eighteen minutes
	BUILD=$(BUILD) bench/reconnect
bench-compare: all ## how often compare errs, either way: runs of 20 s, some ten minutes
	BUILD=$(BUILD) bench/compare
bench-virtual: all ## how fast simulated time goes: steps per CPU second, a year, a day of a large fleet
	BUILD=$(BUILD) bench/virtual
determinism: all ## one trace hash for 20 runs and four compilations; some ten minutes
	BUILD=$(BUILD) bench/determinism
test-debian12: ## quickstart and tests of a clean clone in a fresh Debian 12 chroot under build/ (needs root)
	scripts/test-chroot bookworm $(BUILD)/debian12
test-debian13: ## the same in a Debian 13 chroot
	scripts/test-chroot trixie $(BUILD)/debian13

# --- getting started, installing --------------------------------------------------------------------------------------

.PHONY: help deps deps-build quickstart install clean
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

deps: ## install the Debian packages for building and testing
	scripts/deps build test
deps-build: ## install the Debian packages for building only
	scripts/deps build

quickstart: ## install what the build needs, build, run the first scenario
	@$(MAKE) --no-print-directory deps-build
	@$(MAKE) --no-print-directory all
	BUILD=$(BUILD) scripts/quickstart

PREFIX  ?= /usr/local
DESTDIR ?=
install: all man ## install under PREFIX=/usr/local (DESTDIR= for packagers)
	scripts/install $(BUILD)/muster "$(DESTDIR)$(PREFIX)"

.PHONY: example
example: all ## run the example of reports/example/ and write its page and picture anew; takes five minutes
	BUILD=$(BUILD) reports/example/make

clean: ## remove what was built
	rm -rf $(BUILD)

objects := $(sim_objects) $(unit_objects) $(shared_objects) \
	$(addsuffix .o,$(tools) $(benches) $(fuzz_targets)) $(BUILD)/tests/planted/resume_forgets.o
-include $(objects:.o=.d)
