/**
 * Commands on the connection itself.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import type { Client } from "../client.ts";
import { endTransaction } from "../dispatch.ts";
import { isRight, passwordOf, WRONG_PASS } from "../login.ts";
import { lower } from "../octets.ts";
import { intArgument, Refusal, SYNTAX } from "../refusal.ts";
import { DATABASES } from "../source.ts";

/** The version that is played. */
export const VERSION = "7.0.15";

/** Commands on the connection. */
export const connection: Handlers = {
  ping: ({ argv, out, client, facts }) => {
    if (argv.length > 2) {
      throw new Refusal(`ERR wrong number of arguments for '${facts.name}' command`);
    }
    if (client.isSubscriber && out.proto === 2) {
      out.array(2);
      out.bulk("pong");
      out.bulk(argv[1] ?? "");
    } else if (argv.length === 1) out.status("PONG");
    else out.bulk(argv[1]!);
  },
  echo: ({ argv, out }) => out.bulk(argv[1]!),
  select: ({ argv, out, client }) => {
    const index = intArgument(argv[1]);
    if (index < 0 || index >= DATABASES) throw new Refusal("ERR DB index is out of range");
    client.db = index;
    out.ok();
  },
  auth: ({ argv, out, client }) => {
    if (argv.length > 3) throw new Refusal(SYNTAX);
    if (argv.length === 2 && passwordOf(client) === "" && !client.source.users.has("default")) {
      throw new Refusal(
        "ERR AUTH <password> called without any password configured for the default user. Are you " +
          "sure your configuration is correct?",
      );
    }
    login(client, argv.length === 2 ? ["default", argv[1]!] : [argv[1]!, argv[2]!]);
    out.ok();
  },
  hello,
  quit: ({ out, client }) => {
    out.ok();
    client.isClosing = true;
  },
  reset: ({ out, client }) => {
    endTransaction(client);
    for (const names of [client.channels, client.patterns, client.shardChannels]) names.clear();
    client.isMonitor = false;
    client.tracking = undefined;
    client.replyMode = "on";
    client.db = 0;
    client.name = "";
    client.user = "default";
    client.isStranger = passwordOf(client) !== "";
    client.isNoEvict = false;
    out.proto = 2;
    out.status("RESET");
  },
  monitor: ({ out, client }) => {
    client.isMonitor = true;
    out.ok();
  },
  readonly: noCluster,
  readwrite: noCluster,
  asking: noCluster,
};

/** Every command of a cluster, in a server that has none. */
export function noCluster(): void {
  throw new Refusal("ERR This instance has cluster support disabled");
}

function login(client: Client, [username, password]: readonly [string, string]): void {
  if (!isRight(client, username, password)) throw new Refusal(WRONG_PASS);
  client.user = username;
  client.isStranger = false;
}

/**
 * What HELLO offers: the version, and the name and password of its AUTH, complete or not at all.
 * @param argv its words.
 */
export function helloLogin(argv: readonly string[]): [string, string] | undefined {
  for (let i = 2; i < argv.length; i++) {
    const option = lower(argv[i]!);
    if (option === "auth" && i + 2 < argv.length) return [argv[i + 1]!, argv[i + 2]!];
    if (option !== "setname") return undefined;
    i++;
  }
  return undefined;
}

function hello({ argv, out, client }: Call): void {
  let proto: 2 | 3 | undefined;
  if (argv.length > 1) {
    const version = intArgument(
      argv[1],
      "ERR Protocol version is not an integer or out of range",
    );
    if (version < 2 || version > 3) throw new Refusal("NOPROTO unsupported protocol version");
    proto = version as 2 | 3;
  }
  let pair: [string, string] | undefined;
  let name: string | undefined;
  for (let i = 2; i < argv.length; i++) {
    const option = lower(argv[i]!);
    const more = argv.length - 1 - i;
    if (option === "auth" && more >= 2) {
      pair = [argv[i + 1]!, argv[i + 2]!];
      i += 2;
    } else if (option === "setname" && more >= 1) {
      name = nameArgument(argv[++i]!);
    } else throw new Refusal(`ERR Syntax error in HELLO option '${argv[i]}'`);
  }
  if (pair !== undefined) login(client, pair);
  if (client.isStranger) {
    throw new Refusal(
      "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH " +
        "<user> <pass> option can be used to authenticate the client and select the RESP protocol " +
        "version at the same time",
    );
  }
  if (name !== undefined) client.name = name;
  if (proto !== undefined) out.proto = proto;
  out.map(7);
  const isReplica = client.source.master !== undefined;
  const rows = { server: "redis", version: VERSION, proto: out.proto, id: client.id };
  for (const [key, value] of Object.entries(rows)) {
    out.bulk(key);
    if (typeof value === "number") out.integer(value);
    else out.bulk(value);
  }
  for (const word of ["mode", "standalone", "role", isReplica ? "replica" : "master", "modules"]) {
    out.bulk(word);
  }
  out.array(0);
}

/**
 * A connection's name.
 * @throws {Refusal} when it has what is no graphic character.
 */
export function nameArgument(text: string): string {
  if (/^[!-~]*$/.test(text)) return text;
  throw new Refusal(
    "ERR Client names cannot contain spaces, newlines or special characters.",
  );
}
