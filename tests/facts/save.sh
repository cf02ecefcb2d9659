#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Save the facts of each sample to tests/facts/NAME.json.gz: after the model has
# changed, or a sample.
set -eu
cd "$(dirname "$0")/../.."
O=${O:-build}
for sample in vmcores/samples/*/; do
	name=$(basename "$sample")
	dump=$(ls "$sample"vmcore* | head -n 1)
	"$O/replay" save "$dump" | gzip -n9 >"tests/facts/$name.json.gz"
done
