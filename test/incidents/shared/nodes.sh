# Sourced after world.sh by the `up` of incidents with nodes and pods of a cluster's proxy: balancer, nodes and pods are
# real servers, the objects are those of the lived-in cluster.
. "$shared/cluster.sh"

# nodes_up KIND HOST EDIT…: KIND is that of the balancer. Before it may be set: SERVICE (the proxy's), TARGETS (nodes that
# the balancer sends to, by their last number), PODS (likewise), ADDRESS, ANSWER (what nginx does), ALLOW,
# APP (more keys of the application), MAIN (a line of nginx outside http), RELOADS=1 (nginx reloads every second).
nodes_up() {
  local kind=$1 host=$2 at pods='' nodes=() listen=''
  shift 2
  free_ports LB NODE POD A HEALTH
  export HEALTH
  for at in ${PODS-31 32}; do
    listen+="listen 127.0.0.$at:$POD; "
    pods+="${pods:+,}127.0.0.$at:$POD"
  done
  app "$A,name=${host%%.*}${APP:-}"
  local ANSWER_LINE=${ANSWER:-proxy_pass http://127.0.0.1:A;}
  ANSWER_LINE=${ANSWER_LINE//:A;/:$A;}
  [ -n "$listen" ] && nginx_up edge <<CONF
  map \$http_upgrade \$to { default ''; websocket upgrade; }
  server { listen 127.0.0.11:$HEALTH; listen 127.0.0.12:$HEALTH; listen 127.0.0.13:$HEALTH; location / { default_type application/json; return 503 '{"service":{"namespace":"traefik","name":"traefik"},"localEndpoints":0,"serviceProxyHealthy":true}'; } }
  server { $listen server_name $host; location / { ${ANSWER_LINE} } }
CONF
  # A target that nobody listens on refuses, as a node without a ready proxy does.
  pods=${pods:-127.0.0.31:$POD}
  [ -n "${BEHIND:-}" ] && pods=${BEHIND//POD/$POD}
  for at in ${TARGETS-11 12}; do nodes+=("127.0.0.$at:$NODE"); done
  local IFS=,
  relay "127.0.0.11:$NODE=$pods" "127.0.0.12:$NODE=$pods" "${ADDRESS:-127.0.0.10}:$LB=${nodes[*]}"
  unset IFS
  cluster_up "${SERVICE:-ingress-nginx/ingress-nginx-controller}" "$NODE" "$POD" "${ADDRESS:-127.0.0.10}" "$@"
  cat >inventory.yaml <<YAML
version: 1
kubernetes: { kubeconfig: ./kubeconfig, context: prod }
allow: ["*.example.test", ${ALLOW:-127.0.0.0/8}]
dns: { $host: [${ADDRESS:-127.0.0.10}] }
hops:
  public: { hop: load-balancer, kind: $kind, scheme: http, address: "${ADDRESS:-127.0.0.10}:$LB", to: http }
YAML
  listening "127.0.0.11:$NODE" "127.0.0.12:$NODE"
  # A reload every second, as a controller makes whose routes change all the time.
  [ -n "${RELOADS:-}" ] && run reloads.log bash -c 'while sleep 1; do kill -HUP "$(cat edge/nginx.pid)"; done'
  ready
}
