#!/bin/sh
# Runs every documented command. In Markdown, a block fenced as ```console holds commands on lines that start with
# "$ " and the output each must print, word for word; an output line "..." stands for any number of lines.
# A command without output lines only has to succeed. All commands of a page share one empty folder.
#
#   run_documented.sh FOLDER_OF_THE_PROGRAM PAGE.md...
set -eu
PATH="$1:$PATH"
export PATH
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0
failures=0

# matches EXPECTED ACTUAL: equal, but for "..." lines that stand for any lines.
matches() {
  awk 'NR == FNR { want[++wants] = $0; next } { have[++haves] = $0 }
       END {
         h = 1
         for (w = 1; w <= wants; ++w) {
           if (want[w] == "...") {
             if (w == wants) exit 0
             while (h <= haves && have[h] != want[w + 1]) ++h
           } else if (h > haves || have[h++] != want[w]) exit 1
         }
         exit h <= haves
       }' "$1" "$2"
}

check() { # page line command expected-file
  count=$((count + 1))
  if ! (cd "$scratch/page" && sh -c "$3") >"$scratch/out" 2>"$scratch/err" </dev/null; then
    echo "$1:$2: '$3' failed:" && cat "$scratch/err" && failures=$((failures + 1))
  elif [ -s "$4" ] && ! matches "$4" "$scratch/out"; then
    echo "$1:$2: '$3' prints something else:" && diff "$4" "$scratch/out" || failures=$((failures + 1))
  fi
}

for page in "$@"; do
  rm -rf "$scratch/page" "$scratch"/command.*
  mkdir "$scratch/page"
  awk -v out="$scratch/command" '
    /^```console/ { inside = 1; next }
    /^```/ { inside = 0; next }
    inside && /^\$ / { ++n; file = sprintf("%s.%03d", out, n); print FNR > file; print substr($0, 3) > file; next }
    inside { print > file }' "$page"
  for file in "$scratch"/command.*; do
    [ -e "$file" ] || continue
    tail -n +3 "$file" >"$scratch/expected"
    check "$page" "$(sed -n 1p "$file")" "$(sed -n 2p "$file")" "$scratch/expected"
  done
done
echo "$count documented commands, $failures failed"
[ "$count" -gt 0 ] && [ "$failures" -eq 0 ]
