# Starts the program named like the launcher that sources this file, on the Node that came with the package.
# Expects `self`: the launcher's own path, links resolved. Forks nothing, so that starting stays cheap.

package=${self%/bin/*}
name=${self##*/}

# Programs that are started for each command have a bundle, which sees to it that a clone runs what is in its sources.
# Without it, and for the HSM, a clone runs its sources; the package has bundles of all (`files` in package.json).
program=$package/dist/$name.cjs
[ -f "$program" ] || program=$package/src/main/$name.ts
[ -f "$program" ] || program=$package/dist/$name.mjs

start() {
  node=$1
  shift
  # Compiled code is kept inside the package: what stands in a shared directory could be anyone's.
  export NODE_COMPILE_CACHE="$package/node_modules/.cache/strongroom"
  # Node would answer SIGUSR1 with a debugger on a port, and any user of the machine could read keys through it.
  set -- --disable-warning=ExperimentalWarning --disable-sigusr1 "$program" "$@"
  # It trusts the cluster's CA alone: with this, Node does not read some 150 others on a thread of their own.
  case "$name ${NODE_USE_SYSTEM_CA:+--use-system-ca} $NODE_OPTIONS" in
    *--use-*-ca*) ;; # Node takes one of these options
    "cloudhsm-cli "*) set -- --use-openssl-ca "$@" ;;
  esac
  # While an HSM loads its records V8 would make room for new objects, which it does not give back: with 100,000 keys, 60 MB.
  case "$name $NODE_OPTIONS" in
    *--max-semi-space-size*) ;;
    "strongroom "*) set -- --max-semi-space-size=8 "$@" ;;
  esac
  exec "$node" "$@"
}

# npm puts the binary into the package's own node_modules or into one further up, beside the package.
root=$package
while :; do
  for platform in linux-x64 linux-arm64 bin-darwin-arm64; do
    node=$root/node_modules/node-$platform/bin/node
    [ ! -x "$node" ] || start "$node" "$@"
  done
  case $root in
    */node_modules/*) root=${root%/node_modules/*} ;;
    *) break ;;
  esac
done

version=$(node --version 2>/dev/null)
major=${version#v}
if [ "${major%%.*}" -ge 26 ] 2>/dev/null; then start node "$@"; fi

echo "$name: Node 26 or newer is needed: npm ci in $package brings it, or put one into PATH" >&2
exit 1
