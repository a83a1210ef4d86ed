#!/bin/sh
# The tests of the Python package in the environment that python/make_wheel.sh has made; 77 where there is none.
#
#   python/run_tests.sh PROGRAM [PYTEST OPTION...]
cd "$(dirname "$0")/.." || exit 1
python=build/python/venv/bin/python
if [ ! -x "$python" ]; then
  echo "run_tests.sh: $python is missing; ./quickstart wheel makes it" >&2
  exit 77
fi
LAZYGAP_PROGRAM=$1
export LAZYGAP_PROGRAM
shift
exec "$python" -m pytest python/tests "$@"
