/**
 * What a kind of event adds to the common fields of the wire form.
 * @module
 */
import { boundText } from "./bound.ts";
import type { EcsEvent } from "./fields.ts";

/** Longest stretch of a peer's text in a message, in bytes. */
const MAX_QUOTED_BYTES = 128;

type Duckblind = NonNullable<EcsEvent["duckblind"]>;

/** `event.category` and `event.type`, which a kind of event always has. */
export interface Classes {
  readonly category: readonly string[];
  readonly type: readonly string[];
  /** Both as members of a JSON object. */
  readonly json: string;
}

/**
 * Names an event's classes, once.
 * @param category ECS categories.
 * @param type ECS types.
 */
export function classes(category: readonly string[], type: readonly string[]): Classes {
  const json = `"category":${JSON.stringify(category)},"type":${JSON.stringify(type)}`;
  return { category, type, json };
}

/** An event's own part of the wire form. */
export interface Part {
  readonly classes: Classes;
  /** 0 to 100. */
  readonly severity: number;
  /** The sentence, with `{from}` for the peer's address and `{decoy}` for the protocol. */
  readonly message: string;
  readonly outcome?: "success" | "failure" | undefined;
  readonly technique?: string | undefined;
  /** Values for stamped objects; none of them is an identity, a time or an address. */
  readonly fields?: {
    readonly durationNs?: number;
    readonly bytesIn?: number;
    readonly bytesOut?: number;
    readonly reason?: string;
    /** Names of users, each once; empty ones are left out. */
    readonly users?: readonly string[];
    readonly hashes?: readonly string[] | undefined;
  };
  readonly user?: EcsEvent["user"];
  readonly process?: EcsEvent["process"];
  readonly http?: EcsEvent["http"];
  readonly url?: EcsEvent["url"];
  readonly userAgent?: EcsEvent["user_agent"];
  readonly file?: EcsEvent["file"];
  readonly tls?: EcsEvent["tls"];
  readonly session?: Duckblind["session"];
  readonly duckblind?: Omit<Duckblind, "session" | "decoy">;
}

/**
 * A peer's text in a sentence: quoted and short.
 * @param text escaped.
 */
export function quote(text: string): string {
  const { text: start, fullBytes } = boundText(text, MAX_QUOTED_BYTES);
  return fullBytes === undefined ? `"${start}"` : `"${start}"...`;
}
