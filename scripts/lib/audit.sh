# shellcheck shell=bash
# Source this after steps.sh: the programs of scripts/sbom and scripts/advisories, which nothing else needs.

AUDIT=$REPO_ROOT/.toolchain/audit

# setup_audit: makes their environment, unless it's there for these versions.
setup_audit() {
  ! stamped "$AUDIT/.setup" "$(<requirements-audit.txt)" || return 0
  make_venv "$AUDIT" requirements-audit.txt
  stamp "$AUDIT/.setup" "$(<requirements-audit.txt)"
}
