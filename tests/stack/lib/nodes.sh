# nodes.sh - what galera.sh and group.sh share: nodes in $dir/1 to $dir/3, each
# with its pid, its ports a line and its socket. Sourced; $what, $dir and $only
# are the arguments.

case $what:$dir:$only in
start:?*:* | stop:?*:* | kill:?*:*) ;;
*) echo "usage: $(basename "$0") start|stop|kill DIR [1|2|3]" >&2; exit 2 ;;
esac
nodes=${only:-1 2 3}

alive() { # PID_FILE
    [ -f "$1" ] || return 1
    state=$(awk '/^State:/ {print $2}' "/proc/$(cat "$1")/status" 2>/dev/null) || return 1
    [ -n "$state" ] && [ "$state" != Z ]
}

await() { # SECONDS WHAT COMMAND...
    left=$(($1 * 10)) told=$2
    shift 2
    until "$@"; do
        left=$((left - 1))
        [ $left -gt 0 ] || { echo "$(basename "$0"): not in time: $told" >&2; exit 1; }
        sleep 0.1
    done
}

gone() { ! alive "$1"; }

end() { # SIGNAL PID_FILE...
    signal=$1
    shift
    for pid in "$@"; do ! alive "$pid" || kill "-$signal" "$(cat "$pid")"; done
    for pid in "$@"; do await 60 "the end of $pid" gone "$pid"; done
}

end_nodes() { # SIGNAL
    # shellcheck disable=SC2046
    end "$1" $(for node in $nodes; do echo "$dir/$node/pid"; done)
}

free_ports() { # COUNT
    node -e 'const n = require("net"); const all = Array.from({length: process.argv[1]}, () => n.createServer());
        let left = all.length;
        for (const s of all) s.listen(0, "127.0.0.1", () => { if (--left) return;
            console.log(all.map((s) => s.address().port).join("\n")); for (const s of all) s.close(); });' "$1"
}

port() { sed -n "$2p" "$dir/$1/ports"; } # NODE WHICH

ask() { mariadb --no-defaults -uroot -S"$dir/$1/sock" -BNe "$2"; } # NODE SQL

password() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
