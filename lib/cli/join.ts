/**
 * `join`: on a sensor, makes what it needs to send its events to a collector, of the line that `enroll`
 * printed there.
 * @module
 */
import { formatInsertion, type Insertion, insertSink } from "../config/insert_sink.ts";
import { CommandError, UsageError } from "../errors.ts";
import { parseHostPort } from "../net/address.ts";
import { certificateInfo } from "../net/certificate_info.ts";
import { ServiceClient, ServiceError } from "../service/client.ts";
import { type Enrolment, parseEnrolment } from "../service/enrolment.ts";
import { replacePrivateFile, writeOperatorToken } from "../service/tokens.ts";
import type { Arguments, Command, Terminal } from "./command.ts";
import { CONFIG_OPTION, loadConfig } from "./load_config.ts";

/** Name of the sink when nothing else is said. */
const SINK_NAME = "collector";

/** `join LINE`. */
export const join: Command = {
  name: "join",
  examples: [
    ["join duckblind1-AAAB...", "checks it, writes the token and the authority, prints the entry"],
    [
      "join - -c duckblind.yaml --write",
      "takes the line from standard input, writes the config too",
    ],
    ["join - --as backup", "a second collector, as the sink backup"],
  ],
  usage: ["join LINE|- [-c FILE [--write]] [--as SINK]"],
  positionals: [1, 1],
  options: [
    CONFIG_OPTION,
    { name: "write", type: "flag", description: "Puts the entry into the config of --config" },
    {
      name: "as",
      type: "text",
      value: "SINK",
      description: `Name of the sink in the config; default: ${SINK_NAME}`,
    },
  ],
  async run(args, terminal) {
    const path = args.text("config");
    const name = args.text("as") ?? SINK_NAME;
    if (!/^[a-z0-9][a-z0-9_.-]{0,63}$/.test(name)) {
      throw new UsageError(
        `Option --as is ${JSON.stringify(name.slice(0, 80))}, ` +
          "must have 1 to 64 of a-z, 0-9, dot, dash, underscore",
      );
    }
    if (args.flag("write") && path === undefined) {
      throw new UsageError("Option --write stands alone, must stand with --config");
    }
    const [line = ""] = args.positionals;
    const enrolment = parseEnrolment(line === "-" ? await terminal.input() : line);
    const { sensor } = await loadConfig(path);
    terminal.err(`Collector ${enrolment.address}, for the sensor ${enrolment.name}`);
    terminal.err(`Authority SHA-256 ${certificateInfo(enrolment.ca).fingerprint}`);
    const ownName = sensor.id || Deno.hostname();
    if (sensor.id !== "" && sensor.id !== enrolment.name) {
      throw new CommandError(
        `Cannot join: sensor.id is ${JSON.stringify(sensor.id)} in the config, and the line is ` +
          `for ${enrolment.name}; must be the same`,
      );
    }
    await tryOut(enrolment, terminal);
    const files = await writeFiles(enrolment, `${sensor.data}/${name}`);
    const isOther = enrolment.serverName !== parseHostPort(enrolment.address)!.hostname;
    const serverName = isOther ? { server_name: enrolment.serverName } : {};
    const insertion: Insertion = {
      sink: { kind: "duckblind", name, address: enrolment.address, ...files, ...serverName },
      ...(ownName === enrolment.name ? {} : { sensorId: enrolment.name }),
    };
    await giveEntry(args, insertion, terminal);
    return 0;
  },
};

/** Logs in by the token, over TLS that only the collector can speak, before anything is written. */
async function tryOut(enrolment: Enrolment, terminal: Terminal): Promise<void> {
  const { address, ca, serverName, name, token } = enrolment;
  try {
    using client = await ServiceClient.connect({
      address: parseHostPort(address)!,
      ca,
      serverName,
      credentials: { name, token },
    });
    const { lines } = await client.list("HELP");
    if (!lines.some((line) => line.startsWith("PUBLISH "))) {
      throw new CommandError(`Cannot join ${address}: the token is none of a sensor`);
    }
    terminal.err("The collector knows the token");
  } catch (error) {
    if (!(error instanceof ServiceError && error.cause instanceof Deno.errors.NotCapable)) {
      throw error;
    }
    terminal.err(
      `Not tried out: this program has no right to dial ${address} yet; with the entry in the ` +
        "config, duckblind permissions prints the flags that give it",
    );
  }
}

/** Writes authority and token; the same line again writes the same files. */
async function writeFiles(
  { ca, name, token }: Enrolment,
  path: string,
): Promise<{ ca: string; token: string }> {
  const files = { ca: `${path}-ca.pem`, token: `${path}.token` };
  try {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    await replacePrivateFile(files.ca, ca);
    await writeOperatorToken(files.token, name, token);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new CommandError(`Cannot write ${JSON.stringify(files.token)}: ${said}`, {
      cause: error,
    });
  }
  return { ca: files.ca, token: `file:${files.token}` };
}

/** Puts the entry into the config, or prints it. */
async function giveEntry(
  args: Arguments,
  insertion: Insertion,
  terminal: Terminal,
): Promise<void> {
  const path = args.text("config");
  if (path === undefined || !args.flag("write")) {
    terminal.err("Put this into the config, and send SIGHUP or restart:");
    for (const line of formatInsertion(insertion)) terminal.out(line);
    return;
  }
  const text = await Deno.readTextFile(path);
  const changed = insertSink(text, insertion);
  if (changed === undefined) {
    terminal.err(
      `${path} is written in a way that is left to you, or has another sink of that name`,
    );
    terminal.err("Put this into it, and send SIGHUP or restart:");
    for (const line of formatInsertion(insertion)) terminal.out(line);
    return;
  }
  if (changed === text) {
    terminal.err(`${path} has the entry already`);
    return;
  }
  try {
    await replaceConfig(path, changed);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new CommandError(`Cannot write ${JSON.stringify(path)}: ${said}`, { cause: error });
  }
  terminal.err(`${path} has the entry now: send SIGHUP or restart`);
}

/** Whole or not at all, with the owner's mode. */
async function replaceConfig(path: string, text: string): Promise<void> {
  const real = await Deno.realPath(path);
  const { mode } = await Deno.stat(real);
  const temporary = `${real}.new`;
  try {
    await Deno.writeTextFile(temporary, text, { mode: (mode ?? 0o600) & 0o777 });
    await Deno.rename(temporary, real);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // it may not exist; the first error is the news
    throw error;
  }
}
