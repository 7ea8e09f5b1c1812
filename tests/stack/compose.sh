#!/usr/bin/env bash
# compose.sh start DIR | stop DIR: a Docker engine of its own in DIR, with what
# the compose stack is built from and run on; nothing of it outlives stop.
#
# No image is pulled: debian:bookworm-slim is made by mmdebstrap, and mysql:8.4
# is stood in for by MySQL of Debian's sid (tests/stack/compose/). `docker
# compose` v2 is Debian trixie's. DIR/env has what a client needs to know.
# Exit status 77: Docker can't run here; the reason is the last line of stderr.
set -eu
what=$1 dir=$2
here=$(cd "$(dirname "$0")" && pwd)

no_docker() {
    echo "$*" >&2
    exit 77
}

alive() {
    local state
    state=$(awk '/^State:/ {print $2}' "/proc/$1/status" 2>/dev/null) || return 1
    [ -n "$state" ] && [ "$state" != Z ]
}

if [ "$what" = stop ]; then
    [ -f "$dir/env" ] || exit 0
    # shellcheck disable=SC1091
    . "$dir/env"
    docker ps -aq | xargs -r docker rm -f >/dev/null 2>&1 || :
    docker network prune -f >/dev/null 2>&1 || :
    pid=$(cat "$dir/pid")
    kill -TERM "$pid" 2>/dev/null || :
    for ((i = 0; i < 300; i++)); do
        alive "$pid" || break
        sleep 0.1
    done
    # It leaves a name of its network namespace behind.
    awk -v d="$dir/" 'index($2, d) == 1 {print $2}' /proc/mounts | sort -r | xargs -r umount
    rm -rf "$dir"
    exit 0
fi
[ "$what" = start ] || { echo "usage: compose.sh start|stop DIR" >&2; exit 2; }

[ "$(id -u)" = 0 ] || no_docker "an engine of its own needs root"
command -v dockerd >/dev/null || no_docker "no dockerd: tools/deps stack"
mkdir -p "$dir/docker/cli-plugins"
cat >"$dir/env" <<ENV
export DOCKER_HOST=unix://$dir/sock DOCKER_CONFIG=$dir/docker
ENV
# shellcheck disable=SC1091
. "$dir/env"

# Networks and published ports work by docker-proxy alone: the machine's
# firewall and its forwarding stay as they are.
setsid dockerd --data-root="$dir/data" --exec-root="$dir/exec" -H "$DOCKER_HOST" -p "$dir/dockerd.pid" \
    --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
    --storage-driver=overlay2 >"$dir/dockerd.log" 2>&1 </dev/null &
echo $! >"$dir/pid"

# npm inside an image trusts whom npm trusts here.
trust=() env=()
if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
    trust=("--customize-hook=copy-in $NODE_EXTRA_CA_CERTS /usr/local/share")
    env=(--change "ENV NODE_EXTRA_CA_CERTS=/usr/local/share/$(basename "$NODE_EXTRA_CA_CERTS")")
fi
# dpkg does in it as in the image of that name: no flush a file, no manuals.
mmdebstrap --mode=root --variant=minbase "${trust[@]}" --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$dir/base.tar" >"$dir/base.log" 2>&1 &
base=$!
mmdebstrap --mode=root --variant=extract --include=docker-compose trixie "$dir/compose" >"$dir/compose.log" 2>&1 &
compose=$!
"$here/mysql.sh" root || no_docker "MySQL of Debian's sid, which stands in for mysql:8.4, can't be had"
wait $compose || no_docker "docker compose v2 of Debian's trixie can't be had: $(tail -1 "$dir/compose.log")"
mv "$dir/compose/usr/libexec/docker/cli-plugins/docker-compose" "$dir/docker/cli-plugins/"
wait $base || no_docker "the base image can't be made: $(tail -1 "$dir/base.log")"

for ((i = 0; i < 300; i++)); do
    docker version >/dev/null 2>&1 && break
    alive "$(cat "$dir/pid")" || no_docker "dockerd does not run here: $(tail -1 "$dir/dockerd.log")"
    sleep 0.1
done
docker import "${env[@]}" "$dir/base.tar" debian:bookworm-slim >/dev/null
rm -r "$dir/base.tar" "$dir/compose"
docker run --rm --network none debian:bookworm-slim true >"$dir/probe.log" 2>&1 ||
    no_docker "no container runs here: $(tail -1 "$dir/probe.log")"

root=${WS_MYSQL_ROOT:-/var/tmp/worksight-mysql-sid}
tar -c -C "$root" --exclude=./usr/share/doc --exclude=./usr/share/locale --exclude=./usr/share/man \
    --exclude='./var/cache/*' --exclude='./var/lib/apt/*' --exclude='./dev/*' --exclude=./.done . |
    docker import - worksight-test-mysql-root >/dev/null
DOCKER_BUILDKIT=0 docker build --network none -q -t worksight-test-mysql "$here/compose" >"$dir/db.log" 2>&1 ||
    { cat "$dir/db.log" >&2; exit 1; }
