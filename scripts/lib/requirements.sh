# shellcheck shell=bash
# Source this: what the machine itself must bring, with the way to get it.

require_machine() {
  [[ $(uname -sm) == "Linux x86_64" ]] ||
    die "this is $(uname -sm), and the pinned tools (Node, DuckDB, workerd) are those for Linux x86_64" \
      "Use a Linux x86_64 machine or container."
}

# require_command COMMAND HINT
require_command() {
  command -v "$1" >/dev/null || die "\"$1\" is not on PATH" "$2"
}

require_commands() {
  require_command rustup "Install Rust with rustup (the stable toolchain)."
  require_command cargo "Install Rust with rustup (the stable toolchain)."
  require_command npm "Install Node.js 20 or newer with npm (Debian: apt-get install nodejs npm)."
  require_command python3 "Install Python 3.11 or newer (Debian: apt-get install python3 python3-venv)."
  require_command cc "Install a C compiler, which Rust links with (Debian: apt-get install gcc libc6-dev)."
  require_command flock "Install util-linux."
}
