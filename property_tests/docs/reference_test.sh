#!/usr/bin/env bash
# reference_test.sh PART HALFCLOSE [--update]: do the pages still say what the sources and the command say?
#
#   reference   the machine pages, the picture of the README, and every block between `<!-- generated: NAME -->` and
#               `<!-- end -->`; chain.md names every key of the file, races.md has a section on each race
#   commands    every `$ ...` line of a ```console block, run again in page order, prints what the page shows; a line
#               `...` stands for any lines. A ```yaml block that begins with `# NAME.yaml` is that file for its page.
#   matrix      the table of docs/reference/matrix.md, computed again: a minute or two
#   links       every relative link and anchor of README.md and docs/ leads somewhere
#
# With --update all but the last write the pages instead (a command's output only where it has no `...`).
set -euo pipefail
export LC_ALL=C.UTF-8

part=$1
halfclose=$2
update=${3:-}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

main() {
  case $part in
    reference) check_reference ;;
    commands) check_commands ;;
    matrix) check_matrix ;;
    links) check_links ;;
    *) echo "error: no part \`$part\`" >&2; exit 2 ;;
  esac
  exit "$((failures > 0))"
}

pages() { find README.md docs -name '*.md' | sort; }

fail() {
  echo "$*"
  failures=$((failures + 1))
}

# compare PAGE WANTED: PAGE has to be the file WANTED, or becomes it.
compare() {
  if [[ -f $1 ]] && cmp -s "$1" "$2"; then return; fi
  if [[ $update == --update ]]; then
    mkdir -p "$(dirname "$1")"
    cp "$2" "$1"
    echo "written: $1"
    return
  fi
  fail "stale: $1 (write it again with: bash property_tests/docs/reference_test.sh $part build/halfclose --update)"
  diff -u "$1" "$2" | head -n 40 || true
}

#--- reference -----------------------------------------------------------------------------------------------------

