/**
 * What a kind of event adds to the common fields of the wire form.
 * @module
 */
import type { EcsEvent } from "./fields.ts";

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
    readonly user?: string;
    readonly hashes?: readonly string[] | undefined;
  };
  readonly user?: EcsEvent["user"];
  readonly process?: EcsEvent["process"];
  readonly http?: EcsEvent["http"];
  readonly url?: EcsEvent["url"];
  readonly userAgent?: EcsEvent["user_agent"];
  readonly file?: EcsEvent["file"];
  readonly session?: Duckblind["session"];
  readonly duckblind?: Omit<Duckblind, "session" | "decoy">;
}
