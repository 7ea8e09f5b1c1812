#!/bin/sh
# bench-ingest: metrics, batches and heartbeats through HTTP with wrk, beside a
# bare SQLite loop over the same schema. SECONDS_EACH=5 CONNECTIONS=64.
cd "$(dirname "$0")/.." || exit 2
exec node bench/ingest.mjs
