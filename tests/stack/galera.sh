#!/bin/sh
# galera.sh start|stop|kill DIR [NODE]: a Galera cluster of three MariaDB nodes
# on 127.0.0.1, and haproxy in front of them as deploy/haproxy-db.cfg says.
#
# DIR/1 to DIR/3 are the nodes: data, socket, log, pid, ports (of clients,
# group, incremental and full transfer). start prints the address of the
# database `worksight` through haproxy and keeps it in DIR/address; what is
# running already stays. DIR/address-one is the same with one node that is
# written to and two in reserve. With NODE (1 to 3) only that node is started,
# stopped (SIGTERM) or killed (SIGKILL).
#
# A node that was killed finds out its position by itself (--wsrep-recover)
# and joins. Where no node is alive the most advanced one begins the cluster
# again and the others join it: what one node has acked is on its disk
# (innodb_flush_log_at_trx_commit=1), and a node applies in the one order, so
# the highest position has everything that any of them acked.
set -eu
what=${1:-}
dir=${2:-}
only=${3:-}
provider=/usr/lib/galera/libgalera_smm.so
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/stack/lib/nodes.sh
. "$(dirname "$0")/lib/nodes.sh"

synced() { # NODE
    alive "$dir/$1/pid" || { tail -n 20 "$dir/$1/log" >&2; echo "galera.sh: node $1 ended" >&2; exit 1; }
    [ "$(ask "$1" "SHOW STATUS LIKE 'wsrep_local_state'" 2>/dev/null)" = "wsrep_local_state	4" ]
}

group() { echo "gcomm://127.0.0.1:$(port 1 2),127.0.0.1:$(port 2 2),127.0.0.1:$(port 3 2)"; }

# NODE OPTIONS...: the same server, whatever it is started for; in place of
# the shell that calls it, so that its pid is the server's
mariadbd_of() {
    node=$1
    shift
    # shellcheck disable=SC2086
    exec "$(command -v mariadbd || echo /usr/sbin/mariadbd)" --no-defaults $user \
        --datadir="$dir/$node/data" --socket="$dir/$node/sock" --pid-file="$dir/$node/own.pid" \
        --bind-address=127.0.0.1 --port="$(port "$node" 1)" --skip-name-resolve --max-connections=200 \
        --skip-log-bin --binlog-format=ROW --innodb-autoinc-lock-mode=2 \
        --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size="${WS_POOL:-128M}" \
        --innodb-log-file-size=64M --wsrep-on=ON --wsrep-provider=$provider \
        --wsrep-cluster-name=worksight --wsrep-node-name="node$node" --wsrep-node-address=127.0.0.1 \
        --wsrep-cluster-address="$(group)" --wsrep-slave-threads=2 --wsrep-sst-method=rsync \
        --wsrep-sst-receive-address="127.0.0.1:$(port "$node" 4)" \
        --wsrep-provider-options="gmcast.listen_addr=tcp://127.0.0.1:$(port "$node" 2);ist.recv_addr=127.0.0.1:$(port "$node" 3);gcache.size=64M;evs.suspect_timeout=PT3S" \
        "$@"
}

run_node() { # NODE OPTIONS...
    rm -f "$dir/$1/data/gvwstate.dat"
    (
        cd "$dir/$1"
        mariadbd_of "$@" >>log 2>&1 </dev/null &
        echo $! >pid
    )
}

# What a node has on its disk, as UUID:SEQNO; read by a server that starts no
# cluster. A new node has none.
recover() { # NODE
    (mariadbd_of "$1" --wsrep-recover --log-error="$dir/$1/recover.log") >/dev/null 2>&1 </dev/null || :
    sed -n 's/.*Recovered position: *//p' "$dir/$1/recover.log" >"$dir/$1/position"
    [ -s "$dir/$1/position" ] || { tail -n 5 "$dir/$1/recover.log" >&2; echo "galera.sh: node $1 has no position" >&2; exit 1; }
    rm "$dir/$1/recover.log"
}

join() { run_node "$1" --wsrep-start-position="$(cat "$dir/$1/position")"; } # NODE

