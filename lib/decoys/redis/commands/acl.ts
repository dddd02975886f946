/**
 * ACL: users that a source makes are its own; `default` may not run scripts.
 * @module
 */
import { randomBytes } from "node:crypto";
import type { Call, Handlers } from "../call.ts";
import type { Client } from "../client.ts";
import { isDenied, RULES } from "../denied.ts";
import { passwordHash, passwordOf } from "../login.ts";
import { lower } from "../octets.ts";
import { intArgument, Refusal } from "../refusal.ts";
import type { User } from "../source.ts";

/** Categories in the order in which the server has them. */
const CATEGORIES = ("keyspace read write set sortedset list hash string bitmap hyperloglog geo " +
  "stream pubsub admin fast slow blocking dangerous connection transaction scripting").split(" ");
/** Most users of a source. */
const MAX_USERS = 100;
/** Most rules that a user may be made of, in bytes. */
const MAX_RULES_BYTES = 4096;
const NO_FILE =
  "ERR This Redis instance is not configured to use an ACL file. You may want to specify " +
  "users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis " +
  "configuration file set) in order to store users in the Redis configuration.";

/** Commands of ACL. */
export const acl: Handlers = {
  "acl|whoami": ({ out, client }) => out.bulk(client.user),
  "acl|users": ({ out, source }) => out.bulks(names([...source.users.keys()])),
  "acl|list": (call) => {
    const { out, source } = call;
    const all = names([...source.users.keys()]);
    out.bulks(all.map((name) => describe(name, userOf(call, name)!)));
  },
  "acl|getuser": (call) => {
    const { argv, out } = call;
    const user = userOf(call, argv[2]!);
    if (user === undefined) return out.null();
    out.map(6);
    out.bulk("flags");
    const flags = [
      user.isOn ? "on" : "off",
      ...(user.isNoPass ? ["nopass"] : []),
      ...(argv[2] === "default" ? ["sanitize-payload"] : []),
    ];
    out.set(flags.length);
    for (const flag of flags) out.bulk(flag);
    out.bulk("passwords");
    out.bulks([...user.passwords]);
    out.bulk("commands");
    out.bulk(user.commands);
    out.bulk("keys");
    out.bulk(user.keys.join(" "));
    out.bulk("channels");
    out.bulk(user.channels.join(" "));
    out.bulk("selectors");
    out.array(0);
  },
  "acl|setuser": (call) => {
    const { argv, out, source } = call;
    const name = argv[2]!;
    if (/[ \t\r\n\0]/.test(name)) {
      throw new Refusal("ERR Usernames can't contain spaces or null characters");
    }
    const known = userOf(call, name);
    const isTooMuch = argv.reduce((sum, word) => sum + word.length, 0) > MAX_RULES_BYTES ||
      (known === undefined && source.users.size >= MAX_USERS);
    if (isTooMuch) throw new Refusal("OOM command not allowed when used memory > 'maxmemory'.");
    const user = known ??
      {
        isOn: false,
        isNoPass: false,
        passwords: new Set(),
        keys: [],
        channels: [],
        commands: "-@all",
      };
    const next: User = {
      ...user,
      passwords: new Set(user.passwords),
      keys: [...user.keys],
      channels: [...user.channels],
    };
    for (const rule of argv.slice(3)) {
      const complaint = apply(call, next, rule);
      if (complaint !== undefined) {
        throw new Refusal(`ERR Error in ACL SETUSER modifier '${rule}': ${complaint}`);
      }
    }
    source.users.set(name, next);
    out.ok();
  },
  "acl|deluser": ({ argv, out, source }) => {
    if (argv.slice(2).includes("default")) {
      throw new Refusal("ERR The 'default' user cannot be removed");
    }
    out.integer(argv.slice(2).filter((name) => source.users.delete(name)).length);
  },
  "acl|cat": ({ argv, out, server }) => {
    if (argv.length === 2) return out.bulks(CATEGORIES);
    if (!CATEGORIES.includes(lower(argv[2]!))) {
      throw new Refusal(`ERR Unknown category '${argv[2]}'`);
    }
    const every = [...server.catalogue.everything()];
    out.bulks(
      every.filter(({ categories }) => categories.has(`@${lower(argv[2]!)}`)).map(({ name }) =>
        name
      ),
    );
  },
  "acl|genpass": ({ argv, out }) => {
    const bits = argv.length < 3 ? 256 : intArgument(argv[2]);
    if (bits < 1 || bits > 4096) {
      throw new Refusal(
        "ERR ACL GENPASS argument must be the number of bits for the output password, a positive " +
          "number up to 4096",
      );
    }
    const digits = Math.ceil(bits / 4);
    out.bulk(randomBytes(Math.ceil(digits / 2)).toString("hex").slice(0, digits));
  },
  "acl|log": ({ argv, out }) => {
    if (argv.length > 2 && lower(argv[2]!) === "reset") return out.ok();
    if (argv.length > 2) intArgument(argv[2]);
    out.array(0);
  },
  "acl|load": () => {
    throw new Refusal(NO_FILE);
  },
  "acl|save": () => {
    throw new Refusal(NO_FILE);
  },
  "acl|dryrun": (call) => {
    const { argv, out, server } = call;
    const user = userOf(call, argv[2]!);
    if (user === undefined) throw new Refusal(`ERR User '${argv[2]}' not found`);
    const words = argv.slice(3);
    const facts = server.catalogue.find(words)?.facts;
    if (facts === undefined) throw new Refusal(`ERR Command '${argv[3]}' not found`);
    if (facts.arity > 0 ? words.length !== facts.arity : words.length < -facts.arity) {
      throw new Refusal(`ERR wrong number of arguments for '${facts.name}' command`);
    }
    const isForbidden = argv[2] === "default"
      ? isDenied(facts)
      : !user.commands.startsWith("+@all");
    if (!isForbidden) return out.ok();
    out.bulk(`This user has no permissions to run the '${facts.name}' command`);
  },
};

