#!/bin/sh
# workerd, ended with the process that started it: Miniflare cleans up after an exit, but not after a SIGKILL.
root=$(cd "$(dirname "$0")/../.." && pwd)
exec setpriv --pdeathsig KILL "$root/node_modules/@cloudflare/workerd-linux-64/bin/workerd" "$@"
