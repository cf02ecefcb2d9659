# SPDX-License-Identifier: GPL-2.0-or-later
# `make help` lists the targets.
VERSION := 0.1.0

CC ?= cc
AR ?= ar
PKG_CONFIG ?= pkg-config
INSTALL ?= install
CLANG_FORMAT ?= clang-format
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
UNITDIR ?= $(PREFIX)/lib/systemd/system

# Sanitizers: SAN=address,undefined or SAN=thread, each in its own directory.
SAN ?=
comma := ,
O ?= build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))

V ?= 0
ifeq ($(V),1)
  Q :=
  msg =
else
  Q := @
  msg = @printf '  %-7s %s\n' "$(1)" "$(2)";
endif
# make -s
ifneq ($(findstring s,$(firstword -$(MAKEFLAGS))),)
  msg =
endif

PKGS := libkdumpfile libaddrxlat libbpf libelf libdw libzstd zlib lzo2 snappy smartcols sqlite3 json-c
TEST_PKGS := cmocka

CFLAGS ?= -O2 -g
flags_given := $(CFLAGS) $(CPPFLAGS) $(LDFLAGS)
# A compiler that is newer than ours warns of more: a package is built with WERROR=0.
WERROR ?= 1
override CPPFLAGS += -Ilib -D_GNU_SOURCE -DHWP_VERSION='"$(VERSION)"'
override CFLAGS += -std=gnu11 -Wall -Wextra $(if $(filter-out 0,$(WERROR)),-Werror) -fPIC \
	-fno-semantic-interposition -pthread
override LDFLAGS += -pthread -Wl,--as-needed
# Hardened, unless a packager's flags say how. Sanitizers and -O0 have no use for FORTIFY.
hardening = $(if $(findstring $(1),$(flags_given)),,$(2))
override CFLAGS += $(call hardening,-fno-stack-protector,$(call hardening,-fstack-protector,-fstack-protector-strong))
ifeq ($(SAN)$(filter -O0,$(CFLAGS)),)
  override CPPFLAGS += $(call hardening,_FORTIFY_SOURCE,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif
override LDFLAGS += $(call hardening,relro,-Wl$(comma)-z$(comma)relro) $(call hardening,-z$(comma)now,-Wl$(comma)-z$(comma)now)
ifneq ($(SAN),)
  override CFLAGS += -fsanitize=$(SAN) -fno-omit-frame-pointer
  override LDFLAGS += -fsanitize=$(SAN)
  ifneq ($(findstring undefined,$(SAN)),)
    override CFLAGS += -fno-sanitize-recover=undefined
  endif
endif

# Targets that compile nothing need no libraries.
no_build := check-asan check-tsan clean coverage fix-kernels format fuzz help hosts lab minimal-root mutants uninstall
ifneq ($(filter-out $(no_build),$(or $(MAKECMDGOALS),all)),)
  ifneq ($(shell $(PKG_CONFIG) --print-errors --exists $(PKGS) && echo found),found)
    $(error a library is missing; `sh tests/setup.sh` installs what the build needs)
  endif
  override CPPFLAGS += $(shell $(PKG_CONFIG) --cflags $(PKGS))
  # Optional, and loaded when it is needed: only the header is.
  ifeq ($(shell $(PKG_CONFIG) --exists libdebuginfod && echo found),found)
    override CPPFLAGS += -DHWP_HAVE_DEBUGINFOD
  else
    $(info no libdebuginfod: built without debuginfod (install libdebuginfod-dev))
  endif
  LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS))
  # Optional: it unpacks zlib pages in half of zlib's time.
  ifeq ($(shell $(PKG_CONFIG) --exists libdeflate && echo found),found)
    override CPPFLAGS += -DHWP_HAVE_LIBDEFLATE $(shell $(PKG_CONFIG) --cflags libdeflate)
    LIBS += $(shell $(PKG_CONFIG) --libs libdeflate)
  endif
  # Optional: the SHA-256 of a dump, in the page for a ticket.
  ifeq ($(shell $(PKG_CONFIG) --exists nettle && echo found),found)
    override CPPFLAGS += -DHWP_HAVE_NETTLE $(shell $(PKG_CONFIG) --cflags nettle)
    LIBS += $(shell $(PKG_CONFIG) --libs nettle)
  else
    $(info no nettle: built without report --sha256 (install nettle-dev))
  endif
