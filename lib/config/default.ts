/**
 * The config that is compiled in, and the one that `init` writes: one text, two sets of ports.
 * @module
 */

/** Ports of the decoys: unprivileged ones to try things, real ones to be found by attackers. */
const PORTS = {
  tryout: { ssh: 2222, ftp: 2121, telnet: 2323, http: 8080, http2: 8081, ftp2: 2122, tcp: 9100 },
  real: { ssh: 22, ftp: 21, telnet: 23, http: 80, http2: 8080, ftp2: 2121, tcp: 9100 },
} as const;

/**
 * Writes a commented config.
 * @param ports `tryout` for ports that need no rights, `real` for 21, 23, 80 and so on.
 * @returns YAML.
 */
export function defaultConfig(ports: keyof typeof PORTS): string {
  const p = PORTS[ports];
  const listen = (port: number) => `["0.0.0.0:${port}", "[::]:${port}"]`;
  return `# Config of a Duckblind sensor. \`duckblind check -c FILE\` finds every mistake in it,
# \`duckblind schema\` prints its JSON Schema. What is not here has its default.

sensor:
  # id: edge-1               # name in events; default: the host's name
  # hostname: srv            # host name that decoys show; default: the host's name
  data: data                 # journal, tokens, secrets, host keys
  secrets: plain             # tried passwords in events: plain, sha256 or off

# limits:
#   sessions: 4096           # connections in all
#   sessions_per_source: 128 # of one IPv4 address or one IPv6 /64
#   idle_ms: 300000

journal:
  max_age_days: 90
  max_mb: 1024

# Where the owners look: TLS, behind a token. Certificates are made at the first start.
service:
  listen: ${listen(9443)}

# Services that exist to be attacked. No one has business with them.
decoys:
  - kind: ssh
    product: openssh-9.2-debian12
    listen: ${listen(p.ssh)}
  - kind: ftp
    product: vsftpd-3.0.3
    listen: ${listen(p.ftp)}
  - kind: telnet
    product: busybox-1.35
    listen: ${listen(p.telnet)}
  - kind: http
    product: nginx-1.22.1
    site: nas
    listen: ${listen(p.http)}
  - kind: http
    name: router
    product: apache-2.4.71
    site: router
    listen: ${listen(p.http2)}
  # Any port that has no decoy of its own: says a banner or nothing, keeps what is sent.
  - kind: tcp
    name: jetdirect
    listen: ${listen(p.tcp)}

# Where events go, beside the journal.
sinks:
  - kind: console
  # - kind: file
  #   path: data/events.jsonl
  #   min_severity: 20

# Whose events are not worth it: your own scanner, monitoring.
# ignore:
#   - source: ["192.0.2.10/32", "2001:db8::/64"]
#     decoys: [http]
#     action: lower          # or suppress
#     max_severity: 10
`;
}
