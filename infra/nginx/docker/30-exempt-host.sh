#!/bin/sh
# Which clients have no limits: this machine, while the edge is published to nobody else.
#
# What comes through a published port from the machine itself comes from the bridge's gateway, all of it, so that the load
# generator and the tests would count as one client. Once the port is open to others they may come from there too.
set -eu
# Inside of this container: the load generator, which shares its network.
echo '127.0.0.1/32 1;' >/run/edge/exempt.conf
case ${EDGE_PUBLISHED_ON:-} in
  127.* | localhost) ;;
  *) exit 0 ;;
esac
while read -r _ destination gateway _; do
  [ "$destination" = 00000000 ] || continue
  # Little endian, in hex: 010012AC is 172.18.0.1.
  printf '%d.%d.%d.%d/32 1;\n' "0x${gateway#??????}" "0x$(echo "$gateway" | cut -c5-6)" "0x$(echo "$gateway" | cut -c3-4)" \
    "0x${gateway%??????}" >>/run/edge/exempt.conf
done </proc/net/route