check_reference() {
  local name page machines
  mapfile -t machines < <("$halfclose" machines list | grep -oE '^[a-z0-9-]+')
  for name in "${machines[@]}"; do
    "$halfclose" machines show "$name" --format markdown >"$work/page.md"
    compare "docs/reference/machines/$name.md" "$work/page.md"
  done
  for page in docs/reference/machines/*.md; do
    name=$(basename "$page" .md)
    [[ $name == index || " ${machines[*]} " == *" $name "* ]] || fail "stale: $page is no machine of \`machines list\`"
  done
  "$halfclose" explain keepalive-reuse --format svg >"$work/picture.svg" || true
  compare docs/images/keepalive-reuse.svg "$work/picture.svg"
  while read -r page; do
    check_blocks "$page"
  done < <(grep -rl --include='*.md' '^<!-- generated: ' README.md docs | sort)
  local required
  for required in server-keys:chain client-keys:chain races:races guarantees:races request-races:races request-guarantees:races mitigations:races \
    server-profiles:profiles client-profiles:profiles claims:manifest systems:theorems theorems:theorems \
    theorems-in-time:theorems; do
    page=docs/reference/${required#*:}.md
    grep -qF "<!-- generated: ${required%:*} -->" "$page" || fail "missing: the block ${required%:*} in $page"
  done
  # The keys of the file itself are lists in the parser.
  while read -r name; do
    grep -qE "^\\| \`([a-z]+\.)?$name\` " docs/reference/chain.md || fail "missing: the key $name in docs/reference/chain.md"
  done < <(grep -oE 'entries\(.*\{("[a-z_]+"(, )?)+\}|known = \{("[a-z_]+"(, )?)+\}' model/deployment/chain.cpp |
    grep -oE '\{.*\}' | grep -oE '[a-z_]+' | sort -u)
  # Behind the table of races each has a section that says what decides it.
  while read -r name; do
    grep -qxF "## \`$name\`" docs/reference/races.md || fail "missing: a section on $name in docs/reference/races.md"
  done < <(literals proofs/catalogue/catalogue.cpp races | cut -f 1
    literals proofs/catalogue/request_races.cpp request_races | cut -f 1
    literals proofs/catalogue/eventualities.cpp eventualities | awk -F '\t' '$3 != "" { print $2 }')
}

# The page with each block made again.
check_blocks() {
  local page=$1 name
  cp "$page" "$work/page.md"
  while read -r name; do
    block "$name" >"$work/block" || { fail "unknown: block $name in $page"; continue; }
    [[ -s $work/block ]] || { fail "empty: block $name in $page"; continue; }
    awk -v begin="<!-- generated: $name -->" -v block="$work/block" '
      $0 == begin { print; while ((getline line < block) > 0) print line; inside = 1 }
      inside && $0 == "<!-- end -->" { inside = 0 }
      !inside { if ($0 != begin) print }' "$work/page.md" >"$work/next.md"
    mv "$work/next.md" "$work/page.md"
  done < <(sed -n 's/^<!-- generated: \(.*\) -->$/\1/p' "$page")
  compare "$page" "$work/page.md"
}

block() {
  case $1 in
    server-keys) keys server_keys ;;
    client-keys) keys client_keys ;;
    races)
      echo '| race | number | statement | source |'
      echo '|---|---|---|---|'
      literals proofs/catalogue/catalogue.cpp races |
        awk -F '\t' '{ printf "| [`%s`](#%s) | %s | %s | %s |\n", $1, $1, $2, $3, $4 }'
      ;;
    guarantees)
      echo '| guarantee | statement | source |'
      echo '|---|---|---|'
      literals proofs/catalogue/catalogue.cpp guarantees | awk -F '\t' '{ printf "| `%s` | %s | %s |\n", $1, $2, $3 }'
      ;;
    request-races)
      echo '| race | number | statement | source |'
      echo '|---|---|---|---|'
      literals proofs/catalogue/request_races.cpp request_races |
        awk -F '\t' '{ printf "| [`%s`](#%s) | %s | %s | %s |\n", $1, $1, $2, $3, $4 }'
      literals proofs/catalogue/eventualities.cpp eventualities |
        awk -F '\t' '$3 != "" { printf "| [`%s`](#%s) | %s | not so: %s | %s |\n", $2, $2, $3, $4, $5 }'
      ;;
    request-guarantees)
      echo '| guarantee | statement | source |'
      echo '|---|---|---|'
      literals proofs/catalogue/request_races.cpp request_guarantees | awk -F '\t' '{ printf "| `%s` | %s | %s |\n", $1, $2, $3 }'
      literals proofs/catalogue/eventualities.cpp eventualities |
        awk -F '\t' '$3 == "" { printf "| `%s` | %s | %s |\n", $1, $4, $5 }'
      ;;
    mitigations)
      echo '| mitigation | what to do |'
      echo '|---|---|'
      literals proofs/catalogue/mitigations.cpp mitigations |
        awk -F '\t' '{ gsub(/[{]client[}]/, "the client", $2); gsub(/[{]server[}]/, "the server", $2); printf "| `%s` | %s |\n", $1, $2 }'
      ;;
    claims)
      echo '| claim | says |'
      echo '|---|---|'
      literals proofs/manifest/claim.cpp claim_kinds | awk -F '\t' '{ name = $1 " " $2; sub(/ $/, "", name); printf "| `%s` | %s |\n", name, $3 }'
      ;;
    systems) proved_systems ;;
    embedded-tell) excerpt examples/embed/connection.hpp '  void tell(Said event) {' ;;
    embedded-perform) excerpt examples/embed/connection.hpp '  std::optional<Said> perform(client::Output output) {' ;;
    theorems) theorems 0 ;;
    theorems-in-time) theorems 1 ;;
    server-profiles)
      profiles downstream 'idle_timeout idle_grace drain_timeout close_timeout linger_time max_connection_duration max_requests'
      ;;
    client-profiles)
      profiles upstream 'idle_timeout max_connection_duration max_requests response_timeout reuse_check'
      ;;
    *) return 1 ;;
  esac
}

# body FILE FUNCTION: the function's initializer on one line, adjacent string literals joined, comments out.
body() {
  awk -v name="$2" '
    $0 ~ "> *& *" name "\\(\\) *\\{" { inside = 1; next }
    inside && /^}/ { exit }
    inside { sub(/^ *\/\/.*/, ""); printf "%s ", $0 }' "$1" |
    sed -E 's/" +"//g'
}

