#!/usr/bin/env bash
# Does what docs/install.md says, with the page's own commands, beside a PostgreSQL and a Redis by TLS and an authority of its own, and
# plays the main path on it. Needs Debian's postgresql, redis-server and nginx, and the environment that make makes.
#   tests/deploy/one_host.sh [--short] [FOLDER]     --short: no part is killed; what it makes stays in FOLDER when one is named
set -euo pipefail
cd "$(dirname "$0")/../.."
make wheel
exec .venv/bin/python -m tests.deploy.one_host "$@"
