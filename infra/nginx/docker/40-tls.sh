#!/bin/sh
# Where the edge listens, besides 8081 for those in the project: at 8080, which is published; or, once there is a certificate,
# at 8443 with TLS, and 8080 sends everybody there.
set -eu
folder=/etc/tenfold/tls
if [ ! -s "$folder/tls.crt" ]; then
  echo 'listen 8080 default_server backlog=4096;' >/run/edge/listen.conf
  : >/run/edge/redirect.conf
  exit 0
fi
if [ ! -r "$folder/tls.key" ]; then
  echo "There is a certificate in $folder, and no tls.key that $(id -un) (uid $(id -u)) may read." >&2
  exit 1
fi
cat >/run/edge/listen.conf <<CONF
listen 8443 ssl default_server backlog=4096;
http2 on;
ssl_certificate $folder/tls.crt;
ssl_certificate_key $folder/tls.key;
ssl_protocols TLSv1.2 TLSv1.3;
# Mozilla's "intermediate": forward secrecy and authenticated encryption, all of them; so whoever asks may choose.
ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
ssl_prefer_server_ciphers off;
# One cache for all workers: some 40,000 sessions. Tickets would outlive the key that forward secrecy forgets.
ssl_session_cache shared:edge_tls:10m;
ssl_session_timeout 1h;
ssl_session_tickets off;
CONF
port=${EDGE_TLS_PORT:-8443}
[ "$port" = 443 ] && port= || port=:$port
cat >/run/edge/redirect.conf <<CONF
server {
  listen 8080 default_server backlog=4096;
  server_name localhost;
  return 301 https://\$host$port\$request_uri;
}
CONF
