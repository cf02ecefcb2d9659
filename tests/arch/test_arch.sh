#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Enforces the architecture. usage: test_arch.sh [TREE], its objects being in $O.
set -u

here=$(realpath "$(dirname "$0")")
# shellcheck source=tests/arch/rules.sh
. "$here/rules.sh"

cd "${1-$here/../..}" || exit 1
O=$(realpath -m "${O:-build}")
failures=0

for rule in $(declare -F | sed -n 's/^declare -f rule_//p'); do
	name=${rule//_/-}
	# The sanitizers put data of their own into every object.
	if [ "$rule" = no_writable_data ] && [ -n "${SAN-}" ]; then
		echo "skip $name: built with SAN=$SAN"
		continue
	fi
	violations=$("rule_$rule" 2>&1)
	if [ -z "$violations" ]; then
		echo "ok $name"
	else
		echo "not ok $name: $(wc -l <<<"$violations") violations"
		echo "    ${violations//$'\n'/$'\n'    }"
		failures=$((failures + 1))
	fi
done
list_long_files | sed 's/^/warning: /'
[ $failures -eq 0 ]
