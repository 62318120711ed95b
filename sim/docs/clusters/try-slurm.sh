#!/usr/bin/env bash
# Tries array.sbatch for real on one machine: installs Slurm from Debian's packages, starts it for this machine alone, runs
# an array of 4 and compares what comes of it with a sweep that was not divided. Needs root to install and to start its
# daemons; leaves nothing running. Where the packages cannot be had, a line says so, and the test counts as skipped.
#
#   sudo sim/docs/clusters/try-slurm.sh [PROGRAM] [SCENARIO] [SEEDS]
set -euo pipefail
cd "$(dirname "$0")/../../.."
program=$(realpath "${1:-target/release/litsim}")
scenario=${2:-scenarios/limits/quickstart-pooled.toml}
seeds=${3:-1..40}
[ -x "$program" ] || { echo "there is no program $program; build it first (cargo build --release)"; exit 2; }
[ "$(id -u)" = 0 ] || { echo "Slurm's daemons are started here, which takes root"; exit 2; }

if ! command -v slurmctld >/dev/null || ! command -v slurmd >/dev/null || ! command -v munged >/dev/null; then
  log=$(mktemp)
  if ! { command -v apt-get && apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
    --no-install-recommends slurmctld slurmd slurm-client munge; } >"$log" 2>&1; then
    echo "skipped: no array was run here, there is no Slurm and its packages cannot be installed (see $log)"
    exit 0
  fi
  rm -f "$log"
fi

state=$(mktemp -d)
export SLURM_CONF="$state/slurm.conf"
host=$(hostname -s)
pids=()
finish() {
  code=$?
  if [ "$code" != 0 ]; then
    for log in "$state"/*.log; do echo "--- ${log##*/}"; tail -n 20 "$log"; done
  fi
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$state"
  exit "$code"
}
trap finish EXIT

# A key of its own, so that nothing of this machine's is touched.
mkdir -p "$state/spool" "$state/ctld"
head -c 1024 /dev/urandom > "$state/munge.key"
chmod 700 "$state"
chmod 400 "$state/munge.key"
cat > "$SLURM_CONF" <<CONF
ClusterName=here
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$state/munge.socket
CredType=cred/munge
StateSaveLocation=$state/ctld
SlurmdSpoolDir=$state/spool
SlurmctldPidFile=$state/slurmctld.pid
SlurmdPidFile=$state/slurmd.pid
SlurmctldPort=16817
SlurmdPort=16818
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
ReturnToService=2
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
# Jobs are started without control groups, which a container may not make. Old versions must be given a kind all the same,
# and then make none.
plugin=disabled
case "$(slurmd -V)" in *" "2[0-2].* | *" 23.02"*) plugin=cgroup/v1 ;; esac
printf 'CgroupPlugin=%s\n' "$plugin" > "$state/cgroup.conf"

munged --foreground --force --key-file="$state/munge.key" --socket="$state/munge.socket" --pid-file="$state/munged.pid" \
  --log-file="$state/munged.log" --seed-file="$state/munged.seed" 2>"$state/munged.err.log" & pids+=($!)
for _ in $(seq 50); do [ -S "$state/munge.socket" ] && break; sleep 0.1; done
slurmctld -D -f "$SLURM_CONF" >"$state/slurmctld.log" 2>&1 & pids+=($!)
slurmd -D -f "$SLURM_CONF" -N "$host" >"$state/slurmd.log" 2>&1 & pids+=($!)
for _ in $(seq 100); do
  sinfo -h -o %T 2>/dev/null | grep -q idle && break
  kill -0 "${pids[2]}" 2>/dev/null || { echo "slurmd has ended:"; tail -n 5 "$state/slurmd.log"; exit 1; }
  sleep 0.3
done
sinfo -h -o %T | grep -q idle || { echo "this machine does not become a node of its cluster"; exit 1; }
echo "Slurm $(sinfo --version | cut -d' ' -f2) runs on $host"

"$program" sweep "$scenario" --seeds "$seeds" --out "$state/whole" --quiet
LITSIM="$program" OUT="$state/array" sbatch --wait --array=1-4 --cpus-per-task=1 --chdir="$PWD" \
  --output="$state/task-%a.log" --export=ALL sim/docs/clusters/array.sbatch "$scenario" --seeds "$seeds"
ls "$state/array"
"$program" merge "$state/array" --out "$state/merged"
cmp "$state/whole/results.jsonl" "$state/merged/results.jsonl"
cmp "$state/whole/sweep.json" "$state/merged/sweep.json"
echo "an array of 4 and an undivided sweep wrote the same $(wc -l < "$state/merged/results.jsonl") lines"
