#!/bin/sh
# mysql.sh root | start DIR | stop DIR | kill DIR: MySQL itself, from Debian's
# sid, as tests/stack/mariadb.sh does it with MariaDB.
#
# Debian 12 has no MySQL. `root` unpacks mysql-server-core of sid into
# WS_MYSQL_ROOT (default /var/tmp/worksight-mysql-sid, once; 525 MB) and exits
# with 77 when that can't be had: sid moves. The server runs through its own
# ld-linux, so that nothing of this system is touched.
set -eu
what=$1
root=${WS_MYSQL_ROOT:-/var/tmp/worksight-mysql-sid}
lib="$root/usr/lib/x86_64-linux-gnu"

if [ "$what" = root ]; then
    [ -x "$root/usr/sbin/mysqld" ] && [ -f "$root/.done" ] && exit 0
    rm -rf "$root"
    mmdebstrap --variant=minbase --include=mysql-server-core,mysql-client-core \
        --aptopt='Acquire::Check-Valid-Until "false"' sid "$root" >"$root.log" 2>&1 || {
        echo "mysql.sh: mysql-server-core of sid can't be had (see $root.log)" >&2
        exit 77
    }
    touch "$root/.done"
    exit 0
fi

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
        [ $i -lt 600 ] || { echo "mysql.sh: it does not end" >&2; exit 1; }
        sleep 0.1
    done
    exit 0
    ;;
start) ;;
*) echo "usage: mysql.sh root | start DIR | stop DIR | kill DIR" >&2; exit 2 ;;
esac

run() {
    program=$1
    shift
    "$root/lib64/ld-linux-x86-64.so.2" --library-path "$lib:$lib/mysql/private:$root/usr/lib/mysql/private" \
        "$root/usr/$program" "$@"
}
mkdir -p "$dir"
user=
if [ "$(id -u)" = 0 ]; then user=--user=root; fi
options="--no-defaults $user --basedir=$root/usr --datadir=$dir/data --lc-messages-dir=$root/usr/share/mysql"

fresh=
if [ ! -f "$dir/address" ]; then
    fresh=yes
    rm -rf "$dir/data"
    # shellcheck disable=SC2086
    run sbin/mysqld $options --initialize-insecure >"$dir/install.log" 2>&1 || { tail -5 "$dir/install.log" >&2; exit 1; }
    node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => {
        console.log(s.address().port); s.close(); });' >"$dir/port"
fi
port=$(cat "$dir/port")
# A killed server may stay a zombie for a while, and mysqld takes a zombie's
# lock of the socket for a live one's.
alive || rm -f "$dir/sock.lock"
# shellcheck disable=SC2086
"$root/lib64/ld-linux-x86-64.so.2" --library-path "$lib:$lib/mysql/private:$root/usr/lib/mysql/private" \
    "$root/usr/sbin/mysqld" $options --socket="$dir/sock" --pid-file="$dir/mysqld.pid" \
    --bind-address=127.0.0.1 --port="$port" --mysqlx=OFF --secure-file-priv=NULL \
    --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size="${WS_POOL:-256M}" \
    --skip-log-bin --skip-name-resolve --max-connections=200 ${WS_MYSQL_ARGS:-} >>"$dir/log" 2>&1 </dev/null &
echo $! >"$dir/pid"
i=0
until mariadb --no-defaults -uroot -S"$dir/sock" -e 'SELECT 1' >/dev/null 2>&1; do
    alive || { tail -5 "$dir/log" >&2; exit 1; }
    i=$((i + 1))
    [ $i -lt 900 ] || { echo "mysql.sh: it does not answer" >&2; exit 1; }
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
