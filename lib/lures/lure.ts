/**
 * Lures: small fake data that decoys serve and that is worth stealing (`lures:` in the config).
 *
 * A lure holds a user name and a password that are this sensor's and this lure's alone, made from the
 * sensor's secret: whoever tries them has read the lure.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import type { LureKind } from "./kinds.ts";
import { TEMPLATES } from "./templates.ts";
import { zipFiles } from "./zip.ts";

/** A lure's entry in the config. */
export interface LureConfig {
  readonly kind: LureKind;
  readonly name: string;
  /** Decoys by name; absent for all that can serve it. */
  readonly decoys?: readonly string[] | undefined;
  /** Path, key or topic; empty for the kind's own. */
  readonly place: string;
  /** Text in place of the kind's own, with {{username}}, {{password}} and {{hostname}}. */
  readonly content: string;
  /** User name in it; empty for the kind's own. */
  readonly username: string;
}

/** A lure as a sensor plants it. */
export interface Lure {
  /** Name in the config and in events. */
  readonly id: string;
  readonly kind: LureKind;
  /** Path, key or topic. */
  readonly place: string;
  readonly content: Uint8Array;
  /** Such as `text/plain`. */
  readonly mediaType: string;
  readonly username: string;
  /** 20 letters and digits. */
  readonly password: string;
  /** Bytes that are in the content and nowhere else. */
  readonly markers: readonly Uint8Array[];
}

/** What lures are made of. */
export interface LureContext {
  /** Host name that decoys show. */
  readonly hostname: string;
  /** The sensor's stable bytes. */
  seed(label: string): Uint8Array;
}

/** Letters and digits that are not taken for one another. */
const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
const PASSWORD_CHARACTERS = 20;
const MARKER_BYTES = 32;

/**
 * Makes a lure: the same at every start.
 * @param config its entry.
 * @param context of the sensor.
 */
export function makeLure(config: LureConfig, context: LureContext): Lure {
  const { kind, name } = config;
  const template = TEMPLATES[kind];
  const password = makePassword(context.seed("lures"), name);
  const username = config.username || template.username;
  const values: Record<string, string> = { username, password, hostname: context.hostname };
  const fill = (text: string) =>
    text.replace(/\{\{(\w+)\}\}/g, (whole, key: string) => values[key] ?? whole);
  const files = template.files.map(({ name, text }) => ({ name, bytes: encode(fill(text)) }));
  const content = config.content !== ""
    ? encode(fill(config.content))
    : template.isArchive
    ? zipFiles(files, template.modifiedMs)
    : files[0]!.bytes;
  return {
    id: name,
    kind,
    place: config.place || template.place,
    content,
    mediaType: template.mediaType,
    username,
    password,
    markers: [template.isArchive ? middleOf(content) : encode(password)],
  };
}

/** Enough of packed bytes to be told by; what is packed has the password in it. */
function middleOf(content: Uint8Array): Uint8Array {
  const start = Math.floor(content.length / 3);
  return content.subarray(start, start + MARKER_BYTES);
}

/** A password that nobody else can tell, and that is the same at every start. */
function makePassword(secret: Uint8Array, name: string): string {
  const bytes = createHmac("sha512", secret).update(name).digest();
  // 64 bytes are plenty: of 256 values 228 are taken, so that every character is as likely.
  const most = Math.floor(256 / ALPHABET.length) * ALPHABET.length;
  return [...bytes].filter((byte) => byte < most).slice(0, PASSWORD_CHARACTERS)
    .map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

function encode(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}
