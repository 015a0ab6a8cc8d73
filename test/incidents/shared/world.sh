# Sourced by the `up` of incidents whose worlds are made with a shell: ports, certificates, servers, and their end.
# Everything lives in $WORLD and in this process group; SIGTERM ends it.
shared=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
cd "${WORLD:?an empty folder for the world}" || exit 1
export PATH="$PATH:/usr/sbin:/sbin"
pids=()

end() {
  trap '' TERM INT
  [ ${#pids[@]} -gt 0 ] && kill "${pids[@]}" 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
    kill -0 "${pids[@]}" 2>/dev/null || exit 0
    sleep 0.1
  done
  kill -KILL "${pids[@]}" 2>/dev/null
  exit 0
}
trap end TERM INT

skip() { echo "skip $*"; end; }
fail() { echo "$*" >&2; trap '' TERM; kill "${pids[@]}" 2>/dev/null; exit 1; }
need() { for part in "$@"; do command -v "$part" >/dev/null || skip "$part is not installed"; done; }
need python3

# free_ports NAME…: gives each name a free port; written to ./env too, for who wants to look at the world from outside.
free_ports() {
  local name port
  for name in "$@"; do
    read -r port
    printf -v "$name" %s "$port"
    echo "$name=$port" >>env
  done < <(python3 "$shared/free_ports.py" $#)
}

# fixed_port NAME PORT: a port that the report names; skips the incident if somebody has it.
fixed_port() {
  python3 "$shared/free_ports.py" "=$2" >/dev/null || skip "port $2 is in use here"
  printf -v "$1" %s "$2"
  echo "$1=$2" >>env
}

# run LOG COMMAND…: starts a server of this world.
run() {
  local log=$1
  shift
  "$@" >>"$log" 2>&1 &
  pids+=($!)
}

# listening PORT…: waits until all of them take connections.
listening() { python3 "$shared/listening.py" "$@" || fail "no server on one of: $* ($(tail -n 3 ./*.log 2>/dev/null))"; }

cert() { need openssl; bash "$shared/cert.sh" "$@" || fail "no certificate: $*"; }
# app PORT[,KEY=VALUE…]…: small applications (app.py); they are there when it returns, so that no health check comes too early.
app() {
  local spec ports=()
  run app.log python3 "$shared/app.py" "$@"
  for spec in "$@"; do
    [[ $spec == *,host=* ]] || ports+=("${spec%%,*}")
  done
  listening "${ports[@]}"
}
relay() { run relay.log python3 "$shared/relay.py" "$@"; }

# nginx_up NAME: an nginx in the folder NAME; the lines of its http block come on stdin.
nginx_up() {
  need nginx
  mkdir -p "$1/tmp"
  nginx_conf "$1" >"$1/nginx.conf"
  run "$1/start.log" nginx -e "$PWD/$1/error.log" -p "$PWD/$1" -c "$PWD/$1/nginx.conf"
}
# nginx_conf NAME: the whole file, from the lines of its http block.
nginx_conf() {
  [ "$(id -u)" = 0 ] && echo "user root;"
  cat <<CONF
daemon off;
${MAIN:-}
worker_processes 1;
pid nginx.pid;
error_log error.log ${ERROR_LEVEL:-info};
events { worker_connections 256; }
http {
  client_body_temp_path tmp/body;
  proxy_temp_path tmp/proxy;
  fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi;
  scgi_temp_path tmp/scgi;
CONF
  cat
  echo "}"
}

# haproxy_up NAME: an HAProxy in the folder NAME; everything after `global` and `defaults` comes on stdin.
haproxy_up() {
  need haproxy
  mkdir -p "$1"
  { cat <<CONF
global
  maxconn 500
  stats socket $PWD/$1/admin.sock mode 600 level admin
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 2s
  timeout client 30s
  timeout server 30s
CONF
  cat; } >"$1/haproxy.cfg"
  run "$1/haproxy.log" haproxy -db -f "$1/haproxy.cfg"
}

# traefik_up NAME: a Traefik in the folder NAME that reads NAME/traefik.yml.
traefik_up() {
  local traefik
  for traefik in "${ITI_PARTS:-$shared/../../../.parts}/traefik" "$(command -v traefik)"; do
    [ -x "$traefik" ] && break
  done
  [ -x "$traefik" ] || skip "Traefik is not here (./dev brings it)"
  run "$1/traefik.log" "$traefik" --configfile="$1/traefik.yml"
}

# envoy_up NAME: an Envoy in the folder NAME; its plan (proxy/lab/envoy-config.ts) comes on stdin.
envoy_up() {
  local envoy root=$shared/../../.. node
  for envoy in "${ITI_PARTS:-$root/.parts}/envoy" "$(command -v envoy)"; do
    [ -x "$envoy" ] && break
  done
  [ -x "$envoy" ] || skip "Envoy is not here (./dev eval brings it)"
  for node in "${ITI_NODE:-}" "${ITI_PARTS:-$root/.parts}"/node-*/bin/node "$(command -v node)"; do
    [ -x "$node" ] && "$node" -e 'process.exit(process.versions.node.split(".")[0] >= 24 ? 0 : 1)' && break
  done
  mkdir -p "$1"
  "$node" "$root/proxy/lab/envoy.ts" "$1" 2>>"$1/envoy.log" || fail "no configuration for $1: $(tail -n 3 "$1/envoy.log")"
  (cd "$1" && exec "$envoy" -c envoy.json --concurrency 1 --disable-hot-restart --file-flush-interval-msec 200) >>"$1/envoy.log" 2>&1 &
  pids+=($!)
}

# ready: says so and stays until SIGTERM.
ready() {
  echo ready
  while :; do sleep 3600 & pids+=($!); wait $!; done
}
