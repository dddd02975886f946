#!/bin/sh
# Brings the genuine Debian packages that tests/differential compares the decoys with.
# Idempotent and quiet. Packages that conflict with each other are unpacked below .ci/cache/genuine,
# each in a folder of its own; nothing of theirs is installed or started here.
# Needs root for apt-get, and for nothing else.
set -eu
cd "$(dirname "$0")/.."
cache=$PWD/.ci/cache/genuine
mkdir -p "$cache/debs"

# folder: packages unpacked into it (the daemon first, then libraries that Debian's base lacks)
unpack() {
  folder=$1
  shift
  stamp="$cache/$folder/.packages"
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$*" ] && return 0
  refresh
  rm -rf "${cache:?}/$folder"
  mkdir -p "$cache/$folder"
  for package in "$@"; do
    rm -f "$cache/debs/${package}_"*.deb
    (cd "$cache/debs" && apt-get -qq -o APT::Sandbox::User=root download "$package" > /dev/null)
    dpkg-deb -x "$cache/debs/${package}_"*.deb "$cache/$folder"
  done
  printf '%s' "$*" > "$stamp"
}

# Installs what can stand beside everything else, without starting it.
install() {
  missing=
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' ||
      missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  refresh
  policy=/usr/sbin/policy-rc.d
  [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod 755 "$policy"; made=1; }
  # shellcheck disable=SC2086 # a list of names
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing > /dev/null
  if [ "${made:-0}" = 1 ]; then rm -f "$policy"; fi
}

# Package lists, once a run and only when something is missing.
refresh() {
  [ "${refreshed:-0}" = 1 ] && return 0
  apt-get -qq update > /dev/null
  refreshed=1
}

install libcap2 libglib2.0-0 libidn2-0 libjson-c5 libncursesw6 libpam0g libpcre2-8-0 libpcre3 libssl3 libwrap0
unpack vsftpd vsftpd
unpack proftpd proftpd-core libhiredis0.14 libmemcached11 libmemcachedutil2 libhashkit2 \
  libpcre2-posix3
# Another one, with mod_tls.
unpack proftpd-tls proftpd-core proftpd-mod-crypto libhiredis0.14 libmemcached11 libmemcachedutil2 \
  libhashkit2 libpcre2-posix3
# The static one alone is built with telnetd; it conflicts with the other.
unpack busybox busybox-static
# Two of these cannot be installed side by side.
unpack rsyslog rsyslog rsyslog-gnutls libestr0 libfastjson4 liblognorm5
unpack syslog-ng syslog-ng-core libivykis0 libnet1
install nginx-light apache2 busybox inetutils-inetd inetutils-telnetd openssh-server dropbear-bin
install postgresql-15 mariadb-server redis-server
install memcached libsasl2-modules mosquitto
install nats-server
install dovecot-core dovecot-imapd dovecot-pop3d postfix
install dante-server git squid
install tigervnc-standalone-server tigervnc-tools
