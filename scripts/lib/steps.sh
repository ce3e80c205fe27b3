# shellcheck shell=bash
# Source this: named, timed steps, and what has already been done.

# Milliseconds since the epoch, without starting a process.
now_ms() { local t=${EPOCHREALTIME/[.,]/}; printf '%s' "$((t / 1000))"; }

# seconds MILLISECONDS: "1.2 s".
seconds() { printf '%d.%d s' "$(($1 / 1000))" "$(($1 % 1000 / 100))"; }

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $1"
  shift
  local hint
  for hint; do say "       $hint"; done
  exit 1
}

# stamped FILE KEY: whether FILE vouches for exactly this KEY. A stamp lies inside the folder it vouches for, so that
# deleting the folder is enough to have it made again.
stamped() { [[ -r $1 && $(<"$1") == "$2" ]]; }

# stamp FILE KEY
stamp() { printf '%s\n' "$2" >"$1.new" && mv "$1.new" "$1"; }

# make_venv FOLDER REQUIREMENTS: a Python environment with the packages that a file names, in place of what is there.
make_venv() {
  rm -rf "$1"
  python3 -m venv "$1"
  "$1/bin/python" -m pip install --quiet --only-binary :all: --requirement "$2"
}

# logged NAME HINT COMMAND...: runs COMMAND with its output in a log, prints NAME and the seconds it took; when it fails,
# also the end of the log, and HINT.
logged() {
  local name=$1 hint=$2 log start
  shift 2
  log=$SETUP_LOGS/${name// /-}.log
  start=$(now_ms)
  # Descriptor 9 is setup's lock: what a step leaves running must not keep it.
  if "$@" >"$log" 2>&1 9>&-; then
    say "$(printf '  %-24s %10s' "$name" "$(seconds $(($(now_ms) - start)))")"
  else
    say "$(printf '  %-24s failed after %s' "$name" "$(seconds $(($(now_ms) - start)))")"
    tail -n 20 "$log" | sed 's/^/  | /' >&2
    die "setup stopped at \"$name\" (whole log: ${log#"$REPO_ROOT"/})" "$hint" "What is done stays done: run scripts/setup again."
  fi
}
