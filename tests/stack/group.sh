#!/bin/sh
# group.sh start|stop|kill DIR [NODE]: MySQL's Group Replication, three nodes
# of the MySQL that mysql.sh unpacks, with one that writes, and haproxy in
# front of them as deploy/haproxy-group.cfg says. By hand, not in CI:
#
#   WS_STACK_SCRIPT=$PWD/tests/stack/group.sh node --test tests/stack/galera.test.mjs
#
# As tests/stack/galera.sh does it with Galera. Where no node is alive, the one
# that has executed the most begins the group again and the others join it.
set -eu
what=${1:-}
dir=${2:-}
only=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
root=${WS_MYSQL_ROOT:-/var/tmp/worksight-mysql-sid}
lib="$root/usr/lib/x86_64-linux-gnu"
# shellcheck source=tests/stack/lib/nodes.sh
. "$(dirname "$0")/lib/nodes.sh"

answers() { ask "$1" 'SELECT 1' >/dev/null 2>&1; } # NODE

online() { # NODE
    alive "$dir/$1/pid" || { tail -n 20 "$dir/$1/log" >&2; echo "group.sh: node $1 ended" >&2; exit 1; }
    [ "$(ask "$1" 'SELECT member_state FROM performance_schema.replication_group_members
        WHERE member_id = @@server_uuid' 2>/dev/null)" = ONLINE ]
}

run() { # NODE OPTIONS...: in place of the shell, so that its pid is the server's
    node=$1
    shift
    # shellcheck disable=SC2086
    exec "$root/lib64/ld-linux-x86-64.so.2" --library-path "$lib:$lib/mysql/private:$root/usr/lib/mysql/private" \
        "$root/usr/sbin/mysqld" --no-defaults $user --basedir="$root/usr" --datadir="$dir/$node/data" \
        --lc-messages-dir="$root/usr/share/mysql" "$@"
}

run_node() { # NODE
    rm -f "$dir/$1/sock.lock"
    (
        run "$1" --socket="$dir/$1/sock" --pid-file="$dir/$1/own.pid" \
            --bind-address=127.0.0.1 --port="$(port "$1" 1)" --mysqlx=OFF --secure-file-priv=NULL \
            --plugin-dir="$root/usr/lib/mysql/plugin" --plugin-load-add=group_replication.so \
            --skip-name-resolve --max-connections=200 --report-host=127.0.0.1 --report-port="$(port "$1" 1)" \
            --innodb-flush-log-at-trx-commit=1 --sync-binlog=1 --innodb-buffer-pool-size="${WS_POOL:-128M}" \
            --server-id="$1" --log-bin=bin --gtid-mode=ON --enforce-gtid-consistency=ON \
            --group-replication-group-name=6f1c2a52-8a7e-4c1d-9b3e-2f64a1d0c9e7 \
            --group-replication-start-on-boot=OFF --group-replication-bootstrap-group=OFF \
            --group-replication-single-primary-mode=ON \
            --group-replication-local-address="127.0.0.1:$(port "$1" 2)" \
            --group-replication-group-seeds="127.0.0.1:$(port 1 2),127.0.0.1:$(port 2 2),127.0.0.1:$(port 3 2)" \
            --group-replication-recovery-get-public-key=ON \
            >>"$dir/$1/log" 2>&1 </dev/null &
        echo $! >"$dir/$1/pid"
    )
}

join() { ask "$1" 'START GROUP_REPLICATION'; } # NODE

begin() { # NODE
    ask "$1" 'SET GLOBAL group_replication_bootstrap_group=ON; START GROUP_REPLICATION;
        SET GLOBAL group_replication_bootstrap_group=OFF'
}

install() {
    "$here/mysql.sh" root
    for node in 1 2 3; do mkdir -p "$dir/$node"; done
    free_ports 7 >"$dir/ports"
    for node in 1 2 3; do sed -n "$((node * 2 - 1)),$((node * 2))p" "$dir/ports" >"$dir/$node/ports"; done
    (run 1 --initialize-insecure) >"$dir/install.log" 2>&1
    for node in 2 3; do
        cp -a "$dir/1/data" "$dir/$node/data"
        rm -f "$dir/$node/data/auto.cnf"
    done
}

accounts() { # the group's own, on each node before it joins
    secret=$(password)
    for node in 1 2 3; do
        ask $node "SET SQL_LOG_BIN=0; CREATE USER repl@'127.0.0.1' IDENTIFIED BY '$secret';
            GRANT REPLICATION SLAVE, CONNECTION_ADMIN, BACKUP_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO repl@'127.0.0.1';
            SET SQL_LOG_BIN=1;
            CHANGE REPLICATION SOURCE TO SOURCE_USER='repl', SOURCE_PASSWORD='$secret' FOR CHANNEL 'group_replication_recovery'"
    done
}

database() {
    secret=$(password)
    ask 1 "CREATE DATABASE worksight;
        CREATE USER worksight@'127.0.0.1' IDENTIFIED BY '$secret';
        GRANT ALL ON *.* TO worksight@'127.0.0.1';
        CREATE USER haproxy@'127.0.0.1';
        GRANT SELECT ON performance_schema.replication_group_members TO haproxy@'127.0.0.1'"
    echo "mysql://worksight:$secret@127.0.0.1:$(sed -n 7p "$dir/ports")/worksight" >"$dir/address"
}

executed() { # how many transactions a node has
    ask "$1" 'SELECT @@global.gtid_executed' | tr -d '\\n ' | tr ',' '\n' |
        awk -F: '{ for (i = 2; i <= NF; i++) { n = split($i, r, "-"); s += n == 2 ? r[2] - r[1] + 1 : 1 } } END { print s + 0 }'
}

balance() {
    ! alive "$dir/haproxy.pid" || return 0
    DB_LISTEN="127.0.0.1:$(sed -n 7p "$dir/ports")" \
        DB_1="127.0.0.1:$(port 1 1)" DB_2="127.0.0.1:$(port 2 1)" DB_3="127.0.0.1:$(port 3 1)" \
        haproxy -db -f "$here/../../deploy/haproxy-group.cfg" >>"$dir/haproxy.log" 2>&1 </dev/null &
    echo $! >"$dir/haproxy.pid"
}

user=
if [ "$(id -u)" = 0 ]; then user=--user=root; fi

case $what in
stop | kill)
    if [ "$what" = kill ]; then end_nodes KILL; else end_nodes TERM; fi
    [ -n "$only" ] || [ "$what" = kill ] || end TERM "$dir/haproxy.pid"
    exit 0
    ;;
esac

fresh=
[ -f "$dir/address" ] || { fresh=yes; install; }
dead=
others=
for node in $nodes; do alive "$dir/$node/pid" || dead="$dead $node"; done
for node in 1 2 3; do ! alive "$dir/$node/pid" || others=yes; done
for node in $dead; do run_node "$node"; done
for node in $dead; do await 60 "node $node answers" answers "$node"; done
[ -z "$fresh" ] || accounts
if [ -z "$others" ]; then
    [ -z "$only" ] || { echo "group.sh: no node is alive: start all of them" >&2; exit 1; }
    first=$(for node in $dead; do echo "$(executed "$node") $node"; done | sort -k1,1nr -k2,2n | awk 'NR == 1 {print $2}')
    begin "$first"
    await 60 "node $first is online" online "$first"
    [ -z "$fresh" ] || database
fi
for node in $dead; do [ "$node" = "${first:-}" ] || join "$node"; done
for node in $nodes; do await 60 "node $node is online" online "$node"; done
balance
cat "$dir/address"
