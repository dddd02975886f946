/**
 * The decoys there are. A written list: typed, greppable, compiled in.
 * @module
 */
import type { DecoyKind } from "./decoy.ts";
import { ftp } from "./ftp.ts";
import { git } from "./git.ts";
import { http, https } from "./http.ts";
import { httpProxy } from "./http_proxy.ts";
import { imap } from "./imap.ts";
import { memcached } from "./memcached.ts";
import { mqtt } from "./mqtt.ts";
import { mysql } from "./mysql.ts";
import { pop3 } from "./pop3.ts";
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";
import { socks } from "./socks.ts";
import { smtp } from "./smtp.ts";
import { ssh } from "./ssh.ts";
import { tcp } from "./tcp.ts";
import { telnet } from "./telnet.ts";
import { vnc } from "./vnc.ts";

/** Every decoy kind, in the order of the README's table. */
// deno-lint-ignore no-explicit-any -- each kind has options of its own; the config validates them
export const DECOY_KINDS: readonly DecoyKind<any>[] = [
  tcp,
  ssh,
  ftp,
  telnet,
  http,
  https,
  smtp,
  pop3,
  imap,
  mysql,
  postgres,
  redis,
  memcached,
  mqtt,
  socks,
  httpProxy,
  git,
  vnc,
];

/**
 * Whether a decoy may speak TLS.
 * @param entry of the config.
 */
export function speaksTls(
  entry: { kind: string; tls: boolean; options: Record<string, unknown> },
): boolean {
  const kind = findDecoyKind(entry.kind);
  return entry.tls || kind?.tls === "implicit" || (kind?.startsTls?.(entry.options) ?? false);
}

/**
 * Finds a kind.
 * @param kind as in `kind:` of the config.
 * @returns the kind, or `undefined` if there is none of that name.
 */
// deno-lint-ignore no-explicit-any -- as above
export function findDecoyKind(kind: string): DecoyKind<any> | undefined {
  return DECOY_KINDS.find((entry) => entry.kind === kind);
}
