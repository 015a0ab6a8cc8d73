# Sourced after world.sh by the `up` of incidents in a cluster: the lived-in one, as if it were recorded now, with real
# servers at its addresses. Nodes stand at 127.0.0.11 to .13 (the third was preempted), pods of the proxy at .31 and .32.

# cluster_up SERVICE NODE_PORT POD_PORT ADDRESS EDIT…: writes and serves the objects; leaves ./kubeconfig. LOGS: a folder with logs
# of pods, NAMESPACE/POD/CONTAINER.log.
cluster_up() {
  local node root=$shared/../../..
  for node in "${ITI_NODE:-}" "${ITI_PARTS:-$root/.parts}"/node-*/bin/node "$(command -v node)"; do
    [ -x "$node" ] && "$node" -e 'process.exit(process.versions.node.split(".")[0] >= 24 ? 0 : 1)' && break
  done
  "$node" "$shared/cluster.ts" objects "$@" || fail "no objects for the cluster"
  run api.log "$node" "$root/test/kubernetes/api-server/main.ts" --objects objects --kubeconfig kubeconfig --context prod ${LOGS:+--logs "$LOGS"}
  for _ in $(seq 100); do
    grep -q '^ready' api.log 2>/dev/null && return
    sleep 0.1
  done
  fail "no API server: $(tail -n 3 api.log)"
}
