#!/bin/sh
# Compiles the contracts into artifacts/, which are committed: building and testing the Rust crates needs no npm.
#   build.sh           writes the artifacts
#   build.sh --check   compiles and compares; exit status 1 if an artifact differs, 2 if a contract does not compile
set -eu
cd "$(dirname "$0")"
if [ ! -d node_modules ]; then
    npm ci --ignore-scripts --no-audit --no-fund >&2
fi
exec node compile.mjs "$@"
