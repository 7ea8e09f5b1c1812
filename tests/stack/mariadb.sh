#!/bin/sh
# mariadb.sh start DIR | stop DIR | kill DIR: a private MariaDB server.
#
# DIR holds data, socket, log and pid; it listens on a free port of 127.0.0.1
# and on DIR/sock. start prints the address of a fresh database `worksight`:
#   mysql://worksight:PASSWORD@127.0.0.1:PORT/worksight
# and keeps it in DIR/address. A second start of the same DIR runs the same
# data on the same port. stop ends it by its pid, kill by SIGKILL.
# What is durable is durable: innodb_flush_log_at_trx_commit=1, doublewrite.
set -eu
what=$1
dir=$2

alive() {
    [ -f "$dir/pid" ] || return 1
    state=$(awk '/^State:/ {print $2}' "/proc/$(cat "$dir/pid")/status" 2>/dev/null) || return 1
    [ -n "$state" ] && [ "$state" != Z ]
}

case $what in
stop | kill)
    alive || exit 0
    if [ "$what" = kill ]; then signal=KILL; else signal=TERM; fi
    kill -$signal "$(cat "$dir/pid")"
    i=0
    while alive; do
        i=$((i + 1))
        [ $i -lt 300 ] || { echo "mariadb.sh: it does not end" >&2; exit 1; }
        sleep 0.1
    done
    exit 0
    ;;
start) ;;
*) echo "usage: mariadb.sh start|stop|kill DIR" >&2; exit 2 ;;
esac

mariadbd=$(command -v mariadbd || echo /usr/sbin/mariadbd)
[ -x "$mariadbd" ] || { echo "mariadb.sh: no mariadbd: tools/deps stack" >&2; exit 1; }
mkdir -p "$dir"
user=
if [ "$(id -u)" = 0 ]; then user=--user=mysql; fi

fresh=
if [ ! -d "$dir/data/mysql" ]; then
    fresh=yes
    mkdir -p "$dir/data"
    [ -z "$user" ] || chown -R mysql "$dir"
    chmod 755 "$dir"
    mariadb-install-db --no-defaults $user --datadir="$dir/data" \
        --auth-root-authentication-method=normal --skip-test-db >"$dir/install.log" 2>&1
    node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => {
        console.log(s.address().port); s.close(); });' >"$dir/port"
fi
port=$(cat "$dir/port")
"$mariadbd" --no-defaults $user --datadir="$dir/data" --socket="$dir/sock" \
    --pid-file="$dir/mariadbd.pid" --bind-address=127.0.0.1 --port="$port" \
    --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size="${WS_POOL:-256M}" \
    --innodb-log-file-size=128M --skip-log-bin --skip-name-resolve \
    --max-connections=200 ${WS_MARIADB_ARGS:-} >>"$dir/log" 2>&1 </dev/null &
echo $! >"$dir/pid"
i=0
until mariadb --no-defaults -uroot -S"$dir/sock" -e 'SELECT 1' >/dev/null 2>&1; do
    alive || { tail -5 "$dir/log" >&2; exit 1; }
    i=$((i + 1))
    [ $i -lt 600 ] || { echo "mariadb.sh: it does not answer" >&2; exit 1; }
    sleep 0.1
done
if [ -n "$fresh" ]; then
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    mariadb --no-defaults -uroot -S"$dir/sock" -e "CREATE DATABASE worksight;
        CREATE USER worksight@'127.0.0.1' IDENTIFIED BY '$password';
        CREATE USER worksight@localhost IDENTIFIED BY '$password';
        GRANT ALL ON *.* TO worksight@'127.0.0.1';
        GRANT ALL ON *.* TO worksight@localhost;"
    echo "mysql://worksight:$password@127.0.0.1:$port/worksight" >"$dir/address"
fi
cat "$dir/address"
