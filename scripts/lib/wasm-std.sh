# shellcheck shell=bash
# Source this: Rust's standard library for wasm32, from rustup, or else built from Debian's source.

WASM_TARGET=wasm32-unknown-unknown
DEBIAN_RUST=$TOOLCHAIN/rust
# Debian's rustc-web is the newer compiler that Debian builds browsers with; plain rustc is too old.
DEBIAN_SUITE=bookworm-security

# `rustup target list --installed` can name a target whose files aren't there: look for the file.
rustup_has_wasm_std() {
  local folder
  folder=$(rustc --print target-libdir --target "$WASM_TARGET" 2>/dev/null) && compgen -G "$folder/libcore-*.rlib" >/dev/null
}

have_wasm_std() {
  stamped "$DEBIAN_RUST/.setup" "$DEBIAN_SUITE" || { [[ ${WASM_STD_FROM:-} != debian ]] && rustup_has_wasm_std; }
}

# Where rustup can't download it says so at once; where it can, the file takes seconds.
add_wasm_std_by_rustup() {
  timeout 120 rustup target add "$WASM_TARGET" && rustup_has_wasm_std
}

# Unpacks Debian's compiler, its source and a linker into a folder of ours. Nothing is installed: rustc-web conflicts with
# Debian's other Rust packages, but not when unpacked.
unpack_debian_rust() {
  local debs packages llvm deb
  debs=$TOOLCHAIN/build/debs
  rm -rf "$debs" "$DEBIAN_RUST" "$DEBIAN_RUST.new" && mkdir -p "$debs" "$DEBIAN_RUST.new"
  if [[ $(id -u) == 0 ]]; then apt-get update; else sudo -n apt-get update || true; fi
  packages=$(apt-get install --simulate --no-install-recommends -t "$DEBIAN_SUITE" rustc-web cargo-web rust-web-src |
    awk '$1 == "Inst" { print $2 }')
  [[ $packages ]] || { echo "apt offers no rustc-web in $DEBIAN_SUITE, or it's installed already"; return 1; }
  # The linker of the LLVM that this rustc is linked with shares its library.
  llvm=$(sed -n 's/^libllvm\([0-9]*\)$/\1/p' <<<"$packages")
  # shellcheck disable=SC2086 # one word per package
  (cd "$debs" && apt-get download -t "$DEBIAN_SUITE" $packages "lld-$llvm")
  for deb in "$debs"/*.deb; do dpkg-deb -x "$deb" "$DEBIAN_RUST.new"; done
  ln -s "wasm-ld-$llvm" "$DEBIAN_RUST.new/usr/bin/wasm-ld"
  rm -rf "$debs" && mv "$DEBIAN_RUST.new" "$DEBIAN_RUST"
}

# Builds std from the unpacked source, and puts it where the unpacked rustc looks for it.
build_debian_wasm_std() {
  local seed=$TOOLCHAIN/build/std-seed std=$DEBIAN_RUST/usr/lib/rustlib/$WASM_TARGET/lib
  rm -rf "$seed" "$std" && mkdir -p "$seed/src" "$std"
  printf '[package]\nname = "std-seed"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n' >"$seed/Cargo.toml"
  echo '#![no_std]' >"$seed/src/lib.rs"
  # build-std is unstable, hence RUSTC_BOOTSTRAP. Without embed-bitcode, `lto = true` fails in a Worker.
  (cd "$seed" && env -u CARGO_TARGET_DIR -u RUSTFLAGS -u CARGO_BUILD_TARGET \
    RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C embed-bitcode=yes" \
    LD_LIBRARY_PATH="$DEBIAN_RUST/usr/lib/x86_64-linux-gnu" PATH="$DEBIAN_RUST/usr/bin:$PATH" RUSTC="$DEBIAN_RUST/usr/bin/rustc" \
    cargo build --release --target "$WASM_TARGET" -Zbuild-std=std,panic_abort)
  cp "$seed/target/$WASM_TARGET/release/deps/"*.rlib "$std/"
  rm -rf "$std"/libstd_seed-*.rlib "$seed"
}

debian_wasm_std() {
  unpack_debian_rust && build_debian_wasm_std && stamp "$DEBIAN_RUST/.setup" "$DEBIAN_SUITE"
}

setup_wasm_std() {
  [[ ${WASM_STD_FROM:-} == debian ]] || { add_wasm_std_by_rustup && return; }
  debian_wasm_std
}
