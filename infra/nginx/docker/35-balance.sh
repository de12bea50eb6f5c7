#!/bin/sh
# How a replica is chosen: nginx's words for EDGE_BALANCE, as ../balance.ts has them. Also what `cluster balance` calls.
set -eu
by=${EDGE_BALANCE:-least_conn}
refuse() {
  echo "EDGE_BALANCE=$by $1" >&2
  exit 1
}
case $by in
  round_robin) method= ;;
  least_conn | ip_hash) method="$by;" ;;
  random_two) method='random two least_conn;' ;;
  least_time)
    case ${NGINX_VERSION:-} in
      0.* | 1.[0-9].* | 1.[12][0-9].* | 1.30.*) refuse "needs nginx 1.31.0 or newer, this is $NGINX_VERSION." ;;
    esac
    method='least_time header;'
    ;;
  weighted) refuse 'needs replicas that are listed one by one: all of these are known as api:3000.' ;;
  *) refuse 'is none of round_robin, least_conn, ip_hash, random_two, least_time.' ;;
esac
echo "$method" >"${1:-/run/edge/balance.conf}"
