/**
 * The commands there are: what COMMAND tells of each, from which the rules of the dispatcher come.
 * @module
 */
import { inflate } from "./inflate.ts";
import { inTableOrder } from "./keyed_hash.ts";
import { lower } from "./octets.ts";
import { COMMAND_TABLE } from "./tables/command_table.ts";

/** A command or a subcommand. */
export interface CommandFacts {
  /** With the container's name in front: `config|get`. */
  readonly name: string;
  /** How many words it takes; at least so many when negative. */
  readonly arity: number;
  readonly flags: ReadonlySet<string>;
  /** Where its keys stand. */
  readonly firstKey: number;
  readonly lastKey: number;
  readonly keyStep: number;
  /** Categories, with `@`. */
  readonly categories: ReadonlySet<string>;
  /** Whether its keys cannot be told by their places alone. */
  readonly hasMovableKeys: boolean;
  readonly subcommands: ReadonlyMap<string, CommandFacts>;
  /** What COMMAND INFO says of it, in RESP3. */
  readonly info: string;
}

/** All commands of the server. */
export class Catalogue {
  /** By name in lower case, in the order in which this server lists them. */
  readonly commands: ReadonlyMap<string, CommandFacts>;
  #docs: Map<string, string> | undefined;

  /** @param seed of this server: the order of the list differs from server to server. */
  constructor(seed: number) {
    const table = inflate(COMMAND_TABLE);
    const all = new Map(entriesOf(table, 0).map((info) => factsOf(info)).map((f) => [f.name, f]));
    this.commands = new Map(inTableOrder(all.keys(), seed).map((name) => [name, all.get(name)!]));
  }

  /**
   * Finds the command that a client means.
   * @param argv its words.
   * @returns the subcommand where there is one; the container alone when no second word came.
   */
  find(argv: readonly string[]): { container: CommandFacts; facts?: CommandFacts } | undefined {
    const container = this.commands.get(lower(argv[0] ?? ""));
    if (container === undefined) return undefined;
    if (container.subcommands.size === 0 || argv.length < 2) return { container, facts: container };
    const facts = container.subcommands.get(lower(argv[1]!));
    return facts === undefined ? { container } : { container, facts };
  }

  /**
   * Finds a command by its name as COMMAND INFO takes it.
   * @param name such as `get` or `config|get`, in any case.
   */
  byName(name: string): CommandFacts | undefined {
    const [first = "", second, more] = lower(name).split("|");
    const container = this.commands.get(first);
    if (second === undefined || more !== undefined) {
      return more === undefined ? container : undefined;
    }
    return container?.subcommands.get(second);
  }

  /** Every command and subcommand. */
  *everything(): Iterable<CommandFacts> {
    for (const facts of this.commands.values()) {
      yield facts;
      yield* facts.subcommands.values();
    }
  }

  /**
   * What COMMAND DOCS says of a command, in RESP3: its name and a map.
   * @param name in lower case.
   */
  async docs(name: string): Promise<string | undefined> {
    this.#docs ??= await readDocs();
    const [first = "", second] = name.split("|");
    const whole = this.#docs.get(first);
    if (second === undefined || whole === undefined) return whole;
    return entryIn(whole, "subcommands", name);
  }
}

/**
 * RESP3 as RESP2 has it: maps and sets are arrays.
 * @param text of which no bulk string holds a line that begins with `%` or `~`.
 */
export function toResp2(text: string): string {
  return text.replace(
    /(^|\n)([~%])(\d+)\r/g,
    (_, start, kind, count) => `${start}*${kind === "%" ? Number(count) * 2 : count}\r`,
  );
}

async function readDocs(): Promise<Map<string, string>> {
  // Loaded at the first question: it is the largest table.
  const { COMMAND_DOCS } = await import("./tables/command_docs.ts");
  const docs = new Map<string, string>();
  const entries = entriesOf(inflate(COMMAND_DOCS), 0);
  for (let i = 0; i < entries.length; i += 2) {
    docs.set(leaf(entries[i]!), entries[i]! + entries[i + 1]!);
  }
  return docs;
}

/** The entry of a map that is in a map: name and value of it. */
function entryIn(named: string, key: string, name: string): string | undefined {
  const map = named.slice(endOf(named, 0));
  const parts = entriesOf(map, 0);
  const at = parts.findIndex((part, i) => i % 2 === 0 && leaf(part) === key);
  if (at < 0) return undefined;
  const entries = entriesOf(parts[at + 1]!, 0);
  const found = entries.findIndex((part, i) => i % 2 === 0 && leaf(part) === name);
  return found < 0 ? undefined : entries[found]! + entries[found + 1]!;
}

/** The parts of an array, set or map, each as wire text. */
function entriesOf(text: string, start: number): string[] {
  const head = text.indexOf("\r\n", start);
  let count = Number(text.slice(start + 1, head));
  if (text[start] === "%") count *= 2;
  const entries: string[] = [];
  let at = head + 2;
  for (let i = 0; i < count; i++) {
    const end = endOf(text, at);
    entries.push(text.slice(at, end));
    at = end;
  }
  return entries;
}

/** Where a value ends. */
function endOf(text: string, start: number): number {
  const head = text.indexOf("\r\n", start) + 2;
  const kind = text[start]!;
  if (kind === "$") return head + Number(text.slice(start + 1, head - 2)) + 2;
  if (!"*~%".includes(kind)) return head;
  let count = Number(text.slice(start + 1, head - 2));
  if (kind === "%") count *= 2;
  let at = head;
  for (let i = 0; i < count; i++) at = endOf(text, at);
  return at;
}

/** Text of a string, status or number. */
function leaf(text: string): string {
  const head = text.indexOf("\r\n");
  return text[0] === "$" ? text.slice(head + 2, -2) : text.slice(1, head);
}

function factsOf(info: string): CommandFacts {
  const [name, arity, flags, first, last, step, categories, , , subcommands] = entriesOf(info, 0);
  const flagSet = new Set(entriesOf(flags!, 0).map(leaf));
  const children = entriesOf(subcommands!, 0).map(factsOf);
  return {
    name: leaf(name!),
    arity: Number(leaf(arity!)),
    flags: flagSet,
    firstKey: Number(leaf(first!)),
    lastKey: Number(leaf(last!)),
    keyStep: Number(leaf(step!)),
    categories: new Set(entriesOf(categories!, 0).map(leaf)),
    hasMovableKeys: flagSet.has("movablekeys"),
    subcommands: new Map(children.map((child) => [child.name.split("|")[1]!, child])),
    info,
  };
}
