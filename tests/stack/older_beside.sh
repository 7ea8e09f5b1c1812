#!/bin/sh
# worksight-server as the older tree's tests start it, with another version
# beside it over the same database: WS_TESTED is run, WS_BESIDE was there first.
#
# Over MySQL the other one serves all the time (on a port of its own, till the
# tested one ends); SQLite has one writer, so there it migrates and is gone.
set -eu
[ "$1" = serve ] || exec "$WS_TESTED" "$@"
data= db=
set -- "$@" --
while [ "$1" != -- ]; do
    case $1 in
    --data) data=$2 ;;
    --db) db=$2 ;;
    esac
    word=$1
    shift
    set -- "$@" "$word"
done
shift
if [ -z "$db" ]; then
    "$WS_BESIDE" migrate --data "$data" >&2
    exec "$WS_TESTED" "$@"
fi
mkdir -p "$data/beside"
setpriv --pdeathsig TERM "$WS_BESIDE" serve --listen 127.0.0.1:0 --data "$data/beside" --db "$db" \
    >"$data/beside/out" 2>"$data/beside/err" </dev/null &
i=0
until grep -q /dashboard/ "$data/beside/out"; do
    kill -0 $! 2>/dev/null || { cat "$data/beside/err" >&2; exit 1; }
    i=$((i + 1))
    [ $i -lt 200 ] || { echo "older_beside.sh: it does not serve" >&2; exit 1; }
    sleep 0.1
done
exec "$WS_TESTED" "$@"
