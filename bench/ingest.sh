#!/bin/bash
# bench-ingest: metrics, batches, heartbeats and pictures through HTTP with wrk,
# beside Django on the same MariaDB and beside bare MariaDB and SQLite clients.
# Arguments: parts of it (`bench/ingest.sh screenshots` gives the rows of pictures
# alone); see ingest.mjs. SECONDS_EACH=5.
cd "$(dirname "$0")/.." || exit 2
ulimit -n "$(ulimit -Hn)"
exec node bench/ingest.mjs "$@"
