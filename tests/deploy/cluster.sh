#!/usr/bin/env bash
# Hegui on several hosts, each an address of the loopback, from the files under deploy/ (docs/cluster.md); the primary killed and frozen,
# the web hosts restarted, under traffic. As root, with Debian's patroni, etcd-server, haproxy, postgresql and redis-server.
#   tests/deploy/cluster.sh [TIMES] [FOLDER]     TIMES: how often the primary is lost, 10 by default; what it makes stays in FOLDER
set -euo pipefail
cd "$(dirname "$0")/../.."
make wheel
exec .venv/bin/python -m tests.deploy.cluster "$@"
