#!/usr/bin/env bash
# Runs us beside the peers on real repositories and prints markdown tables: wall and CPU seconds of whole
# processes, peak memory, ratios within this one run. See benches/README.md. Nothing is sent anywhere: peers
# run without validation and update checks, and, where the system lets us, without a network.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: benches/suite.sh [OPTION]... FIRST-REPOSITORY [REPOSITORY]... (the last one is the large one)

  --runs N         runs of each command on whole histories and folders, interleaved (default 3)
  --short-runs N   runs of short commands (default 9)
  --works LIST     of history,staged,since,folder,curve (default: all, separated by commas)
  --scratch DIR    where copies are made, and kept for the next time (default: a temporary folder, removed)
  --parts LIST     percentages of the commits for the curve (default 25,50,100)
  --floor-only     the whole history: the floor and us, no peers

environment: PEERS, a list of folders separated by colons, is searched for peers before PATH.
UNLEAK and FLOOR, programs built before, are measured in place of those of this checkout.
TEXT
}

here=$(cd "$(dirname "$0")" && pwd)
runs=3 short_runs=9 works=history,staged,since,folder,curve parts=25,50,100 scratch='' peers_wanted=yes repositories=()
while [ $# -gt 0 ]; do
  case $1 in
    --runs) runs=$2; shift ;;
    --short-runs) short_runs=$2; shift ;;
    --works) works=$2; shift ;;
    --scratch) scratch=$2; shift ;;
    --parts) parts=$2; shift ;;
    --floor-only) peers_wanted=no ;;
    -h | --help) usage; exit ;;
    -*) usage >&2; exit 2 ;;
    *) repositories+=("$(cd "$1" && pwd)") ;;
  esac
  shift
