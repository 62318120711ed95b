#!/bin/sh
# Makes ethers/ from the npm packages; the result is committed: building and testing the Rust crates needs no npm.
#   build.sh           writes the bundle
#   build.sh --check   makes it again and compares (exit status 1 if a file differs), then runs the
#                      bundle and web/ under node.js against the untrimmed package and node's own classes
set -eu
cd "$(dirname "$0")"
if [ ! -d node_modules ]; then
    npm ci --ignore-scripts --no-audit --no-fund >&2
fi
node build.mjs "$@"
if [ "${1:-}" = "--check" ]; then
    node check.mjs
    exec node --no-deprecation check-web.mjs
fi
