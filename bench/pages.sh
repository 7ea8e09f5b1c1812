#!/bin/sh
# bench-pages: the pages over 1 M and 20 M metrics on MariaDB. DIR keeps the
# data (40 GB), SECONDS bounds one fill; run again to go on. ROUNDS=300.
cd "$(dirname "$0")/.." || exit 2
exec node bench/pages.mjs
