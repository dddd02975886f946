#!/bin/bash
# Brings the runtime that `deno compile` of Deno 2.4.2 builds on, where the place that Deno itself
# fetches it from cannot be reached: the npm package of a program that was built with that Deno begins
# with it. Prints its path. Kept in .ci/cache, and no part of what is shipped from here.
set -euo pipefail
cd "$(dirname "$0")/.."

package=@vltpkg/cli-linux-x64@0.0.0-18
integrity=eQvsTLNKsoA/sH80Nn1iEKu+Lh24kmbB97dDjhn34py23Xc6+/uI48UNG2k/TQFIcVf7Sckwnrk80L00Hx1eXA==
bytes=85186368
sha256=2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82

cache=$PWD/.ci/cache/denort
denort=$cache/denort-2.4.2
check() { echo "$sha256  $denort" | sha256sum --check --status; }

if [ ! -f "$denort" ] || ! check; then
  rm -rf "$cache"
  mkdir -p "$cache"
  tarball=$cache/$(cd "$cache" && npm pack --silent "$package")
  found=$(openssl dgst -sha512 -binary "$tarball" | base64 --wrap=0)
  if [ "$found" != "$integrity" ]; then
    echo "Cannot use $package: its SHA-512 is $found, must be $integrity" >&2
    exit 1
  fi
  # `head` ends the pipe early, which is no failure of `tar`.
  { tar --extract --gzip --to-stdout --file="$tarball" package/vlt || true; } 2> /dev/null |
    head --bytes="$bytes" > "$denort"
  rm "$tarball"
  check || { echo "Cannot use $package: the runtime in it is not the one expected" >&2; exit 1; }
  chmod 755 "$denort"
fi
echo "$denort"
