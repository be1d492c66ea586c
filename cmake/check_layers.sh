#!/usr/bin/env bash
# check_layers.sh [ROOT]: does every source keep to its layer, and is it listed in a CMakeLists.txt?
#
# Prints `file:line: rule: the line` for each violation and exits 1. The rules:
#   model-includes   model/ includes std, Boost.MP11, Boost.MSM, Boost.MPL and model/; model/deployment yaml-cpp too
#   proofs-includes  of ours, proofs/ includes model/ and proofs/
#   recheck-alone    of ours, proofs/recheck/ includes itself only: it checks what the others claim
#   runtime-includes of ours, runtime/ includes model/ and runtime/; runtime/lab reads proofs/witness/ too
#   rooted-include   our headers are included in quotes, from the root
#   protocol-name    the engines of proofs/ name neither TCP nor HTTP outside comments
#   one-backend      the back-end of Boost.MSM is included by tabulate.hpp, and that by the sources named below
#   unlisted         the nearest CMakeLists.txt names each .cpp, each header of the libraries, and each profile
set -euo pipefail
export LC_ALL=C
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}"

# Whoever includes model/machine/tabulate.hpp compiles a machine: a minute and 1 GB each.
tabulating="
  model/tcp/endpoint.cpp
  model/http1/server_connection.cpp
  model/http1/client_connection.cpp
  model/monitor/bearer.cpp
  model/monitor/hop_observer.cpp
  model/net/middlebox.cpp
  model/monitor/request_observer.cpp
  model/proxy/caller.cpp
  model/proxy/exchange.cpp
  model/proxy/origin.cpp
  model/proxy/pool.cpp
  property_tests/model/machine/machine_test.cpp
"

rooms=()
for room in model proofs runtime cli property_tests bench; do
  [[ -d $room ]] && rooms+=("$room")
done
mapfile -t sources < <(find "${rooms[@]}" -type f \( -name '*.cpp' -o -name '*.hpp' \) | sort)
if (( ${#sources[@]} == 0 )); then
  echo "error: no sources in $PWD" >&2
  exit 2
fi

violations=$(
  awk -v tabulating="$tabulating" '
    # Comments out, strings kept. A raw string over several lines is read as code, line by line.
    function code_of(line,    i, c, two, quote, out) {
      if (!in_comment && line !~ /\/[*\/]/) return line
      out = quote = ""
      for (i = 1; i <= length(line); ++i) {
        c = substr(line, i, 1)
        two = substr(line, i, 2)
        if (in_comment) {
          if (two == "*/") { in_comment = 0; ++i }
        } else if (quote != "") {
          out = out c
          if (c == "\\") out = out substr(line, ++i, 1)
          else if (c == quote) quote = ""
        } else if (two == "//") {
          break
        } else if (two == "/*") {
          in_comment = 1
          ++i
        } else {
          # After a digit a quote separates thousands.
          if (c == "\"" || (c == apostrophe && substr(line, i - 1, 1) !~ /[0-9A-Fa-f]/)) quote = c
          out = out c
        }
      }
      return out
    }
    function violates(rule) {
      printf "%s:%d: %s: %s\n", FILENAME, FNR, rule, $0
    }
    function check_include(target, quoted) {
      if (target == "model/machine/tabulate.hpp" && !(FILENAME in tabulates)) violates("one-backend")
      if (target ~ /^boost\/msm\/back/ && FILENAME != "model/machine/tabulate.hpp") violates("one-backend")

      if (quoted ? target !~ ours : target ~ ours) violates("rooted-include")
      else if (room == "model" && quoted && target !~ /^model\//) violates("model-includes")
      else if (room == "model" && !quoted && target !~ /^[a-z0-9_]+$/ &&
               target !~ /^boost\/(mp11|msm|mpl)[.\/]/ &&
               !(target ~ /^yaml-cpp\// && FILENAME ~ /^model\/deployment\//)) violates("model-includes")
      else if (FILENAME ~ /^proofs\/recheck\// && quoted && target !~ /^proofs\/recheck\//) violates("recheck-alone")
      else if (room == "proofs" && quoted && target !~ /^(model|proofs)\//) violates("proofs-includes")
      else if (room == "runtime" && quoted && target !~ /^(model|runtime)\// &&
               !(target ~ /^proofs\/witness\// && FILENAME ~ /^runtime\/lab\//)) violates("runtime-includes")
    }
    BEGIN {
      apostrophe = sprintf("%c", 39)
      ours = "^(model|proofs|runtime|cli|property_tests|bench)/"
      count = split(tabulating, paths)
      for (i = 1; i <= count; ++i) tabulates[paths[i]]
    }
    FNR == 1 {
      in_comment = 0
      room = FILENAME
      sub("/.*", "", room)
      engine = FILENAME ~ /^proofs\/(explore|timed|parametric|liveness)\//
    }
    {
      code = code_of($0)
      if (code ~ /^[ \t]*#[ \t]*include[ \t]*["<]/) {
        target = code
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", target)
        quoted = substr(target, 1, 1) == "\""
        target = substr(target, 2)
        sub(/[">].*/, "", target)
        check_include(target, quoted)
      }
      if (engine && tolower(code) ~ /tcp|http/) violates("protocol-name")
    }
  ' "${sources[@]}"

  mapfile -t listed < <(
    printf '%s\n' "${sources[@]}" | grep -E '\.cpp$|^(model|proofs|runtime)/' || true
    find model -name '*.yaml' 2>/dev/null | sort
  )
  for file in "${listed[@]}"; do
    folder=${file%/*}
    while [[ ! -f $folder/CMakeLists.txt && $folder == */* ]]; do folder=${folder%/*}; done
    [[ -f $folder/CMakeLists.txt ]] || continue
    # Names end at blanks and parentheses. grep reads to the end (no -q): tr must not fail on a closed pipe.
    tr -s '[:space:]()' '\n' <"$folder/CMakeLists.txt" | grep -xF -- "${file#"$folder"/}" >/dev/null ||
      echo "$file:1: unlisted: $folder/CMakeLists.txt does not name it"
  done
)

if [[ -n $violations ]]; then
  printf '%s\n' "$violations"
  echo "layers: $(grep -c '' <<<"$violations") violations in ${#sources[@]} files"
  exit 1
fi
echo "layers: no violation in ${#sources[@]} files"
