/**
 * Whole hosts to be: configs whose decoys agree with each other in distribution, names and ports.
 * @module
 */

/** A decoy of a persona: its kind, its port and its options as YAML lines. */
interface PersonaDecoy {
  readonly kind: string;
  readonly port: number;
  readonly name?: string;
  readonly options?: readonly string[];
}

/** A host to be. */
interface Persona {
  /** What it is, in a comment. */
  readonly summary: string;
  /** Name that all its parts show. */
  readonly hostname: string;
  readonly decoys: readonly PersonaDecoy[];
  /** Lures as YAML lines. */
  readonly lures?: readonly string[];
}

/** Kernel of Debian 12 that the decoys which show one agree on. */
const KERNEL = "6.1.0-28-amd64";

const SSH: PersonaDecoy = { kind: "ssh", port: 22, options: ["product: openssh-9.2-debian12"] };

/** By name, in the order of the README. */
const PERSONAS = {
  "debian-web": {
    summary: "a web server on Debian 12: nginx with a login page, by HTTP and HTTPS",
    hostname: "web01",
    decoys: [
      SSH,
      { kind: "http", port: 80, options: ["product: nginx-1.22.1", "site: intranet"] },
      { kind: "https", port: 443, options: ["product: nginx-1.22.1", "site: intranet"] },
    ],
    lures: ["- kind: env", "- kind: git-config", "- kind: backup"],
  },
  "mail": {
    summary: "a mail server on Debian 12: Postfix and Dovecot",
    hostname: "mail",
    decoys: [
      SSH,
      { kind: "smtp", port: 25, options: ["service: smtp"] },
      { kind: "smtp", port: 587, name: "submission", options: ["service: submission"] },
      { kind: "pop3", port: 995, name: "pop3s", options: ["tls: true"] },
      { kind: "imap", port: 993, name: "imaps", options: ["tls: true"] },
    ],
  },
  "linux-db": {
    summary: "a database server on Debian 12: MariaDB and Redis",
    hostname: "db01",
    decoys: [
      SSH,
      { kind: "mysql", port: 3306, options: ["product: mariadb-10.11.19-debian12"] },
      {
        kind: "redis",
        port: 6379,
        options: ["product: redis-7.0.15-debian12", `kernel: ${KERNEL}`],
      },
    ],
    lures: ["- kind: redis-key"],
  },
  "iot-gateway": {
    summary: "a gateway with BusyBox: Dropbear, telnet, its web page and a broker",
    hostname: "gateway",
    decoys: [
      { kind: "ssh", port: 22, options: ["product: dropbear-2022.83"] },
      { kind: "telnet", port: 23, options: ["product: busybox-1.35"] },
      { kind: "http", port: 80, options: ["product: nginx-1.22.1", "site: router"] },
      { kind: "mqtt", port: 1883, options: ["anonymous: true"] },
    ],
    lures: ["- kind: mqtt-topic"],
  },
  "proxy": {
    summary: "a proxy on Debian 12: Squid and Dante",
    hostname: "proxy",
    decoys: [
      SSH,
      { kind: "http-proxy", port: 3128, options: ["auth: basic"] },
      { kind: "socks", port: 1080, options: ["product: dante-1.4.2"] },
    ],
  },
} as const satisfies Record<string, Persona>;

/** Names of the personas. */
export const PERSONA_NAMES: readonly string[] = Object.keys(PERSONAS);

/**
 * Writes a persona's config.
 * @param name one of `PERSONA_NAMES`.
 * @returns YAML with comments.
 * @throws {RangeError} for another name.
 */
export function personaConfig(name: string): string {
  if (!Object.hasOwn(PERSONAS, name)) throw new RangeError(`There is no persona ${name}`);
  const persona: Persona = PERSONAS[name as keyof typeof PERSONAS];
  const { summary, hostname, decoys, lures = [] } = persona;
  const decoyLines = decoys.flatMap(({ kind, port, name, options = [] }) => [
    `  - kind: ${kind}`,
    ...(name === undefined ? [] : [`name: ${name}`]).map(indent),
    ...options.map(indent),
    `    listen: ["0.0.0.0:${port}", "[::]:${port}"]`,
  ]);
  return [
    `# Config of a Duckblind sensor that looks like ${summary}.`,
    "# Its parts agree: change the product of one, and `duckblind check` says what no longer fits.",
    "",
    "sensor:",
    `  hostname: ${hostname}          # in prompts, pages, greetings and the certificate`,
    "  data: data",
    "",
    "service:",
    '  listen: ["0.0.0.0:9443", "[::]:9443"]',
    "",
    "decoys:",
    ...decoyLines,
    "",
    ...(lures.length === 0
      ? []
      : ["# Fake data worth stealing: `duckblind lures` shows it.", "lures:"]),
    ...lures.map((line) => `  ${line}`),
    ...(lures.length === 0 ? [] : [""]),
    "sinks:",
    "  - kind: console",
    "",
  ].join("\n");
}

function indent(line: string): string {
  return `    ${line}`;
}
