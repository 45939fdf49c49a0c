# Muster. `make help` lists the targets. Every room of sim/ is an archive of its own; a room links only with
# rooms that stand earlier in ROOMS, and so do its unit tests: a forbidden call fails at link time.

ROOMS := base crypto loop metrics mqtt transport device scenario backend fleet report cli

BUILD   ?= build
CC      ?= gcc
SANITIZE ?=
OPT     ?= -O2
WARN    := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
HARDEN  := -fPIE -fstack-protector-strong $(if $(SANITIZE),,-D_FORTIFY_SOURCE=3)
CFLAGS  ?= -g
override CFLAGS += -std=c11 -D_GNU_SOURCE $(OPT) $(WARN) $(HARDEN) -ffp-contract=off -fno-omit-frame-pointer -Isim \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all)
LDFLAGS ?=
override LDFLAGS += -pie -Wl,-z,relro,-z,now $(if $(SANITIZE),-fsanitize=$(SANITIZE))
LDLIBS  := -lev -lfyaml -lmbedcrypto -lz -lm -lpthread

room_sources = $(wildcard sim/$(1)/*.c)
room_objects = $(patsubst %.c,$(BUILD)/%.o,$(call room_sources,$(1)))
room_archive = $(BUILD)/lib$(1).a

# rooms_to NAME: NAME and all earlier rooms, latest first (link order)
reverse  = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
take_to  = $(if $(2),$(firstword $(2)) $(if $(filter $(1),$(firstword $(2))),,$(call take_to,$(1),$(wordlist 2,$(words $(2)),$(2)))))
rooms_to = $(call reverse,$(call take_to,$(1),$(ROOMS)))
archives_to = $(foreach r,$(call rooms_to,$(1)),$(call room_archive,$(r)))

all: $(BUILD)/muster
.PHONY: all

$(BUILD)/muster: $(BUILD)/sim/main.o $(call archives_to,$(lastword $(ROOMS)))
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

define room_rules
$(call room_archive,$(1)): $(call room_objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(AR) rcs $$@ $$^
$(1)_tests := $$(patsubst tests/$(1)/%.c,$$(BUILD)/tests/$(1)/%,$$(wildcard tests/$(1)/test_*.c))
unit_tests += $$($(1)_tests)
$$($(1)_tests): $$(BUILD)/tests/$(1)/%: $$(BUILD)/tests/$(1)/%.o $$(BUILD)/tests/harness.o $$(call archives_to,$(1))
	$$(CC) $$(LDFLAGS) -o $$@ $$^ -lcunit $$(LDLIBS)
.PHONY: unit-$(1)
unit-$(1): $$($(1)_tests)
	tests/run-units $$^
endef
$(foreach room,$(ROOMS),$(eval $(call room_rules,$(room))))

.PHONY: units
units: $(unit_tests)
	tests/run-units $^

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
