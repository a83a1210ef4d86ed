#!/bin/sh
# Ends runs at random moments, again and again, until a run comes to its end, and compares what the
# store then holds with an uninterrupted run, bit for bit. Exit code 1 at the first difference.
#
#   tests/soak/kill.sh PROGRAM [KILLS [WAY [PROCESSES [SEED]]]]
#
# KILLS      runs to be ended in all (30)
# WAY        KILL, TERM: that signal; DISK: a limit on the size of files stands in for a disk that fills up (KILL)
# PROCESSES  that work on one store at once, each of them ended (1)
# SEED       of the moments (1)
set -eu
program=$(realpath "$1"); kills=${2:-30}; way=${3:-KILL}; processes=${4:-1}; seed=${5:-1}
plan=$(realpath "$(dirname "$0")/plan.toml")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# All that a store says but when, where and how long.
results() { # folder
  "$program" show "$plan" --out "$1" > "$1.txt"
  "$program" show "$plan" --out "$1" --json |
    sed -E 's/"(seconds|threads)":[^,}]*//g; s/"(finished_at|machine|commit|compiler|instruction_set)":"[^"]*"//g' > "$1.json"
}

# A number from 0 to $1 - 1, the next one each time.
count=0
random() {
  count=$((count + 1))
  awk -v seed="$seed" -v count="$count" -v most="$1" \
    'BEGIN { srand(seed * 1000003 + count); rand(); print int(most * rand()) }'
}

begin=$(date +%s%N)
"$program" run "$plan" --out whole --jobs 1 > /dev/null 2>&1
span=$((($(date +%s%N) - begin) / 1000000))  # ms, of the moments; follows the load of the machine
whole_bytes=$(stat -c %s whole/results.sqlite)
results whole

# Starts a run that will be ended, and adds its number to $running.
start() {
  case $way in
    DISK) # in blocks of 512 bytes
      blocks=$(($(random $((whole_bytes + 20000))) / 512))
      (ulimit -f "$blocks"; exec "$program" run "$plan" --out part --jobs 1) > run.log 2>&1 &
      running="$running $!" ;;
    *)
      delay=$(random "$span")
      timeout --preserve-status -s "$way" "$((delay / 1000)).$(printf %03d $((delay % 1000)))" \
        "$program" run "$plan" --out part --jobs 1 > run.log 2>&1 &
      running="$running $!" ;;
  esac
}

ended=0; wholes=0
while [ "$ended" -lt "$kills" ]; do
  running=""
  for _ in $(seq "$processes"); do start; done
  finished=0
  for process in $running; do
    code=0; wait "$process" || code=$?
    if [ "$code" -eq 0 ]; then
      finished=1; span=$((span * 8 / 10 + 5))
    else
      ended=$((ended + 1)); span=$((span * 11 / 10 + 1))
    fi
    # 1: an error that nobody foresaw, 2: usage, 3: points without a result, 134 and 139: abort, segmentation fault.
    case $code in
      1 | 2 | 3 | 134 | 139) echo "a run ended with $code:"; cat run.log; exit 1 ;;
    esac
  done
  # Runs that come close to the end would be ended for ever.
  [ $((ended % 25)) -lt 20 ] || { "$program" run "$plan" --out part --jobs 1 > /dev/null 2>&1; finished=1; }
  [ "$finished" -eq 1 ] || continue
  results part
  cmp whole.txt part.txt; cmp whole.json part.json
  wholes=$((wholes + 1))
  rm -rf part
done
echo "$ended runs ended by $way, $processes at a time; $wholes stores compared, all as without"
