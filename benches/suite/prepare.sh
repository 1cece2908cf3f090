# Makes what suite.sh measures, in its scratch folder: whole copies of the repositories, checkouts, and
# repositories with a part of a history. What is there already is kept. Sourced by suite.sh.

# A bare copy of repository $1 as $2. Objects that it lacks (a partial copy) become empty files of the same
# id, because some programs stop at the first missing object; how many stands in $2.filled.
copy_repository() {
  local from to=$2
  [ -e "$to.filled" ] && return
  from=$(cd "$1" && cd "$(git rev-parse --git-common-dir)" && pwd)
  rm -rf "$to"
  mkdir -p "$to"
  cp -r "$from/HEAD" "$from/objects" "$from/refs" "$to/"
  [ -e "$from/packed-refs" ] && cp "$from/packed-refs" "$to/"
  rm -f "$to"/objects/pack/*.promisor
  git -C "$to" config core.bare true
  git -C "$to" rev-list --objects --all --missing=print | sed -n 's/^?//p' >"$to.lacking"
  python3 - "$to" "$to.lacking" <<'PYTHON'
import os, sys, zlib
for oid in open(sys.argv[2]).read().split():
    folder = os.path.join(sys.argv[1], "objects", oid[:2])
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, oid[2:]), "wb") as file:
        file.write(zlib.compress(b"blob 0\0"))
PYTHON
  wc -l <"$to.lacking" >"$to.filled"
}

# A checkout $2 of the copy $1, its objects borrowed.
checkout() {
  [ -e "$2.done" ] && return
  rm -rf "$2"
  git clone -q -s --no-checkout "$1" "$2"
  git -C "$2" checkout -q
  : >"$2.done"
}

# A plain folder $2 with the files of HEAD of copy $1.
export_files() {
  [ -e "$2.done" ] && return
  rm -rf "$2"
  mkdir -p "$2"
  git -C "$1" archive HEAD | tar -x -C "$2"
  : >"$2.done"
}

# Stages a change of one file in checkout $1: a line at the end of the first README or, without one, of the last file.
stage_one_file() {
  local name
  git -C "$1" reset -q --hard
  name=$(git -C "$1" ls-files | awk 'tolower($0) ~ /^readme/ && !readme { readme = $0 } END { print readme ? readme : $0 }')
  echo "one more line, with a password = in it" >>"$1/$name"
  git -C "$1" add -- "$name"
}

# A bare repository $3 with the first $2 percent of the commits of HEAD of copy $1, packed anew with the same
# settings whatever the percentage.
part_of_history() {
  local from=$1 percent=$2 to=$3 count commit
  [ -e "$to.done" ] && return
  rm -rf "$to"
  count=$(git -C "$from" rev-list --count HEAD)
  commit=$(git -C "$from" rev-list --topo-order --reverse HEAD | sed -n "$((count * percent / 100))p")
  git init -q --bare "$to"
  git -C "$from" rev-list --objects --missing=allow-any "$commit" | grep -v -F -f "$from.lacking.or-none" |
    git -C "$from" pack-objects -q --no-reuse-delta --no-reuse-object --window=10 --depth=50 "$to/objects/pack/pack" >/dev/null
  git -C "$to" update-ref refs/heads/part "$commit"
  git -C "$to" symbolic-ref HEAD refs/heads/part
  git -C "$to" rev-list --count HEAD >"$to.done"
}