endif
# Asked once, and only by a make that builds tests.
TEST_CPPFLAGS = $(eval TEST_CPPFLAGS := $(shell $(PKG_CONFIG) --cflags $(TEST_PKGS)))$(TEST_CPPFLAGS)
TEST_LIBS = $(eval TEST_LIBS := $(shell $(PKG_CONFIG) --libs $(TEST_PKGS)))$(TEST_LIBS)

# SHARED=1: programs are linked once, and run what the library has become since (tests/bite).
LIB := $(O)/libhwpoison.$(if $(SHARED),so,a)
ifdef SHARED
  override LDFLAGS += -Wl,-rpath,$(abspath $(O)),-rpath,'$$ORIGIN'
endif
PROGRAM := $(O)/hwpoison
SCHEMA := $(O)/hwpoison.report.1.schema.json
MAN := $(O)/hwpoison.8
RULES := ext/prometheus/hwpoison.rules.yml
TRIGGER := ext/systemd/hwpoison-memory-failure
UNITS := $(wildcard ext/systemd/*.service ext/systemd/*.timer)
LIB_OBJS := $(patsubst %.c,$(O)/%.o,$(sort $(shell find lib -name "*.c")))
CMD_OBJS := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard cmds/*.c)))
CRASH_EXTENSION := $(O)/hwpoison.so
CRASH_OBJS := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard ext/crash/*.c)))
# What a host's shared object holds of the program.
HOST_CMD_OBJS := $(filter-out $(O)/cmds/main.o,$(CMD_OBJS))
# Its header comes with crash itself.
HAVE_CRASH := $(wildcard /usr/include/crash/defs.h)
# The Python package that drgn loads, as it is installed.
DRGN := $(O)/drgn
DRGN_FILES := $(addprefix hwpoison/,__init__.py _commands.py _session.py _version.py py.typed \
	libhwpoison-drgn.so) pyproject.toml \
	hwpoison-$(VERSION).dist-info/METADATA hwpoison-$(VERSION).dist-info/entry_points.txt
DRGN_OBJS := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard ext/drgn/*.c)))
LOAD_FACTS := $(O)/tests/lib/load_facts.o
REPLAY := $(O)/replay
UNIT := $(patsubst tests/unit/%.c,$(O)/unit/%,$(sort $(wildcard tests/unit/*.c)))
UNIT_OBJS := $(UNIT:$(O)/unit/%=$(O)/tests/unit/%.o)
FUZZ := $(patsubst tests/fuzz/%.c,$(O)/fuzz-%,$(sort $(wildcard tests/fuzz/*.c)))

all: $(PROGRAM) $(SCHEMA) $(MAN) $(addprefix $(DRGN)/,$(DRGN_FILES)) $(if $(HAVE_CRASH),$(CRASH_EXTENSION),no-crash)

no-crash:
	$(call msg,SKIP,$(CRASH_EXTENSION): no crash/defs.h here (Debian: apt-get install crash))

# crash's own symbols come from crash; the engine's stay inside.
$(CRASH_EXTENSION): $(CRASH_OBJS) $(HOST_CMD_OBJS) $(LIB)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-Bsymbolic -Wl,--exclude-libs,ALL $(LDFLAGS) $^ $(LIBS) -o $@

$(DRGN)/hwpoison/libhwpoison-drgn.so: $(DRGN_OBJS) $(HOST_CMD_OBJS) $(LIB)
	$(call msg,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CFLAGS) -shared -Wl,-Bsymbolic -Wl,--exclude-libs,ALL \
		$(LDFLAGS) $^ $(LIBS) -o $@

$(DRGN)/hwpoison/%.py: ext/drgn/hwpoison/%.py
	$(Q)mkdir -p $(@D) && cp $< $@

$(DRGN)/hwpoison/py.typed: ext/drgn/hwpoison/py.typed
	$(Q)mkdir -p $(@D) && cp $< $@

$(DRGN)/hwpoison/_version.py: Makefile
	$(Q)mkdir -p $(@D) && printf '%s\n' '# SPDX-License-Identifier: GPL-2.0-or-later' \
		"__version__ = '$(VERSION)'" >$@

$(DRGN)/pyproject.toml: ext/drgn/pyproject.toml Makefile
	$(Q)mkdir -p $(@D) && sed 's/@VERSION@/$(VERSION)/' $< >$@

# By these drgn finds the plugin wherever PYTHONPATH leads.
$(DRGN)/%/METADATA: Makefile
	$(Q)mkdir -p $(@D) && printf '%s\n' 'Metadata-Version: 2.1' 'Name: hwpoison' \
		'Version: $(VERSION)' >$@

$(DRGN)/%/entry_points.txt: Makefile
	$(Q)mkdir -p $(@D) && printf '%s\n' '[drgn.plugins]' 'hwpoison = hwpoison' >$@

$(PROGRAM): $(CMD_OBJS) $(LIB)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(call hardening,-no-pie,-pie) $(LDFLAGS) $^ $(LIBS) -o $@

# Written anew: `ar r` alone would keep the object of a deleted source. By `q`, as
# `r` takes two of the same name in two folders for one.
$(O)/libhwpoison.a: $(LIB_OBJS) $(O)/objects
	$(call msg,AR,$@)
	$(Q)rm -f $@ && $(AR) qcs $@ $(LIB_OBJS)

$(O)/libhwpoison.so: $(LIB_OBJS) $(O)/objects
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-soname,$(@F) $(LIB_OBJS) $(LDFLAGS) $(LIBS) -o $@

# Their lists of names come from the model's, and from the tables of checks and known issues.
WORDS := lib/model/words.awk lib/model/words.h lib/verdict/check/table.c lib/verdict/issue/table.c
$(SCHEMA): lib/report/$(notdir $(SCHEMA)).in $(WORDS)
	$(call msg,WORDS,$@)
	$(Q)mkdir -p $(@D) && awk -f $(WORDS) $< >$@

# And the manual page's commands and options are those of their tables.
TABLES := cmds/commands.c cmds/options.c
$(MAN): cmds/$(notdir $(MAN)) cmds/manual.awk $(WORDS) $(TABLES) Makefile
	$(call msg,WORDS,$@)
	$(Q)mkdir -p $(@D) && awk -v version=$(VERSION) -f cmds/manual.awk -f $(WORDS) $(TABLES) $< >$@

# Inside crash's help, too.
CRASH_HELP := $(addprefix $(O)/ext/crash/crash_,commands.h options.h)
$(CRASH_HELP): $(O)/ext/crash/crash_%.h: cmds/manual.awk cmds/%.c
	$(call msg,WORDS,$@)
	$(Q)mkdir -p $(@D) && awk -v want=crash -f $^ >$@

$(O)/ext/crash/crash_help.o: $(CRASH_HELP)
$(O)/ext/crash/crash_help.o: override CPPFLAGS += -I$(O)/ext/crash

# A host's shared object exports what it marks, and nothing of the library (--exclude-libs).
$(O)/cmds/%.o $(O)/ext/%.o: private override CFLAGS += -fvisibility=hidden
$(O)/%.o: %.c $(O)/flags
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(O)/tests/%.o: tests/%.c $(O)/flags
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) -Itests/lib $(CFLAGS) -MMD -MP \
		-c $< -o $@

# They need not be linked again when the library has changed.
test_link = $(CC) $(CFLAGS) $^ -L$(O) -lhwpoison -Wl,-rpath,'$$ORIGIN:$$ORIGIN/..' $(LDFLAGS) \
	$(TEST_LIBS) $(LIBS) -o $@
$(O)/unit/%: $(O)/tests/unit/%.o $(LOAD_FACTS) | $(O)/libhwpoison.so
	$(call msg,UNIT,$@)
	$(Q)mkdir -p $(@D) && $(test_link)

# What drgn.c is tried on; the older one has what every release has. And the libpython of drgn's module,
# whose version no real one has.
FAKE_DRGN := $(addprefix $(O)/tests/lib/fake_,drgn.so drgn_old.so python.so python_bare.so)
$(O)/unit/drgn: | $(FAKE_DRGN)
$(O)/tests/lib/fake_drgn%so: tests/lib/fake_drgn.c tests/lib/fake_drgn.h lib/target/drgn/api.h $(O)/flags
	$(call msg,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(if $(findstring _old,$@),-DFAKE_OLD) $(CFLAGS) -shared \
		$(LDFLAGS) $< -o $@
$(O)/tests/lib/fake_python%so: tests/lib/fake_python.c $(O)/flags
	$(call msg,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(if $(findstring _bare,$@),-DFAKE_BARE) $(CFLAGS) -shared \
		-Wl,-soname,libpython3.$(if $(findstring _bare,$@),990,991).so.1.0 $(LDFLAGS) $< -o $@

# What follows from facts that were saved, without the dump they were read from.
$(REPLAY): $(O)/tests/lib/replay.o $(LOAD_FACTS) | $(O)/libhwpoison.so
	$(call msg,LINK,$@)
	$(Q)$(test_link)

# These change only when their text does, and then rebuild what depends on it.
define record
	@mkdir -p $(@D) && printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || \
		printf '%s\n' '$(subst ','\'',$(1))' >$@
endef
$(O)/flags: FORCE
	$(call record,$(CC) $(CPPFLAGS) $(CFLAGS))
$(O)/objects: FORCE
	$(call record,$(LIB_OBJS:$(O)/%=%))

-include $(LIB_OBJS:.o=.d) $(CMD_OBJS:.o=.d) $(CRASH_OBJS:.o=.d) $(UNIT_OBJS:.o=.d) $(DRGN_OBJS:.o=.d) \
	$(LOAD_FACTS:.o=.d) $(O)/tests/lib/replay.d

# A sample holds a leak, so `check` ends with 1: here that is success too.
demo: all
	@set -- vmcores/samples/7.3-*/vmcore*; echo "$(PROGRAM) check $$1"; \
	$(PROGRAM) check "$$1" || [ $$? -eq 1 ]

run = O='$(O)' SAN='$(SAN)' CC='$(CC)'

# T=WORD runs only the tests whose name holds WORD, here and below. Memory and headers are damaged
# in a third of the ways; HWP_SHARE=1 is all.
test: HWP_SHARE ?= 3
test: all unit-programs
	@$(run) HWP_SHARE=$(HWP_SHARE) tests/run.sh $(T)

# What takes under a minute, boots nothing and fetches nothing. One kernel's memory is corrupted,
# in a sixth of the ways; three samples are compared with what their kernels said.
CHECK_ON_DUMPS := input/ real/test_parts real/test_search real/test_truth
CHECK := unit/ facts/ arch/test_arch arch/test_drgn_call arch/test_format arch/test_libkdumpfile \
	arch/test_rules runner/ $(CHECK_ON_DUMPS)
check: all unit-programs $(O)/excerpt
	@$(run) HWP_KERNELS=7.3 HWP_SHARE=6 HWP_SAMPLES='6.1-amd64 7.3-cloud fix-good' \
		tests/run.sh $(foreach test,$(CHECK),'$(test)*$(T)')

unit: unit-programs
	@$(run) tests/run.sh 'unit/*$(T)'

# Those of the bench are built too: they use the library's inner parts, and no test runs them.
BENCH := $(addprefix $(O)/bench/,stages limit pack grow)
unit-programs: $(UNIT) $(REPLAY) $(BENCH)

# The facts of the samples, which tests/facts/test_replay.py replays.
facts: $(REPLAY)
	@O='$(O)' tests/facts/save.sh

arch: all
	@$(run) tests/run.sh 'arch/*$(T)'

# Lines of each file of the library that the unit tests run.
coverage:
	@$(MAKE) --no-print-directory O='$(O)/coverage' CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage unit
	@O='$(O)/coverage' tests/coverage.sh

# Changes one token of lib/ at a time and sees whether a fast test notices.
mutants:
	@tests/bite/mutate.py --seed $(SEED) --number $(NUMBER)
SEED := 1
NUMBER := 60

# DUMP=FILE measures on that one; DUMP=--growth on machines that are made larger.
bench: all $(BENCH)
	@$(run) tests/bench/bench.py $(DUMP)

# BASE=REVISION or a program: does it give the same answers as this one, on the samples
# and on DUMP="FILE..."? VERBOSE=-v prints the sentences that are in other words.
same: all
	@tests/same.py $(VERBOSE) '$(BASE)' $(PROGRAM) $(DUMP)

$(O)/bench/%: tests/bench/%.c $(LIB) $(O)/flags
	$(call msg,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d $< $(LIB) $(LDFLAGS) \
		$(LIBS) -o $@

# SECONDS for each target; T=WORD fuzzes only those whose name holds WORD.
SECONDS := 60
fuzz:
	@$(MAKE) --no-print-directory CC=clang SAN=fuzzer-no-link,address,undefined \
		O='$(O)/fuzz' fuzz-programs
	@tests/fuzz/run.sh '$(O)/fuzz' $(SECONDS) $(T)

fuzz-programs: $(FUZZ)

$(O)/fuzz-%: tests/fuzz/%.c $(LIB) $(O)/flags
	$(call msg,FUZZ,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d $< $(LIB) $(LDFLAGS) -fsanitize=fuzzer \
		$(LIBS) -o $@

# T=WORD as for `test`.
check-asan:
	@$(MAKE) --no-print-directory SAN=address,undefined test
check-tsan:
	@$(MAKE) --no-print-directory SAN=thread test

$(O)/excerpt: vmcores/excerpt.sh $(PROGRAM)
	$(call msg,COPY,$@)
	$(Q)install -m 755 $< $@

lab:
	@vmcores/lab.sh matrix

# More kernels and machines than the default tests boot, and what is said of them: 10 minutes.
more-lab: all
	@HWPOISON='$(abspath $(PROGRAM))' HWP_LAB_MATRIX=more tests/real/test_lab.py

# What happened to pages that leaked, and what is said of it: 20 minutes.
history-lab: all
	@HWPOISON='$(abspath $(PROGRAM))' HWP_LAB_MATRIX=history tests/real/test_lab.py

# A guest of each kernel, and what hwpoison, drgn and crash find in it: an hour, and 40 GB.
kernels: all
	@HWPOISON='$(abspath $(PROGRAM))' tests/real/kernels.py vmcores/KERNELS.md

# Kernels with the fix, right and broken on purpose: ten minutes, and 3 GB.
fix-kernels:
	@vmcores/fix/build.sh

fix-lab: all
	@O='$(O)' vmcores/fix/lab.sh

# One kernel with 42 mistakes, one for each boot, and what is said of each: 20 minutes.
fix-breaks: all $(O)/excerpt
	@vmcores/fix/build.sh break
	@O='$(O)' vmcores/fix/lab.sh breaks

samples: all $(O)/excerpt
	@O='$(O)' vmcores/sample.sh

sample-%: all $(O)/excerpt
	@O='$(O)' vmcores/sample.sh $*

minimal-root:
	@tests/root/minimal-root.sh

# In a root of each Debian that has crash and drgn; T="SUITE..." for some of them.
hosts:
	@tests/root/hosts.sh $(T)

install: all
	$(Q)$(INSTALL) -D -m 0755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/hwpoison
	$(Q)[ ! -e $(CRASH_EXTENSION) ] || $(INSTALL) -D -m 0644 $(CRASH_EXTENSION) \
		$(DESTDIR)$(LIBDIR)/crash/extensions/hwpoison.so
	$(Q)$(INSTALL) -D -m 0644 $(MAN) $(DESTDIR)$(PREFIX)/share/man/man8/hwpoison.8
	$(Q)$(INSTALL) -D -m 0644 $(SCHEMA) $(DESTDIR)$(PREFIX)/share/hwpoison/$(notdir $(SCHEMA))
	$(Q)$(INSTALL) -D -m 0644 $(RULES) $(DESTDIR)$(PREFIX)/share/hwpoison/$(notdir $(RULES))
	$(Q)for file in $(DRGN_FILES); do \
		$(INSTALL) -D -m 0644 $(DRGN)/$$file $(DESTDIR)$(LIBDIR)/hwpoison/drgn/$$file || \
			exit 1; done
	$(Q)$(INSTALL) -d $(DESTDIR)$(UNITDIR)
	$(Q)for unit in $(UNITS); do \
		sed 's|/usr/local/bin/|$(PREFIX)/bin/|' $$unit | $(INSTALL) -m 0644 /dev/stdin \
			$(DESTDIR)$(UNITDIR)/$${unit##*/} || exit 1; done
	$(Q)$(INSTALL) -D -m 755 $(TRIGGER) $(DESTDIR)$(PREFIX)/share/hwpoison/$(notdir $(TRIGGER))

uninstall:
	$(Q)rm -f $(DESTDIR)$(LIBDIR)/crash/extensions/hwpoison.so
	$(Q)rm -f $(DESTDIR)$(PREFIX)/bin/hwpoison $(DESTDIR)$(PREFIX)/share/man/man8/hwpoison.8 \
		$(DESTDIR)$(PREFIX)/share/hwpoison/$(notdir $(SCHEMA)) \
		$(DESTDIR)$(PREFIX)/share/hwpoison/$(notdir $(RULES)) \
		$(addprefix $(DESTDIR)$(UNITDIR)/,$(notdir $(UNITS))) \
		$(DESTDIR)$(PREFIX)/share/hwpoison/$(notdir $(TRIGGER))
	$(Q)rm -rf $(DESTDIR)$(LIBDIR)/hwpoison

format:
	$(Q)find lib cmds ext tests vmcores -name '*.[ch]' -exec $(CLANG_FORMAT) -i {} +

# Not all of $(O): the lab keeps its kernels there.
clean:
	$(Q)rm -rf $(addprefix $(O)/,lib cmds ext drgn unit tests flags objects replay hwpoison hwpoison.8 \
		hwpoison.report.1.schema.json hwpoison.so libhwpoison.a excerpt \
		bench coverage fuzz san-*)

help:
	@echo 'make                build $(PROGRAM)'
	@echo 'make demo           check a sample vmcore'
	@echo 'make check          what can be tested within a minute'
	@echo 'make test           every test'
	@echo 'make unit | arch    the unit tests | the architecture rules'
	@echo '                    T=WORD: of these only the tests whose name holds WORD'
	@echo 'make coverage       lines of the library that the unit tests run'
	@echo 'make mutants [SEED=1] [NUMBER=60]  do the fast tests notice a changed token?'
	@echo 'make check-asan | check-tsan   every test under sanitizers'
	@echo 'make fuzz [SECONDS=60] [T=WORD]  fuzz, each target so long'
	@echo 'make bench [DUMP=FILE]  measure'
	@echo 'make same BASE=REVISION [DUMP=FILE]  compare the answers with those of that revision'
	@echo 'make lab            make vmcores with QEMU; more-lab: of more kernels and machines, and compare'
	@echo 'make history-lab    of pages that leaked, and what followed, and compare'
	@echo 'make kernels        boot each kernel once, and write the table of vmcores/KERNELS.md'
	@echo 'make fix-kernels    build kernels with free_has_hwpoisoned(); fix-lab: boot them'
	@echo 'make fix-breaks     boot one with 42 mistakes, and see what is said of each'
	@echo 'make samples        make the vmcores in vmcores/samples anew: sample-NAME for one'
	@echo 'make minimal-root   try the README in a fresh minimal Debian (root)'
	@echo 'make hosts [T=SUITE]  build and ask crash and drgn in bookworm, trixie and forky (root)'
	@echo 'make install        to $$(DESTDIR)$$(PREFIX)/bin; also: uninstall'
	@echo 'make format | clean'
	@echo
	@echo 'O=DIR  V=1  CC=clang  SAN=address,undefined  SAN=thread  WERROR=0'
	@echo 'PREFIX=/usr/local  LIBDIR=$$(PREFIX)/lib  UNITDIR=$$(PREFIX)/lib/systemd/system'
	@echo 'CFLAGS, CPPFLAGS and LDFLAGS are added to ours'

FORCE:
.DELETE_ON_ERROR:
.SECONDARY: $(UNIT_OBJS)
.PHONY: all mutants no-crash demo check test unit unit-programs arch coverage bench same fuzz fuzz-programs check-asan check-tsan lab \
	samples history-lab more-lab kernels minimal-root hosts install uninstall fix-kernels fix-lab fix-breaks format clean help FORCE
