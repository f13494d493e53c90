#!/usr/bin/env bash
# Installs the Debian packages of tools/packages.txt for the purposes named (run, test). When it may not, it prints the one line to type.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
purposes=" $* "
missing=()
while read -r purpose package _why; do
  [[ $purpose == "#"* || -z $purpose || $purposes != *" $purpose "* ]] && continue
  dpkg-query -W -f='${Status}\n' ${package//|/ } 2>/dev/null | grep -q "ok installed" || missing+=("${package%%|*}")
done < "$here/packages.txt"
[ ${#missing[@]} -eq 0 ] && exit 0
line="apt-get install -y --no-install-recommends ${missing[*]}"
as=""
if [ "$(id -u)" -ne 0 ]; then
  if sudo -n true 2>/dev/null; then as="sudo"; else
    echo "These packages are missing. Type this once, then run the command again:" >&2
    echo "  sudo $line" >&2
    exit 1
  fi
fi
echo "Installing ${missing[*]} …"
export DEBIAN_FRONTEND=noninteractive
$as apt-get update -qq
$as $line -qq >/dev/null
