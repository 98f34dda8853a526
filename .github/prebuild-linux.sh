#!/bin/sh
# In a container of node:*-bookworm or node:*-alpine: the addon of that libc and CPU, into prebuilds/.
set -eu

if command -v apk >/dev/null; then
  apk add --no-cache cmake g++ git make tar
else
  apt-get update
  apt-get install --yes --no-install-recommends cmake
fi
npm ci --no-audit --no-fund
npm run prebuilds -- --host

# The engine's own floors. A newer symbol in the addon would shut out systems that the engine runs on.
for addon in prebuilds/*/*.glibc.node; do
  [ -e "$addon" ] || continue
  newer=$(objdump -T "$addon" | grep -oE '\((GLIBC|GLIBCXX)_[0-9.]+\)' | tr -d '()' | sort -u | while IFS=_ read -r library version; do
    case "$library" in GLIBC) floor=2.34 ;; *) floor=3.4.30 ;; esac
    [ "$(printf '%s\n%s\n' "$floor" "$version" | sort -V | tail -n 1)" = "$floor" ] || echo "${library}_$version"
  done)
  [ -z "$newer" ] || { echo "$addon takes $newer: newer than the engine's libraries do" >&2; exit 1; }
done
