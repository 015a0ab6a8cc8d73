# Sourced by the `up` of incidents about late PROXY headers: late_header RELAY-OPTIONS [SETTINGS] brings up a balancer that
# sends version 2 headers, two stand-ins for Traefik 2.10.7 (traefik_2_10_7.py) before one real nginx, and an application.
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/world.sh"

late_header() {
  free_ports LB T1 T2 WEB A
  cert shop shop.example.test
  app "$A,name=Shop"
  nginx_up nginx <<CONF
server {
  listen 127.0.0.1:$WEB ssl;
  ssl_certificate $PWD/shop.pem;
  ssl_certificate_key $PWD/shop.key;
  location / { proxy_pass http://127.0.0.1:$A; }
}
CONF
  run traefik.log python3 "$shared/traefik_2_10_7.py" "$T1=127.0.0.1:$WEB" "$T2=127.0.0.1:$WEB"
  relay "$LB=127.0.0.1:$T1,127.0.0.1:$T2;send=v2;$1"
  cat >inventory.yaml <<YAML
version: 1
allow: ["*.example.test", 127.0.0.0/8]
trust: [./ca.pem]
dns: { shop.example.test: [127.0.0.1] }
routes: [ { host: shop.example.test, via: [nlb, traefik, shop] } ]
hops:
  nlb: { hop: load-balancer, kind: other, address: "127.0.0.1:$LB", sends: proxy-v2, to: https }
  traefik:
    hop: proxy
    kind: traefik
    expects: optional
    settings: { ${2:-} }
    instances: [ { name: traefik-0, https: "127.0.0.1:$T1" }, { name: traefik-1, https: "127.0.0.1:$T2" } ]
  shop: { hop: service, endpoints: [ { address: "127.0.0.1:$A" } ] }
YAML
  listening "$LB" "$T1" "$T2" "$WEB"
  ready
}
