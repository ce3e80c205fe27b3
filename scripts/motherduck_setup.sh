#!/usr/bin/env bash
# Applies the warehouse schema to MotherDuck, or to a local warehouse, and prints what changed. It can be run any number of times.
#
#   scripts/motherduck_setup.sh                          MotherDuck
#   scripts/motherduck_setup.sh --url URL                another warehouse, such as the local one that scripts/demo prints
#   scripts/motherduck_setup.sh --database NAME          default: living_schema
#   scripts/motherduck_setup.sh --no-indexes             without the indexes (sql/motherduck/indexes.sql)
#
# The token is that of MOTHERDUCK_TOKEN. If it isn't set, it's read from the Pulumi ESC environment that PULUMI_ESC_ENVIRONMENT names
# (such as my-org/my-project/production), from the value motherduckToken.
set -euo pipefail

# shellcheck source=lib/env.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/env.sh"
cd "$REPO_ROOT"
# shellcheck source=lib/native.sh
. scripts/lib/native.sh
# shellcheck source=lib/steps.sh
. scripts/lib/steps.sh

url=https://api.motherduck.com/mcp
database=living_schema
indexes=(--optional sql/motherduck/indexes.sql)
while (($#)); do
  case $1 in
    --url) url=${2:?--url needs an address}; shift 2 ;;
    --database) database=${2:?--database needs a name}; shift 2 ;;
    --no-indexes) indexes=(); shift ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done

if [[ -z ${MOTHERDUCK_TOKEN:-} && -n ${PULUMI_ESC_ENVIRONMENT:-} ]]; then
  command -v esc >/dev/null || die "Pulumi's program \"esc\" is not on this machine" "Install it, or set MOTHERDUCK_TOKEN."
  MOTHERDUCK_TOKEN=$(esc env get "$PULUMI_ESC_ENVIRONMENT" motherduckToken --value string)
fi
[[ -n ${MOTHERDUCK_TOKEN:-} ]] ||
  die "there is no token" "Set MOTHERDUCK_TOKEN, or PULUMI_ESC_ENVIRONMENT to the environment that has motherduckToken."
export MOTHERDUCK_TOKEN

exec_native warehouse-setup --url "$url" --database "$database" \
  sql/motherduck/schema_v1.sql sql/motherduck/schema_catalog.sql sql/motherduck/typed.sql sql/motherduck/reports.sql \
  sql/motherduck/outbox.sql sql/motherduck/queries.sql sql/motherduck/monitoring.sql \
  "${indexes[@]}"
