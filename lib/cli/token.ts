/**
 * `token`: who may log in to the encrypted service.
 * @module
 */
import { dataPaths } from "../data_folder.ts";
import { CommandError, UsageError } from "../errors.ts";
import { isTokenName, type Role, ROLES, TokenStore } from "../service/tokens.ts";
import type { Arguments, Command, ExitCode, Terminal } from "./command.ts";
import { CONFIG_OPTION, loadConfig } from "./load_config.ts";
import { nearest } from "./suggest.ts";
import { formatTable } from "./table.ts";

/** What `token` does, by its first argument. */
const ACTIONS: Record<string, (args: Arguments, terminal: Terminal) => Promise<ExitCode>> = {
  add,
  list,
  revoke,
};

/** `token add`, `token list`, `token revoke`. */
export const token: Command = {
  name: "token",
  examples: [
    ["token add laptop --role operator > laptop.token", "makes a token file for --token-file"],
    ["token list", "who may log in"],
    ["token revoke laptop", "takes it back; open sessions end within seconds"],
  ],
  usage: [
    `token add NAME --role ${ROLES.join("|")} [-c FILE]`,
    "token list [-c FILE] [--json]",
    "token revoke NAME [-c FILE]",
  ],
  positionals: [1, 2],
  options: [
    {
      name: "role",
      type: "text",
      value: ROLES.join("|"),
      description: "What its holder may do; for add",
    },
    CONFIG_OPTION,
    { name: "json", type: "flag", description: "Prints JSON, one object a line; for list" },
  ],
  async run(args, terminal) {
    const [action = ""] = args.positionals;
    const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (run !== undefined) return await run(args, terminal);
    throw new UsageError(
      `Unknown argument ${JSON.stringify(action.slice(0, 80))}, the nearest is ${
        nearest(action, Object.keys(ACTIONS))
      }`,
    );
  },
};

/** Prints `NAME TOKEN`, the line that a token file has. */
async function add(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const name = nameOf(args);
  const wanted = args.text("role");
  const role = ROLES.find((role) => role === wanted);
  if (role === undefined) {
    throw new UsageError(
      `Option --role is ${wanted === undefined ? "missing" : JSON.stringify(wanted)}, ` +
        `must be ${ROLES.join(" or ")}`,
    );
  }
  const { store, folder } = await openStore(args);
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const secret = await store.add(name, role satisfies Role);
  terminal.err("This is the only time the token is shown. Keep the line as a file, mode 0600.");
  terminal.out(`${name} ${secret}`);
  return 0;
}

async function list(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  if (args.positionals.length > 1) throw new UsageError("token list takes no name");
  const { store } = await openStore(args);
  const tokens = await store.list();
  if (args.flag("json")) {
    for (const info of tokens) terminal.out(JSON.stringify(info));
    return 0;
  }
  const rows = [["NAME", "ROLE", "CREATED"], ...tokens.map((t) => [t.name, t.role, t.created])];
  for (const line of formatTable(rows, terminal.isColor)) terminal.out(line);
  return 0;
}

async function revoke(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const name = nameOf(args);
  const { store } = await openStore(args);
  if (!await store.revoke(name)) {
    throw new CommandError(`Cannot revoke token: there is none named ${name}`);
  }
  terminal.err(`Token ${name} is revoked`);
  return 0;
}

function nameOf(args: Arguments): string {
  const name = args.positionals[1];
  if (name !== undefined && isTokenName(name)) return name;
  throw new UsageError(
    `The name is ${name === undefined ? "missing" : JSON.stringify(name.slice(0, 80))}, ` +
      "must be 1 to 64 letters, digits, dots, dashes, underscores",
  );
}

async function openStore(args: Arguments): Promise<{ store: TokenStore; folder: string }> {
  const { sensor } = await loadConfig(args.text("config"));
  return { store: new TokenStore(dataPaths(sensor.data).tokens), folder: sensor.data };
}
