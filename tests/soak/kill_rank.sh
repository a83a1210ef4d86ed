#!/bin/sh
# Runs a plan under mpirun and kills (SIGKILL) a rank at a random moment, again and again: the launcher ends the
# others, and the next start goes on. Compares what the store then holds with an uninterrupted run of one
# process, bit for bit. Exit code 1 at the first difference.
#
#   tests/soak/kill_rank.sh PROGRAM [KILLS [RANKS [SEED]]]
set -eu
program=$(realpath "$1"); kills=${2:-20}; ranks=${3:-3}; seed=${4:-1}
plan=$(realpath "$(dirname "$0")/plan.toml")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1

# All that a store says but when, where and how long.
results() { # folder
  "$program" show "$plan" --out "$1" > "$1.txt"
  "$program" show "$plan" --out "$1" --json |
    sed -E 's/"(seconds|threads)":[^,}]*//g; s/"(finished_at|machine|commit|compiler|instruction_set)":"[^"]*"//g' > "$1.json"
}

count=0
random() { # a number from 0 to $1 - 1, the next one each time
  count=$((count + 1))
  awk -v seed="$seed" -v count="$count" -v most="$1" \
    'BEGIN { srand(seed * 1000003 + count); rand(); print int(most * rand()) }'
}

"$program" run "$plan" --out whole --jobs 1 > /dev/null 2>&1
results whole
begin=$(date +%s%N)
mpirun -n "$ranks" "$program" run "$plan" --out part > /dev/null 2>&1
span=$((($(date +%s%N) - begin) / 1000000))  # ms, of the moments; follows the load of the machine
results part
cmp whole.txt part.txt; cmp whole.json part.json
rm -rf part

killed=0; wholes=1
while [ "$killed" -lt "$kills" ]; do
  mpirun -n "$ranks" "$program" run "$plan" --out part > run.log 2>&1 &
  launcher=$!
  delay=$(random "$span")
  sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
  # The ranks are children of the launcher.
  victim=$(pgrep -P "$launcher" -x lazygap | sed -n "$(($(random "$ranks") + 1))p")
  [ -z "$victim" ] || kill -KILL "$victim" 2> /dev/null || true
  code=0; wait "$launcher" || code=$?
  if [ "$code" -ne 0 ]; then
    killed=$((killed + 1)); span=$((span * 11 / 10 + 1))
    [ $((killed % 10)) -lt 9 ] || code=$(mpirun -n "$ranks" "$program" run "$plan" --out part > run.log 2>&1; echo $?)
  else
    span=$((span * 8 / 10 + 5))
  fi
  [ "$code" -eq 0 ] || continue
  results part
  cmp whole.txt part.txt; cmp whole.json part.json
  wholes=$((wholes + 1))
  rm -rf part
done
# What was interrupted last comes to its end, too.
mpirun -n "$ranks" "$program" run "$plan" --out part > run.log 2>&1
results part
cmp whole.txt part.txt; cmp whole.json part.json
echo "a rank of $ranks killed $killed times; $((wholes + 1)) stores compared, all as of one process"
