/**
 * An event as the encoders read it: its wire form, of which nothing is taken on trust.
 *
 * Most events are our own. Those that a collector took from other sensors may be anything that parses,
 * so a field counts only when it is of the type that `fields.ts` gives it.
 * @module
 */
import { boundText } from "../bound.ts";
import type { SensorEvent } from "../emitter.ts";
import type { Pair } from "../fields.ts";

/** A JSON object. */
export type JsonObject = Record<string, unknown>;

/** Longest text of a brief event, in bytes. */
const BRIEF_TEXT_BYTES = 512;
/** Most entries of a list of a brief event, and most members of an object. */
const BRIEF_ENTRIES = 16;
const BRIEF_MEMBERS = 64;
/** Objects within objects of a brief event: as many as `foreign.ts` lets in. */
const BRIEF_DEPTH = 10;

/** A parsed event. */
export class WireEvent {
  /** What the journal knows of the event without its wire form. */
  readonly columns: SensorEvent;
  /** Whether texts and lists are cut, since the whole event would be too large. */
  readonly isBrief: boolean;
  /** The wire form; empty when it could not be parsed. */
  readonly root: JsonObject;

  /**
   * @param columns the event.
   * @param options `isBrief`: be short; `isBare`: do not look at the wire form at all.
   */
  constructor(columns: SensorEvent, options: { isBrief?: boolean; isBare?: boolean } = {}) {
    this.columns = columns;
    this.isBrief = options.isBrief === true;
    this.root = options.isBare === true ? {} : parseObject(columns.json);
  }

  /** `event.action`. */
  get action(): string {
    return this.text("event", "action") ?? this.#cut(this.columns.action);
  }

  /** `event.provider`: name of the decoy, `service` or `sensor`. */
  get provider(): string {
    return this.text("event", "provider") ?? this.#cut(this.columns.decoy);
  }

  /** Kind of the decoy, `service` or `sensor`. */
  get kind(): string {
    const dataset = this.text("event", "dataset") ?? "";
    return this.text("duckblind", "decoy", "kind") ?? this.text("network", "protocol") ??
      (dataset.startsWith("duckblind.") ? dataset.slice(10) : this.provider);
  }

  /** `event.severity`, 0 to 100. */
  get severity(): number {
    const severity = this.number("event", "severity") ?? this.columns.severity;
    return Math.min(100, Math.max(0, Number.isFinite(severity) ? severity : 0));
  }

  /** When it happened, in ms since 1970, within what a `Date` can hold. */
  get timeMs(): number {
    const timeMs = Math.trunc(this.columns.timeMs);
    return Math.abs(timeMs) <= 8.64e15 ? timeMs : 0;
  }

  /** The event as a sentence. */
  get message(): string {
    return this.text("message") ?? this.action;
  }

  /** Id of the sensor. */
  get sensor(): string {
    return this.text("observer", "name") ?? this.#cut(this.columns.sensor ?? "");
  }

  /** Address of the peer, if there is one. */
  get source(): string | undefined {
    const source = this.text("source", "ip") ?? this.#cut(this.columns.source);
    return source === "" ? undefined : source;
  }

  /** Id of the session, if there is one. */
  get session(): string | undefined {
    const session = this.text("duckblind", "session", "id") ?? this.#cut(this.columns.session);
    return session === "" ? undefined : session;
  }

  /**
   * Finds a text.
   * @param path names from the root on.
   * @returns `undefined` when there is none, or what is there is no text.
   */
  text(...path: string[]): string | undefined {
    const value = this.#find(path);
    return typeof value === "string" ? this.#cut(value) : undefined;
  }

  /**
   * Finds a whole number, as `text` does texts.
   * @param path names from the root on.
   */
  number(...path: string[]): number | undefined {
    const value = this.#find(path);
    return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
  }

  /**
   * Finds a truth value, as `text` does texts.
   * @param path names from the root on.
   */
  boolean(...path: string[]): boolean | undefined {
    const value = this.#find(path);
    return typeof value === "boolean" ? value : undefined;
  }

  /**
   * Finds a list of texts, as `text` does texts; what of it is no text is left out.
   * @param path names from the root on.
   */
  texts(...path: string[]): string[] | undefined {
    const list = this.#list(path);
    return list?.filter((entry) => typeof entry === "string").map((text) => this.#cut(text));
  }

  /**
   * Finds a list of names with values, as `texts` does texts.
   * @param path names from the root on.
   */
  pairs(...path: string[]): Pair[] | undefined {
    return this.#list(path)?.filter(isPair).map(({ name, value }) => ({
      name: this.#cut(name),
      value: this.#cut(value),
    }));
  }

  /**
   * Finds an object, with whatever it holds.
   * @param path names from the root on.
   */
  object(...path: string[]): JsonObject | undefined {
    const value = this.#find(path);
    if (!isObject(value)) return undefined;
    return this.isBrief ? this.#cutWithin(value, BRIEF_DEPTH) as JsonObject : value;
  }

  #find(path: readonly string[]): unknown {
    let node: unknown = this.root;
    for (const name of path) {
      if (!isObject(node)) return undefined;
      node = node[name];
    }
    return node;
  }

  #list(path: readonly string[]): unknown[] | undefined {
    const value = this.#find(path);
    if (!Array.isArray(value)) return undefined;
    return this.isBrief ? value.slice(0, BRIEF_ENTRIES) : value;
  }

  #cutWithin(value: unknown, depth: number): unknown {
    if (typeof value === "string") return this.#cut(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth === 0) return undefined;
    const within = (entry: unknown) => this.#cutWithin(entry, depth - 1);
    if (Array.isArray(value)) return value.slice(0, BRIEF_ENTRIES).map(within);
    const members = Object.entries(value).slice(0, BRIEF_MEMBERS);
    return Object.fromEntries(members.map(([name, entry]) => [name, within(entry)]));
  }

  #cut(text: string): string {
    return this.isBrief ? boundText(text, BRIEF_TEXT_BYTES).text : text;
  }
}

/**
 * Whether a value is a JSON object.
 * @param value what was parsed.
 */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPair(value: unknown): value is Pair {
  return isObject(value) && typeof value.name === "string" && typeof value.value === "string";
}

function parseObject(json: string): JsonObject {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : {};
  } catch {
    // No event of ours: what the journal's columns say of it is all there is.
    return {};
  }
}
