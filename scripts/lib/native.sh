# shellcheck shell=bash
# Source this after env.sh.

# exec_native PACKAGE ARGUMENT...: sets up and builds what is missing, and becomes the native command of that package. The caller's
# folder stays, as files are named from there.
exec_native() {
  local package=$1
  shift
  "$REPO_ROOT/scripts/setup" >&2
  (cd "$REPO_ROOT" && cargo build --locked --quiet --profile native --package "$package")
  exec "${CARGO_TARGET_DIR:-$REPO_ROOT/target}/native/$package" "$@"
}
