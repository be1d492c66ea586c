#!/usr/bin/env bash
# node_test.sh HALFCLOSE [REQUESTS]: node_test.mjs where there is Node 18.11 or a later one; else 77, for ctest to skip.
set -euo pipefail

wants='const [major, minor] = process.versions.node.split(".").map(Number);
process.exit(major > 18 || (major === 18 && minor >= 11) ? 0 : 1)'
if ! node -e "$wants" 2>/dev/null; then
  echo "skipped: there is no node 18.11 or later (apt-get install nodejs)"
  exit 77
fi
exec node "$(dirname "${BASH_SOURCE[0]}")/node_test.mjs" "$@"
