/**
 * COMMAND: what there is.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { type CommandFacts, toResp2 } from "../catalogue.ts";
import { globMatches } from "../glob.ts";
import { keysOf } from "../key_places.ts";
import { lower } from "../octets.ts";
import { Refusal, SYNTAX } from "../refusal.ts";

/** Commands of COMMAND. */
export const command: Handlers = {
  command: (call) => showAll(call),
  "command|count": ({ out, server }) => out.integer(server.catalogue.commands.size),
  "command|info": (call) => {
    const { argv, out, server } = call;
    if (argv.length === 2) return showAll(call);
    out.array(argv.length - 2);
    for (const name of argv.slice(2)) {
      const facts = server.catalogue.byName(name);
      if (facts === undefined) out.null();
      else show(call, facts.info);
    }
  },
  "command|docs": async (call) => {
    const { argv, out, server } = call;
    const names = argv.length === 2
      ? [...server.catalogue.commands.keys()]
      : argv.slice(2).map(lower);
    const found = [];
    for (const name of names) {
      const docs = await server.catalogue.docs(name);
      if (docs !== undefined) found.push(docs);
    }
    out.map(found.length);
    for (const docs of found) show(call, docs);
  },
  "command|list": ({ argv, out, server }) => {
    const every = [...server.catalogue.everything()];
    if (argv.length === 2) return out.bulks(every.map(({ name }) => name));
    const [, , filter = "", by = "", value = ""] = argv;
    if (argv.length !== 5 || lower(filter) !== "filterby") throw new Refusal(SYNTAX);
    switch (lower(by)) {
      case "module":
        return out.array(0);
      case "aclcat":
        return out.bulks(
          every.filter(({ categories }) => categories.has(`@${lower(value)}`)).map(({ name }) =>
            name
          ),
        );
      case "pattern":
        return out.bulks(
          every.filter(({ name }) => globMatches(value, name, true)).map(({ name }) => name),
        );
      default:
        throw new Refusal(SYNTAX);
    }
  },
  "command|getkeys": (call) => {
    const { out } = call;
    const found = keysAsked(call);
    out.bulks(found);
  },
  "command|getkeysandflags": (call) => {
    const { out, argv, server } = call;
    const found = keysAsked(call);
    const { facts } = server.catalogue.find(argv.slice(2))!;
    out.array(found.length);
    for (const key of found) {
      out.array(2);
      out.bulk(key);
      show(call, keyFlags(facts!, argv.slice(2)));
    }
  },
};

function showAll({ out, server }: Call): void {
  out.array(server.catalogue.commands.size);
  for (const { info } of server.catalogue.commands.values()) {
    out.raw(out.proto === 2 ? toResp2(info) : info);
  }
}

function show({ out }: Call, text: string): void {
  out.raw(out.proto === 2 ? toResp2(text) : text);
}

/** Flags of the first key, as the table has them; those of SET hang on what it asks for. */
function keyFlags({ info, name }: CommandFacts, words: readonly string[]): string {
  if (name === "set") {
    const isRead = words.slice(3).some((word) => lower(word) === "get");
    return isRead ? "~3\r\n+RW\r\n+access\r\n+update\r\n" : "~2\r\n+OW\r\n+update\r\n";
  }
  const match = /\$5\r\nflags\r\n(~\d+\r\n(?:\+\w+\r\n)+)/.exec(info);
  return match?.[1] ?? "~0\r\n";
}

function keysAsked({ argv, server }: Call): string[] {
  const words = argv.slice(2);
  const facts = server.catalogue.find(words)?.facts;
  if (facts === undefined) throw new Refusal("ERR Invalid command specified");
  const { arity } = facts;
  if (facts.firstKey === 0 && !facts.hasMovableKeys) {
    throw new Refusal("ERR The command has no key arguments");
  }
  if (arity > 0 ? words.length !== arity : words.length < -arity) {
    throw new Refusal("ERR Invalid number of arguments specified for command");
  }
  const keys = keysOf(facts, words);
  if (keys.length === 0) throw new Refusal("ERR Invalid arguments specified for command");
  return keys;
}
