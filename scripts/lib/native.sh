# shellcheck shell=bash
# Source this after env.sh.

# build_native PROGRAM...: builds native programs where they aren't up to date. All of the workspace is selected, so that what they depend on
# has the same features whichever of them are built, and is built once.
build_native() {
  local programs=() program
  for program; do programs+=(--bin "$program"); done
  (cd "$REPO_ROOT" && cargo build --locked --profile native --workspace "${programs[@]}")
}

# exec_native PROGRAM ARGUMENT...: sets up and builds what is missing, and becomes the program. The caller's folder stays, as files are named
# from there.
exec_native() {
  local command=${CARGO_TARGET_DIR:-$REPO_ROOT/target}/native/$1
  "$REPO_ROOT/scripts/setup" >&2
  # Only a first build takes so long that it has to show where it is.
  if [[ -x $command ]]; then CARGO_TERM_QUIET=true build_native "$1"; else build_native "$1"; fi
  shift
  exec "$command" "$@"
}
