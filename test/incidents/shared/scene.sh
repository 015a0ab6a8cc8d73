# Sourced after world.sh by the `up` of incidents that are a scene of test/kubernetes/service-scenes.ts: real nginx, real
# application, objects of the lived-in cluster. `scene_up NAME [KIND]…`: a scene by its name, kinds of objects that may not
# be read, then ready.
scene_up() {
  local node root=$shared/../../..
  for node in "${ITI_NODE:-}" "${ITI_PARTS:-$root/.parts}"/node-*/bin/node "$(command -v node)"; do
    [ -x "$node" ] && "$node" -e 'process.exit(process.versions.node.split(".")[0] >= 24 ? 0 : 1)' && break
  done
  need nginx
  run scene.log "$node" "$shared/scene.ts" "$@"
  for _ in $(seq 150); do
    grep -q '^ready' scene.log 2>/dev/null && ready
    sleep 0.1
  done
  fail "no scene: $(tail -n 5 scene.log)"
}
