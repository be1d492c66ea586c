#!/usr/bin/env bash
# statements_test.sh HALFCLOSE REGION_SMT STATEMENT: is the region that `halfclose solve` prints what STATEMENT says?
#
# A statement is a formula over instants, written from the protocol and from what products do, not from the tables. z3
# decides that no timeouts, delays and stalls of the region's domain tell the two apart. Exits 77 without z3.
set -euo pipefail
halfclose=$1 region_smt=$2 statement=$3
here=${BASH_SOURCE[0]%/*}
if ! command -v z3 >/dev/null; then
  echo "skipped: there is no z3" >&2
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

of() {
  sed -n "s/^;| $1: //p" "$statement"
}
sed -n 's/^;| //p' "$statement" | sed -n '/^chain:/,$p' >"$work/chain.yaml"
status=0
"$halfclose" solve "$work/chain.yaml" --race "$(of race)" --max-seconds 20 --format json >"$work/region.json" || status=$?
if (( status > 1 )); then
  echo "error: halfclose solve exits with $status" >&2
  exit 1
fi
"$region_smt" <"$work/region.json" >"$work/region.smt2"

# check WHAT EXPECTED ASSERTION
check() {
  local answer
  answer=$({
    echo '(set-logic LRA)'
    cat "$work/region.smt2" "$here/statements/vocabulary.smt2" "$statement"
    echo "(assert domain) (assert $3) (check-sat)"
  } | z3 -in)
  if [[ $answer != "$2" ]]; then
    echo "$1: z3 says \`$answer\`, not \`$2\`; the region is:" >&2
    cat "$work/region.smt2" >&2
    exit 1
  fi
  echo "$1: $answer"
}
check 'the region and the statement differ' unsat '(= safe race)'
# Neither is empty, against a statement that says nothing.
check 'the race happens' sat race
if [[ $(of verdicts) == race ]]; then
  check 'the race does not happen' unsat '(not race)'
else
  check 'the race does not happen' sat '(not race)'
fi
