#!/bin/sh
# guard.sh DIR keep|remove: the one that turns off the lights of a world.
# It sits in a session of its own and waits for the end of its standard input, whose other end only the parent holds.
# The kernel closes that end however the parent ends, kill -9 included. Then every process group that DIR/.lab/pids
# names is killed, proxies' workers too, and the folder is removed (keep: only .lab, the folder has another owner).
dir=$1
what=$2

# all_gone PIDS: no process is left in any of these groups, asked up to eight times within 160 ms.
all_gone() {
  for turn in 1 2 3 4 5 6 7 8; do
    left=
    for pid in $1; do kill -s 0 -- "-$pid" 2>/dev/null && left=yes; done
    [ -z "$left" ] && return 0
    sleep 0.02
  done
  return 1
}

finish() {
  trap '' TERM INT HUP
  # A process that starts in this very moment writes its pid before it looks for this file: so it is either listed or stays out.
  rm -f "$dir/.lab/open"
  pids=$(cat "$dir/.lab/pids" 2>/dev/null)
  # Politely first: masters then collect their workers, which nobody might do after them.
  for pid in $pids; do kill -s TERM -- "-$pid" 2>/dev/null; done
  all_gone "$pids" || for pid in $pids; do kill -s KILL -- "-$pid" 2>/dev/null; done
  all_gone "$pids"
  if [ "$what" = remove ]; then rm -rf "$dir" || { sleep 0.1; rm -rf "$dir"; }; else rm -rf "$dir/.lab"; fi
  exit 0
}

trap finish TERM INT HUP
while read -r _; do :; done
finish
