#!/bin/sh
# bench-agent: what the agent costs while it watches a 1920x1080 desktop every
# 10 s without OCR, all roles together. Argument: the duration, in seconds
# (default 300).
cd "$(dirname "$0")/.." || exit 2
exec node bench/agent.mjs "${1:-300}"
