#!/bin/sh
# How many requests of class browse a replica may have in flight: the servers of that class. Also what `cluster max-conns` calls.
set -eu
count=${EDGE_MAX_CONNS_BROWSE:-256}
case $count in
  *[!0-9]* | 0*)
    echo "EDGE_MAX_CONNS_BROWSE=$count is no whole number from 1 on." >&2
    exit 1
    ;;
esac
echo "server api:3000 resolve max_conns=$count max_fails=2 fail_timeout=1s;" >"${1:-/run/edge/browse.conf}"