done
[ ${#repositories[@]} -gt 0 ] || { usage >&2; exit 2; }
if [ -z "$scratch" ]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
fi
mkdir -p "$scratch/home" "$scratch/out"
scratch=$(cd "$scratch" && pwd)
results=$scratch/results.jsonl
rm -f "$results"
. "$here/suite/prepare.sh"

cd "$here/.."
# What cargo builds with these arguments: the path of the program of that name.
built() {
  local name=$1
  shift
  cargo "$@" --message-format json-render-diagnostics | python3 -c '
import json, sys
made = [m["executable"] for m in map(json.loads, sys.stdin) if m.get("executable") and m["target"]["name"] == sys.argv[1]]
print(made[-1])' "$name"
}
unleak=${UNLEAK:-$(built unleak build --release)}
floor=${FLOOR:-$(built floor bench --bench floor --no-run)}

# Programs see an empty home, so no configuration or cache of the user's changes anything.
export HOME=$scratch/home PATH=${PEERS:+$PEERS:}$PATH GIT_CONFIG_NOSYSTEM=1
git config --global safe.directory '*'
# Kingfisher makes a commit of what is staged, in a repository of its own.
git config --global user.name Suite
git config --global user.email suite@example.com
alone=()
unshare -r -n true 2>/dev/null && alone=(unshare -r -n)

# measure WORK NAME FOLDER COMMAND...: once; a program that is not installed is named as missing.
measure() {
  local work=$1 name=$2 folder=$3
  shift 3
  if ! command -v "$1" >/dev/null; then
    grep -qsF "\"work\": \"$work\", \"name\": \"$name\", \"missing\"" "$results" ||
      printf '{"work": "%s", "name": "%s", "missing": true}\n' "$work" "$name" >>"$results"
    return
  fi
  "${alone[@]}" python3 "$here/suite/measure.py" "$results" "$work" "$name" "$folder" "$@"
}

wanted() { [[ ,$works, == *,$1,* ]]; }
bare_name() { local name; name=$(basename "${1%/.git}"); [ "$name" = repo ] && name=$(basename "$(dirname "$1")"); echo "${name%.git}"; }
copies=()
for repository in "${repositories[@]}"; do
  copy=$scratch/$(bare_name "$repository").git
  copy_repository "$repository" "$copy"
  cp "$copy.lacking" "$copy.lacking.or-none"
  [ -s "$copy.lacking" ] || echo none >"$copy.lacking.or-none"
  copies+=("$copy")
done
small=${copies[0]} large=${copies[${#copies[@]} - 1]}
out=$scratch/out

history_of() {
  local copy=$1 work
  work="whole history of $(basename "$copy" .git)"
  measure "$work" "floor (decode all once)" / "$floor" --once "$copy"
  measure "$work" "unleak git" / "$unleak" git "$copy" -q --no-progress -o "$out/unleak.json"
  [ "$peers_wanted" = yes ] || return 0
  rm -f "$out"/kingfisher*.json
  measure "$work" "kingfisher scan --turbo --no-validate" / \
    kingfisher scan "$copy" --turbo --no-validate --no-update-check -f json -o "$out/kingfisher-turbo.json"
  measure "$work" "kingfisher scan --no-validate" / \
    kingfisher scan "$copy" --no-validate --no-update-check -f json -o "$out/kingfisher.json"
  measure "$work" "betterleaks git" / betterleaks git "$copy" --no-banner --exit-code 10 -o "$out/betterleaks.json"
  measure "$work" "gitleaks git" / gitleaks git "$copy" --no-banner --exit-code 10 -f json -r "$out/gitleaks.json"
  measure "$work" "trufflehog git" / \
    trufflehog git "file://$copy" --bare --trust-local-git-config --no-verification --no-update --json
}

staged() {
  local work="scan of one staged file in a checkout of $(basename "$large" .git)"
  measure "$work" "unleak scan --staged" "$large_tree" "$unleak" scan --staged -q --no-progress
  measure "$work" "gitleaks git --staged" "$large_tree" gitleaks git --staged --no-banner --exit-code 10
  measure "$work" "betterleaks git --staged" "$large_tree" betterleaks git --staged --no-banner --exit-code 10
  measure "$work" "ripsecrets FILE" "$large_tree" ripsecrets "$(git -C "$large_tree" diff --cached --name-only)"
  measure "$work" "kingfisher scan --staged" "$large_tree" kingfisher scan . --staged --no-validate --no-update-check
}

since() {
  local work="HEAD~100..HEAD of $(basename "$large" .git)"
  measure "$work" "unleak git --since-commit HEAD~100" / "$unleak" git "$large" --since-commit HEAD~100 -q --no-progress
  [ "$1" -le "$runs" ] || return 0
  measure "$work" "gitleaks git --log-opts" / gitleaks git "$large" --log-opts HEAD~100..HEAD --no-banner --exit-code 10
  measure "$work" "betterleaks git --log-opts" / betterleaks git "$large" --log-opts HEAD~100..HEAD --no-banner --exit-code 10
  measure "$work" "kingfisher scan --since-commit" / \
    kingfisher scan "$large" --branch HEAD --since-commit HEAD~100 --no-validate --no-update-check
  measure "$work" "trufflehog git --since-commit" / \
    trufflehog git "file://$large" --bare --trust-local-git-config --since-commit HEAD~100 --no-verification --no-update --json
}

folder() {
  local work tree=$scratch/files
  work="the files of $(basename "$small" .git) as a folder"
  measure "$work" "unleak dir" / "$unleak" dir "$tree" -q --no-progress -o "$out/unleak.json"
  measure "$work" "rg -uuc LITERAL" / rg -uuc client_secret "$tree"
  measure "$work" "ripsecrets" / ripsecrets "$tree"
  measure "$work" "kingfisher scan --turbo --no-validate" / kingfisher scan "$tree" --turbo --no-validate --no-update-check
  measure "$work" "kingfisher scan --no-validate" / kingfisher scan "$tree" --no-validate --no-update-check
  measure "$work" "betterleaks filesystem" / betterleaks filesystem "$tree" --no-banner --exit-code 10
  measure "$work" "gitleaks dir" / gitleaks dir "$tree" --no-banner --exit-code 10
  measure "$work" "trufflehog filesystem" / trufflehog filesystem "$tree" --no-verification --no-update --json
}

curve() {
  local percent part size work
  for percent in ${parts//,/ }; do
    part=$scratch/part-$percent.git
    size=$(du -cb "$part"/objects/pack/*.pack | awk 'END { printf "%.1f", $1 / 1e6 }')
    work="the first $percent % of the commits of $(basename "$large" .git) ($(cat "$part.done") in $size MB of pack)"
    measure "$work" "floor (decode all once)" / "$floor" --once "$part"
    measure "$work" "unleak git" / "$unleak" git "$part" -q --no-progress -o "$out/unleak.json"
  done
}

version() {
  local name=$1 path note='' said
  shift
  path=$(command -v "$name") || { echo "| \`$name\` | **missing** |"; return; }
  said=$("$path" "$@" 2>&1 | head -n 1)
  # Programs built from source do not know their version; the checkout they were built from may be told.
  local built=${path%/*}/$name.commit
  [ -e "$built" ] && note=", built from commit $(cat "$built")"
  echo "| \`$name\` | $said$note |"
}

commit_of_ours() {
  if [ -n "${UNLEAK:-}" ]; then
    echo "a program built before"
  else
    echo "commit $(git -C "$here/.." rev-parse --short=10 HEAD)$(git -C "$here/.." diff --quiet HEAD || echo ", with changes")"
  fi
}

say_what_is_measured() {
  local copy
  echo "Machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(awk '/MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo)."
  echo "Load at the start: $(cut -d ' ' -f 1-3 /proc/loadavg). $(date -u '+%Y-%m-%d %H:%M UTC'), warm cache, medians."
  echo "Network: $([ ${#alone[@]} -gt 0 ] && echo "cut off" || echo "not cut off, validation and update checks are turned off")."
  echo
  echo "| program | version |"
  echo "|---|---|"
  echo "| \`unleak\` | $("$unleak" --version), $(commit_of_ours) |"
  version kingfisher --version
  version betterleaks --version
  version gitleaks version
  version trufflehog --version
  version ripsecrets --version
  version rg --version
  version git --version
  echo
  echo "| repository | HEAD | commits of HEAD | refs | empty files in place of missing objects |"
  echo "|---|---|---|---|---|"
  for copy in "${copies[@]}"; do
    echo "| $(basename "$copy" .git) | $(git -C "$copy" rev-parse HEAD) | $(git -C "$copy" rev-list --count HEAD) | $(git -C "$copy" for-each-ref | wc -l) | $(cat "$copy.filled") |"
  done
}

say_what_is_measured
if wanted history; then
  for copy in "${copies[@]}"; do
    cat "$copy"/objects/pack/* >/dev/null
    for _ in $(seq "$runs"); do history_of "$copy"; done
  done
fi
if wanted staged; then
  large_tree=$scratch/tree
  checkout "$large" "$large_tree"
  stage_one_file "$large_tree"
  for _ in $(seq "$short_runs"); do staged; done
fi
if wanted since; then
  cat "$large"/objects/pack/* >/dev/null
  for run in $(seq "$short_runs"); do since "$run"; done
fi
if wanted folder; then
  export_files "$small" "$scratch/files"
  cat "$scratch"/files/* >/dev/null 2>&1 || true
  for _ in $(seq "$runs"); do folder; done
fi
if wanted curve; then
  for percent in ${parts//,/ }; do part_of_history "$large" "$percent" "$scratch/part-$percent.git"; done
  cat "$scratch"/part-*.git/objects/pack/* >/dev/null
  for _ in $(seq "$runs"); do curve; done
fi
python3 "$here/suite/table.py" "$results"
echo
echo "Load at the end: $(cut -d ' ' -f 1-3 /proc/loadavg)."