function names(users: readonly string[]): string[] {
  return [...new Set([...users, "default"])].sort();
}

/** A user; `default` is always there. */
function userOf({ source, client }: { source: Call["source"]; client: Client }, name: string) {
  const user = source.users.get(name);
  if (user !== undefined || name !== "default") return user;
  const password = passwordOf(client);
  return {
    isOn: true,
    isNoPass: password === "",
    passwords: new Set(password === "" ? [] : [passwordHash(password)]),
    keys: ["~*"],
    channels: ["&*"],
    commands: RULES,
  };
}

function describe(name: string, user: User): string {
  const { isOn, isNoPass, passwords, keys, channels, commands } = user;
  const words = [
    ...["user", name, isOn ? "on" : "off"],
    ...(isNoPass ? ["nopass"] : []),
    ...(name === "default" ? ["sanitize-payload"] : []),
    ...[...passwords].map((hash) => `#${hash}`),
    ...keys,
    ...(channels.includes("&*") ? [] : ["resetchannels"]),
    ...channels,
    commands,
  ];
  return words.join(" ");
}

/** Changes a user by one rule; says what is wrong with it. */
function apply({ server }: Call, user: User, rule: string): string | undefined {
  const [head = "", rest] = [rule[0], rule.slice(1)];
  const word = lower(rule);
  if (word === "on" || word === "off") user.isOn = word === "on";
  else if (word === "nopass") {
    user.isNoPass = true;
    user.passwords.clear();
  } else if (word === "resetpass") {
    user.isNoPass = false;
    user.passwords.clear();
  } else if (word === "reset") {
    Object.assign(user, {
      isOn: false,
      isNoPass: false,
      keys: [],
      channels: [],
      commands: "-@all",
    });
    user.passwords.clear();
  } else if (word === "allkeys" || rule === "~*") user.keys = ["~*"];
  else if (word === "resetkeys") user.keys = [];
  else if (word === "allchannels" || rule === "&*") user.channels = ["&*"];
  else if (word === "resetchannels") user.channels = [];
  else if (word === "allcommands" || word === "+@all") user.commands = "+@all";
  else if (word === "nocommands" || word === "-@all") user.commands = "-@all";
  else if (word === "sanitize-payload" || word === "skip-sanitize-payload") return undefined;
  else if (word === "clearselectors") return undefined;
  else if (head === ">" || head === "#") {
    if (head === "#" && !/^[0-9a-f]{64}$/.test(rest)) {
      return "The password hash must be exactly 64 characters and contain only lowercase hexadecimal " +
        "characters";
    }
    user.passwords.add(head === ">" ? passwordHash(rest) : rest);
    user.isNoPass = false;
  } else if (head === "<" || head === "!") {
    const hash = head === "<" ? passwordHash(rest) : rest;
    if (!user.passwords.delete(hash)) {
      return "The password you are trying to remove from the user does not exist";
    }
  } else if (head === "~" || /^%(?:r|w|rw|wr)~/i.test(rule)) {
    if (user.keys.includes("~*")) {
      return "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not " +
        "have any effect. Try 'resetkeys' to start with an empty list of patterns";
    }
    user.keys.push(rule);
  } else if (head === "&") {
    if (user.channels.includes("&*")) {
      return "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does " +
        "not have any effect. Try 'resetchannels' to start with an empty list of channels";
    }
    user.channels.push(rule);
  } else if (head === "+" || head === "-") {
    const name = lower(rest);
    const isKnown = name.startsWith("@")
      ? CATEGORIES.includes(name.slice(1))
      : server.catalogue.byName(name) !== undefined;
    if (!isKnown) return "Unknown command or category name in ACL";
    user.commands += ` ${head}${name}`;
  } else return "Syntax error";
  return undefined;
}
