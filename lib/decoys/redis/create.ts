/**
 * Makes the decoy: all that is loaded only by configs that have it.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import type { Decoy, DecoyContext } from "../decoy.ts";
import type { RedisOptions } from "../redis.ts";
import { initialKeys } from "./initial_keys.ts";
import { Identity, type InitialKey, Server } from "./server.ts";
import { talk } from "./talk.ts";

/**
 * Makes a decoy.
 * @param options from the config.
 * @param context of the sensor.
 */
export function createRedisDecoy(
  options: RedisOptions,
  context: DecoyContext,
): Decoy {
  const settings = {
    password: latin1(new TextEncoder().encode(options.password)),
    kernel: options.kernel,
    protectedConfigs: options.enable_protected_configs,
    moduleCommand: options.enable_module_command,
    debugCommand: options.enable_debug_command,
    shownPort: options.shown_port,
  };
  const lures = context.lures.map(({ place, content }): InitialKey => ({
    key: place,
    value: { type: "string", text: new TextDecoder().decode(content) },
  }));
  const identity = new Identity(context.seed("redis identity"));
  const server = new Server(settings, identity, initialKeys(context.seed("redis keys"), lures));
  return { serve: (session) => talk(session, server) };
}
