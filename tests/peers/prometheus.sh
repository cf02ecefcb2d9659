#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian's prometheus, promtool and prometheus-node-exporter, unpacked below
# build/peers/prometheus: installed they would be started as services.
set -euo pipefail

cd "$(dirname "$0")/../.."
to=${HWP_PEERS:-build/peers}/prometheus
packages=(prometheus prometheus-node-exporter python3-prometheus-client python3-decorator)

[ ! -e "$to/complete" ] || exit 0
for package in "${packages[@]}"; do
	vmcores/kernels.sh unpack bookworm "$package" "$to"
done
touch "$to/complete"
