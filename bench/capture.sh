#!/bin/sh
# bench-capture: a shot of 1920x1080 with the screen changing, CPU against
# scrot, on an X server of its own, files in a tmpfs. SHOTS=20.
set -eu
cd "$(dirname "$0")/.."
tmp=$(mktemp -d /dev/shm/ws-bench-capture.XXXXXX)
mkfifo "$tmp/number"
Xvfb -displayfd 3 -screen 0 1920x1080x24 -nolisten tcp -noreset \
    3>"$tmp/number" 2>"$tmp/xvfb.log" &
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf "$tmp"' EXIT INT TERM
read -r number <"$tmp/number"
"${WS_BUILD:-build}/bench/capture_bench" ":$number" "$tmp" "${SHOTS:-20}"
