#!/usr/bin/env bash
# Opens reports in headless Chromium and uses them: run.sh PROGRAM [FOLDER]. Screenshots go to FOLDER.
# Chromium comes from Debian's packages where it is missing, the driver from npm. Where one of them cannot be had, a line
# says so, and the test counts as skipped.
set -euo pipefail
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
out=${2:-$(mktemp -d)}
mkdir -p "$out"
out=$(realpath "$out")

skip() {
  echo "skipped: the report was not opened in a browser here, $1"
  exit 0
}

browser() {
  command -v chromium || command -v chromium-browser || command -v google-chrome || true
}

if [ -z "$(browser)" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update && apt-get install -y --no-install-recommends chromium; } >"$out/apt.log" 2>&1 || true
fi
chromium=$(browser)
[ -n "$chromium" ] || skip "there is no Chromium, and it cannot be installed"
command -v npm >/dev/null || skip "there is no npm"
cp "$here"/package*.json "$here/check.mjs" "$out"
(cd "$out" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1) || skip "npm cannot fetch playwright-core"

cd "$root"
# Runs that end otherwise than these scenarios are told to expect, so that there is something to report.
rm -rf "$out/small" "$out/large"
"$program" run scenarios/quickstart.toml scenarios/network/partition-never-heals.toml \
  scenarios/byzantine/coalition-of-a-threshold.toml --set 'expect.verdict="pass"' --out "$out/small" --quiet \
  >"$out/run.log" 2>&1 || true
"$program" run scenarios/limits/hundred-nodes.toml --out "$out/large" --quiet
"$program" report "$out/small" --quiet
"$program" report "$out/large" --quiet
mkdir -p "$out/screenshots"
cd "$out"
node check.mjs "$chromium" screenshots small/report.html large/report.html
