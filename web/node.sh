#!/bin/sh
# Run node: the one npm brought (the same everywhere) or the machine's own.
here=$(dirname "$0")
if [ -x "$here/node_modules/node/bin/node" ]; then
    exec "$here/node_modules/node/bin/node" "$@"
fi
exec node "$@"
