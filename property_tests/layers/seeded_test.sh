#!/usr/bin/env bash
# cmake/check_layers.sh on a small tree that keeps the layers, then with one violation at a time.
set -euo pipefail
check=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/cmake/check_layers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

put() {  # PATH TEXT
  mkdir -p "$tree/$(dirname "$1")"
  printf '%s\n' "$2" >"$tree/$1"
}

plant() {
  rm -rf "${tree:?}"/*
  put model/CMakeLists.txt 'target_sources(m PRIVATE tcp/endpoint.cpp tcp/endpoint.hpp deployment/chain.cpp
    machine/tabulate.hpp seeded.hpp tcp/seeded.cpp http1/seeded.hpp)'
  put model/tcp/endpoint.hpp '#include <vector>
#include <boost/mp11/list.hpp>'
  put model/tcp/endpoint.cpp '#include "model/tcp/endpoint.hpp"
#include "model/machine/tabulate.hpp"'
  put model/machine/tabulate.hpp '#include <boost/msm/back/state_machine.hpp>'
  put model/deployment/chain.cpp '#include <yaml-cpp/yaml.h>'
  put proofs/explore/explorer.cpp '// Knows nothing of TCP, nor /* of http */.
const int million = 1'"'"'000'"'"'000; /* tcp
   and http */ #include <thread>
#include "model/machine/table.hpp"'
  put proofs/witness/svg.cpp 'const char* tcp = "//";
#include <fmt/core.h>'
  put runtime/lab/replay.cpp '#include "proofs/witness/witness.hpp"
#include <sys/socket.h>'
}

clean() {
  local said
  said=$("$check" "$tree") || { echo "a clean tree is refused:"; echo "$said"; failures=1; }
}

caught() {  # RULE PATH LINE TEXT
  local said
  plant
  put "$2" "$4"
  if said=$("$check" "$tree") || ! grep -q "^$2:$3: $1: " <<<"$said"; then
    echo "not caught: $1 in $2:$3: $4"
    echo "$said"
    failures=1
  fi
}

plant
clean
caught model-includes   model/seeded.hpp           1 '#include "proofs/explore/explorer.hpp"'
caught model-includes   model/seeded.hpp           2 $'#pragma once\n#include <sys/socket.h>'
caught model-includes   model/seeded.hpp           1 '#include <boost/asio.hpp>'
caught model-includes   model/tcp/seeded.cpp       1 '#include <yaml-cpp/yaml.h>'
caught model-includes   model/seeded.hpp           1 '  #  include "runtime/io/loop.hpp"  // hidden'
caught proofs-includes  proofs/witness/text.cpp    1 '#include "runtime/io/loop.hpp"'
caught proofs-includes  proofs/witness/text.cpp    1 '#include "cli/check.hpp"'
caught recheck-alone    proofs/recheck/seeded.cpp  1 '#include "model/system/system.hpp"'
caught recheck-alone    proofs/recheck/seeded.cpp  1 '#include "proofs/explore/state_set.hpp"'
caught runtime-includes runtime/io/loop.cpp        1 '#include "proofs/witness/witness.hpp"'
caught runtime-includes runtime/lab/replay.cpp     1 '#include "proofs/explore/explorer.hpp"'
caught rooted-include   proofs/witness/text.cpp    1 '#include "text.hpp"'
caught rooted-include   proofs/witness/text.cpp    1 '#include <model/machine/table.hpp>'
caught protocol-name    proofs/explore/explorer.cpp 1 '#include "model/tcp/endpoint.hpp"'
caught protocol-name    proofs/timed/dbm.cpp       2 $'/* a zone */\nint TcpPort = 80; // ours'
caught protocol-name    proofs/timed/dbm.cpp       1 'const char* kScheme = "//HTTP";'
caught one-backend      model/http1/seeded.hpp     1 '#include "model/machine/tabulate.hpp"'
caught one-backend      proofs/witness/text.cpp    1 '#include "model/machine/tabulate.hpp"'
caught one-backend      proofs/witness/text.cpp    1 '#include <boost/msm/back/state_machine.hpp>'
caught unlisted         model/system/forgotten.cpp 1 '#include <vector>'
exit "$failures"