# literals FILE FUNCTION: per entry the first string literals, tab-separated: as many as come before the first word or
# bracket that is neither a literal nor an `Out::` name.
literals() {
  body "$1" "$2" | awk '
    {
      while (match($0, /\{"[a-z0-9-]+",/)) {
        $0 = substr($0, RSTART + 1)
        line = ""
        while (match($0, /^ *("[^"]*"|Out::[a-z0-9_]+)[,}]/)) {
          piece = substr($0, 1, RLENGTH - 1)
          $0 = substr($0, RLENGTH + 1)
          if (piece !~ /Out::/) {
            gsub(/^ *"|"$/, "", piece)
            line = line (line == "" ? "" : "\t") piece
          }
        }
        print line
      }
    }'
}

# excerpt FILE LINE: the function that begins with the line, as a block of code.
excerpt() {
  echo '```cpp'
  awk -v line="$2" '$0 == line { inside = 1 } inside { sub(/^  /, ""); print } inside && /^}$/ { exit }' "$1"
  echo '```'
}

# The claims of the manifest, in its order: per property the systems of which it holds and those where it is broken,
# with the length of the shortest run where there is one. IN-TIME is 0 or 1.
theorems() {
  echo '| claim | holds of | broken of |'
  echo '|---|---|---|'
  grep -v -e '^#' -e '^$' proofs/manifest.csv | awk -F , -v in_time="$1" '
    NR == 1 || ($1 ~ / in time$/) != in_time { next }
    {
      if (!($1 in known)) { known[$1]; order[++count] = $1 }
      # Of these the depth is that of the farthest state: no run to speak of.
      system_named = "`" $2 "`"
      if ($1 != "fits" && !($1 ~ /^(always|never) /) == ($3 == "holds")) system_named = system_named " (" $6 ")"
      list[$1, $3] = list[$1, $3] (list[$1, $3] == "" ? "" : ", ") system_named
    }
    END {
      for (i = 1; i <= count; ++i) printf "| `%s` | %s | %s |\n", order[i], list[order[i], "holds"], list[order[i], "broken"]
    }'
}

# The systems of the manifest: what each is made of, and its counts.
proved_systems() {
  echo '| system | made of | states | transitions | zones | transitions in time |'
  echo '|---|---|---|---|---|---|'
  "$halfclose" prove --systems | awk -F '  +' '
    FNR == NR { about[$1] = $2; next }
    FNR == 1 || /^(emits|moves) / { next }  # they count something else
    {
      split($0, value, ",")
      name = value[2]
      if (!(name in known)) { known[name]; order[++count] = name }
      counts[name, value[1] ~ / in time$/] = value[4] " | " value[5]
    }
    END {
      for (i = 1; i <= count; ++i) {
        name = order[i]
        printf "| `%s` | %s | %s | %s |\n", name, about[name], (name, 0) in counts ? counts[name, 0] : "| ", (name, 1) in counts ? counts[name, 1] : "| "
      }
    }' - <(grep -v -e '^#' -e '^$' proofs/manifest.csv)
}

# The registry of keys: name, kind, allowed words, meaning.
keys() {
  echo '| key | kind | allowed | meaning |'
  echo '|---|---|---|---|'
  body model/deployment/role.cpp "$1" | awk '
    BEGIN {
      kind["duration"] = "duration"; kind["duration_or_off"] = "duration or `off`"; kind["count_or_off"] = "count or `off`"
      kind["flag"] = "flag"; kind["word"] = "one word"; kind["words"] = "list of words"
    }
    {
      while (match($0, /\{"[a-z0-9_.]+", *[a-z_]+, *\{[^}]*\}, *"[^"]*"/)) {
        entry = substr($0, RSTART, RLENGTH)
        $0 = substr($0, RSTART + RLENGTH)
        split(entry, quoted, "\"")
        name = quoted[2]
        split(quoted[3], bare, /[ ,]+/)
        words = entry
        sub(/^[^,]*,[^,]*, */, "", words)
        sub(/\}.*/, "", words)
        gsub(/[{" ]/, "", words)
        gsub(/,/, "`, `", words)
        if (words != "") words = "`" words "`"
        if (words == "" && bare[2] == "flag") words = "`true`, `false`"
        meaning = entry
        sub(/"$/, "", meaning)
        sub(/.*"/, "", meaning)
        printf "| `%s` | %s | %s | %s |\n", name, kind[bare[2]], words, meaning
      }
    }'
}

# profiles ROLE KEYS: a row per profile that has the role.
profiles() {
  local role=$1 file
  echo "| profile | version | $(sed 's/[a-z_]*/`&`/g; s/`` *//g; s/ / | /g' <<<"$2") | unsourced |"
  echo "|---|---|$(sed 's/[a-z_]\+ */---|/g' <<<"$2")---|"
  for file in model/deployment/profiles/*.yaml; do
    awk -v role="$role" -v wanted="$2" -v name="$(basename "$file" .yaml)" '
      /^version:/ { version = $0; sub(/^version: */, "", version); gsub(/"/, "", version) }
      /^[a-z]/ { inside = $0 ~ "^" role ":" }
      inside && /\{ *value:/ {
        total++
        key = $1
        sub(/:$/, "", key)
        value = $0
        sub(/.*\{ *value: */, "", value)
        sub(/, *source: .*/, "", value)
        if (/source: "?unsourced"?/) { unsourced++; value = value "?" }
        if (!(key in values)) values[key] = value
      }
      END {
        if (!total) exit
        line = "| `" name "` | " version " |"
        count = split(wanted, keys, " ")
        for (i = 1; i <= count; ++i) line = line " " values[keys[i]] " |"
        print line " " unsourced + 0 " of " total " |"
      }' "$file"
  done
}

#--- matrix ---------------------------------------------------------------------------------------------------------

# What stands behind the marker is computed.
check_matrix() {
  local page=docs/reference/matrix.md marker='<!-- computed: halfclose matrix --max-zones 25000000 --format md -->'
  {
    sed "/^$marker\$/q" "$page"
    echo
    "$halfclose" matrix --max-zones 25000000 --format md
  } >"$work/page.md" || fail "undecided: the matrix"
  grep -qxF -- "$marker" "$page" || fail "missing: \`$marker\` in $page"
  compare "$page" "$work/page.md"
}

#--- commands ------------------------------------------------------------------------------------------------------

check_commands() {
  local page place=$work/place
  PATH=$(cd "$(dirname "$halfclose")" && pwd):$PATH
  while read -r page; do
    grep -q '^```console' "$page" || continue
    rm -rf "$place"
    mkdir -p "$place"
    ln -s "$root/examples" "$root/model" "$place/"
    run_page "$page" "$place" >"$work/page.md"
    [[ $update != --update ]] || compare "$page" "$work/page.md"
  done < <(pages)
}

# The page on standard output, with what its commands print today; differences go to standard error and count.
run_page() {
  local page=$1 place=$2 line mode=text command='' shown='' file=''
  while IFS= read -r line || [[ -n $line ]]; do
    case $mode:$line in
      text:'```console') mode=console; printf '%s\n' "$line" ;;
      text:'```yaml') mode=yaml; file=''; printf '%s\n' "$line" ;;
      console:'```') finish_command; mode=text; printf '%s\n' "$line" ;;
      console:'$ '*) finish_command; command=${line#'$ '}; printf '%s\n' "$line" ;;
      console:*) shown+=$line$'\n' ;;
      yaml:'```') mode=text; printf '%s\n' "$line" ;;
      yaml:*)
        if [[ -z $file && $line =~ ^'# '([a-z0-9-]+\.yaml)$ ]]; then
          file=$place/${BASH_REMATCH[1]}
          : >"$file"
        fi
        [[ -z $file ]] || printf '%s\n' "$line" >>"$file"
        printf '%s\n' "$line"
        ;;
      *) printf '%s\n' "$line" ;;
    esac
  done <"$page"
}

finish_command() {
  [[ -n $command ]] || return 0
  local ran=${command/#.\/dev check/halfclose check} printed
  if [[ $ran == ./dev* ]]; then
    printf '%s' "$shown"  # builds and tests: not from within a test
  else
    printed=$(cd "$place" && bash -c "$ran" 2>&1 </dev/null; echo .)
    printed=${printed%.}
    if [[ $'\n'$shown == *$'\n...\n'* ]]; then
      same "$printed" "$shown" || differs
      printf '%s' "$shown"
    else
      [[ $printed == "$shown" ]] || differs
      printf '%s' "$printed"
    fi
  fi
  command='' shown=''
}

differs() {
  [[ $update != --update || $'\n'$shown == *$'\n...\n'* ]] || return 0
  {
    echo "$page: \`$command\` prints something else:"
    diff <(printf '%s' "$shown") <(printf '%s' "$printed") | head -n 30
  } >&2 || true
  failures=$((failures + 1))
}

# same PRINTED SHOWN: SHOWN's pieces between `...` lines occur in PRINTED in order, the outer ones at its ends.
same() {
  local rest=$'\n'$1 shown=$'\n'$2 piece first=1
  while [[ $shown == *$'\n...\n'* ]]; do
    piece=${shown%%$'\n...\n'*}$'\n'
    shown=$'\n'${shown#*$'\n...\n'}
    if (( first )); then
      [[ $rest == "$piece"* ]] || return 1
    fi
    first=0
    [[ $rest == *"$piece"* ]] || return 1
    rest=$'\n'${rest#*"$piece"}
  done
  [[ $shown == $'\n' || $rest == *"$shown" ]]
}

#--- links ---------------------------------------------------------------------------------------------------------

check_links() {
  local page link file anchor
  while read -r page; do
    while read -r link; do
      case $link in
        http://* | https://* | mailto:* | '') continue ;;
      esac
      file=${link%%#*}
      anchor=
      [[ $link != *'#'* ]] || anchor=${link#*#}
      if [[ -z $file ]]; then file=$page; else file=$(dirname "$page")/$file; fi
      if [[ ! -e $file ]]; then
        fail "$page: broken link: $link"
      elif [[ -n $anchor ]] && ! anchors "$file" | grep -qxF -- "$anchor"; then
        fail "$page: no such heading: $link"
      fi
    done < <(prose "$page" | grep -oE '\]\([^) ]+\)|(src|href)="[^"]+"' | sed -E 's/^\]\(//; s/\)$//; s/^(src|href)="//; s/"$//')
  done < <(pages)
}

# A page without its code.
prose() { awk '/^```/ { code = !code; next } !code' "$1" | sed -E 's/`[^`]*`/x/g'; }

# Headings as a forge links to them: lower case, no punctuation, blanks become hyphens.
anchors() {
  awk '/^```/ { code = !code } !code && /^#+ /' "$1" | sed -E 's/^#+ +//' | tr '[:upper:]' '[:lower:]' |
    sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

main
