/**
 * What a client of upload-pack asks for, whatever the version of the protocol: objects that it wants,
 * objects that it has, and how deep it would go.
 * @module
 */
import { LimitError } from "../../errors.ts";
import type { Commit, Ref, Repository } from "./repository.ts";
import { type Deepening, isLimited } from "./shallow.ts";
import { commitsOf } from "./selection.ts";

/** Most known objects that a client may name in one request: a clone has as many commits at most. */
const MAX_KNOWN_HAVES = 4096;

/** Where a name without `refs/` may stand: ref_rev_parse_rules of refs.c. */
const NAME_RULES: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => `refs/${name}`,
  (name) => `refs/tags/${name}`,
  (name) => `refs/heads/${name}`,
  (name) => `refs/remotes/${name}`,
  (name) => `refs/remotes/${name}/HEAD`,
];

/** Words by which a client asks for a way of sending. */
const SWITCHES = ["ofs-delta", "thin-pack", "no-progress", "include-tag"];

/** What became of a line. */
export type Taken =
  | "taken"
  | "other" // it is no such line
  | "fatal"; // it ends the talk

/** Collects what is asked for. Holds only what is in the repository. */
export class Needs {
  readonly repository: Repository;
  /** Ids, each once. */
  readonly wants: string[] = [];
  /** Ids that are told of as had, each once. */
  readonly haves: string[] = [];
  readonly shallows: Commit[] = [];
  readonly deepening: Deepening = { depth: 0, isRelative: false, since: undefined, without: [] };
  /** Of `SWITCHES`, those that were given. */
  readonly switches = new Set<string>();
  #known = 0;

  /** @param repository that is asked. */
  constructor(repository: Repository) {
    this.repository = repository;
  }

  /** Whether it is told where the history ends. */
  get hasCut(): boolean {
    return isLimited(this.deepening) || this.shallows.length > 0;
  }

  /**
   * Takes a wanted object.
   * @param id of any case.
   * @returns whether it is there.
   */
  want(id: string): boolean {
    const key = id.toLowerCase();
    if (!this.repository.objects.has(key)) return false;
    if (!this.wants.includes(key)) this.wants.push(key);
    return true;
  }

  /**
   * Takes an object that the client has.
   * @param id in lower case.
   * @returns whether it is there.
   * @throws {LimitError} when too many are.
   */
  have(id: string): boolean {
    if (!this.repository.objects.has(id)) return false;
    if (++this.#known > MAX_KNOWN_HAVES) throw new LimitError("git_haves", MAX_KNOWN_HAVES);
    // A parent of what is had is had too, and needs no word; so are things named twice.
    if (!this.#isKnown(id)) this.haves.push(id);
    return true;
  }

  #isKnown(id: string): boolean {
    return this.haves.includes(id) ||
      this.haves.some((have) =>
        this.repository.commits.get(have)?.parents.some(({ object }) => object.id === id)
      );
  }

  /** Takes a word that says how to send. */
  switch(word: string): Taken {
    if (!SWITCHES.includes(word)) return "other";
    this.switches.add(word);
    return "taken";
  }

  /** Takes a line that says where histories end. */
  limit(line: string): Taken {
    const [, verb, value = ""] = /^(shallow|deepen|deepen-since|deepen-not) (.*)$/s.exec(line) ??
      [];
    if (verb === undefined) return "other";
    if (verb === "shallow") return this.#takeShallow(value);
    if (verb === "deepen-not") return this.#takeWithout(value);
    const number = parseNumber(value);
    if (number === undefined) return "fatal";
    if (verb === "deepen-since") this.deepening.since = number;
    else if ((number | 0) <= 0) return "fatal";
    else this.deepening.depth = number | 0;
    return "taken";
  }

  #takeShallow(value: string): Taken {
    const id = idAt(value);
    if (id === undefined) return "fatal";
    const { commits, objects } = this.repository;
    const commit = commits.get(id);
    if (commit === undefined) return objects.has(id) ? "fatal" : "taken";
    if (!this.shallows.includes(commit)) this.shallows.push(commit);
    return "taken";
  }

  #takeWithout(value: string): Taken {
    const found = NAME_RULES.flatMap((rule): Ref[] =>
      this.repository.refs.filter(({ name }) => name === rule(value))
    );
    if (found.length !== 1) return "fatal";
    const [commit] = commitsOf(this.repository, [found[0]!.id]);
    if (!this.deepening.without.includes(commit!)) this.deepening.without.push(commit!);
    return "taken";
  }
}

/**
 * The object id at the start of a text.
 * @returns it in lower case; what follows does not matter.
 */
export function idAt(text: string): string | undefined {
  return /^[0-9A-Fa-f]{40}/.exec(text)?.[0].toLowerCase();
}

/** A whole number as strtol(3) reads it with base 0; `undefined` where something follows. */
function parseNumber(text: string): number | undefined {
  const [, sign, digits = ""] = /^\s*([+-]?)(0[xX][0-9A-Fa-f]+|0[0-7]*|[1-9][0-9]*)$/.exec(text) ??
    [];
  if (sign === undefined) return undefined;
  const value = /^0[0-7]/.test(digits) ? parseInt(digits, 8) : Number(digits);
  return sign === "-" ? -value : value;
}
