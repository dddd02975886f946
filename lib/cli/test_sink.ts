/**
 * `test-sink`: one marked event to one sink, past the journal, and what the other side said.
 * @module
 */
import type { Config, SinkConfig } from "../config/config.ts";
import { CommandError, UsageError } from "../errors.ts";
import { Emitter, type SensorEvent } from "../events/emitter.ts";
import { noticeOf } from "../sinks/grouping.ts";
import { findSinkKind } from "../sinks/registry.ts";
import { resolveSecret } from "../sinks/secrets.ts";
import { VERSION } from "../version.ts";
import type { Command } from "./command.ts";
import { CONFIG_OPTION, loadConfig } from "./load_config.ts";

/** `test-sink NAME [-c FILE]`. */
export const testSink: Command = {
  name: "test-sink",
  examples: [
    ["test-sink siem -c duckblind.yaml", "whether that sink gets through, and what it answers"],
    ["test-sink console", "of the config that is compiled in"],
    [
      "test-sink chat -c new.yaml && kill -HUP $(pidof duckblind)",
      "a new sink goes live if it works",
    ],
  ],
  usage: ["test-sink NAME [-c FILE]"],
  positionals: [1, 1],
  options: [CONFIG_OPTION],
  async run(args, terminal) {
    const config = await loadConfig(args.text("config"));
    const [name] = args.positionals;
    const sink = config.sinks.find((entry) => entry.name === name);
    if (sink === undefined) {
      const known = config.sinks.map(({ name }) => name).join(", ") || "none";
      throw new UsageError(`There is no sink ${JSON.stringify(name)}, there is ${known}`);
    }
    const beganMs = performance.now();
    const reply = await send(sink, config);
    const tookMs = Math.round(performance.now() - beganMs);
    terminal.out(`Sink ${sink.name} took the test event in ${tookMs} ms${reply && `: ${reply}`}`);
    return 0;
  },
};

/** Delivers the test event; returns what the other side said. */
async function send(config: SinkConfig, { sensor }: Config): Promise<string> {
  const kind = findSinkKind(config.kind)!;
  const identity = { name: sensor.id || Deno.hostname(), version: VERSION };
  const event = makeTestEvent(config, identity);
  const signal = AbortSignal.timeout(config.plan.timeoutMs);
  try {
    await using sink = await kind.open(config.options, {
      name: config.name,
      sensor: identity,
      secret: resolveSecret,
    });
    const notices = kind.isForPeople === true ? [noticeOf(event, "event", "")] : [];
    const outcome = await sink.write({ events: [event], notices, after: 0, upTo: 0 }, signal) ?? {};
    const trouble = [...outcome.rejected ?? [], ...outcome.postponed ?? []][0];
    if (trouble !== undefined) throw new Error(trouble.reason);
    return outcome.reply ?? "";
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new CommandError(`Cannot deliver to sink ${config.name}: ${detail}`, { cause: error });
  }
}

/** An event that says what it is; its number is no event's. */
function makeTestEvent(
  { name, kind }: SinkConfig,
  sensor: { name: string; version: string },
): SensorEvent {
  let made: SensorEvent | undefined;
  const store = { nextSequence: () => 0, append: (event: SensorEvent) => void (made = event) };
  const emitter = new Emitter(store, { ...sensor, secrets: "plain", salt: "" });
  emitter.emit({ provider: "sensor", kind: "sensor" }, "sink.test", { name, kind });
  return made!;
}