begin() { # NODE: a new cluster of what this node has
    [ ! -f "$dir/$1/data/grastate.dat" ] ||
        sed -i 's/^safe_to_bootstrap:.*/safe_to_bootstrap: 1/' "$dir/$1/data/grastate.dat"
    run_node "$1" --wsrep-new-cluster --wsrep-start-position="$(cat "$dir/$1/position")"
}

install() {
    [ -f $provider ] || { echo "galera.sh: no $provider: tools/deps stack" >&2; exit 1; }
    for node in 1 2 3; do mkdir -p "$dir/$node/data"; done
    free_ports 14 >"$dir/ports"
    for node in 1 2 3; do sed -n "$((node * 4 - 3)),$((node * 4))p" "$dir/ports" >"$dir/$node/ports"; done
    [ -z "$user" ] || chown -R mysql "$dir"
    chmod 755 "$dir"
    mariadb-install-db --no-defaults $user --datadir="$dir/1/data" \
        --auth-root-authentication-method=normal --skip-test-db >"$dir/install.log" 2>&1
    cp -a "$dir/1/data/." "$dir/2/data"
    cp -a "$dir/1/data/." "$dir/3/data"
    for node in 1 2 3; do echo 00000000-0000-0000-0000-000000000000:-1 >"$dir/$node/position"; done
}

accounts() { # one for the servers, one for the check of haproxy
    secret=$(password)
    ask 1 "CREATE DATABASE worksight;
        CREATE USER worksight@'127.0.0.1' IDENTIFIED BY '$secret';
        GRANT ALL ON *.* TO worksight@'127.0.0.1';
        CREATE USER haproxy@'127.0.0.1';"
    echo "mysql://worksight:$secret@127.0.0.1:$(sed -n 13p "$dir/ports")/worksight" >"$dir/address"
    echo "mysql://worksight:$secret@127.0.0.1:$(sed -n 14p "$dir/ports")/worksight" >"$dir/address-one"
}

balance() { # WRITERS PORT
    ! alive "$dir/haproxy-$1.pid" || return 0
    DB_WRITERS=$1 DB_LISTEN="127.0.0.1:$2" \
        DB_1="127.0.0.1:$(port 1 1)" DB_2="127.0.0.1:$(port 2 1)" DB_3="127.0.0.1:$(port 3 1)" \
        haproxy -db -f "$top/deploy/haproxy-db.cfg" >>"$dir/haproxy-$1.log" 2>&1 </dev/null &
    echo $! >"$dir/haproxy-$1.pid"
}

user=
if [ "$(id -u)" = 0 ]; then user=--user=mysql; fi

case $what in
stop | kill)
    if [ "$what" = kill ]; then end_nodes KILL; else end_nodes TERM; fi
    [ -n "$only" ] || [ "$what" = kill ] || end TERM "$dir/haproxy-all.pid" "$dir/haproxy-one.pid"
    exit 0
    ;;
esac

fresh=
[ -f "$dir/address" ] || { fresh=yes; install; }
dead=
others=
for node in $nodes; do alive "$dir/$node/pid" || dead="$dead $node"; done
for node in 1 2 3; do ! alive "$dir/$node/pid" || others=yes; done
if [ -z "$fresh" ]; then
    for node in $dead; do recover "$node" & done
    wait
fi
if [ -z "$others" ]; then
    [ -z "$only" ] || { echo "galera.sh: no node is alive: start all of them" >&2; exit 1; }
    first=$(for node in $dead; do echo "$(sed 's/.*://' "$dir/$node/position") $node"; done |
        sort -k1,1nr -k2,2n | awk 'NR == 1 {print $2}')
    begin "$first"
    await 60 "node $first is synced" synced "$first"
    [ -z "$fresh" ] || accounts
fi
for node in $dead; do [ "$node" = "${first:-}" ] || join "$node"; done
for node in $nodes; do await 60 "node $node is synced" synced "$node"; done
balance all "$(sed -n 13p "$dir/ports")"
balance one "$(sed -n 14p "$dir/ports")"
cat "$dir/address"
