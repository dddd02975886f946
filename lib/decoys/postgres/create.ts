/**
 * Makes the decoy: how one talk goes.
 * @module
 */
import type { Decoy, DecoyContext, Session } from "../decoy.ts";
import type { PostgresOptions } from "../postgres.ts";
import { Input } from "./input.ts";
import { refuseEverybody } from "./login.ts";
import { readStartup } from "./startup.ts";
import type { Settings, Talk } from "./talk.ts";

const NOTHING = new Uint8Array(0);

/**
 * Makes a decoy.
 * @param options of the config.
 * @param context gives the secret that salts are made of.
 */
export function createPostgresDecoy(options: PostgresOptions, context: DecoyContext): Decoy {
  const settings: Settings = {
    auth: options.auth,
    hasTls: options.ssl,
    refusesHost: options.refuse_host,
    saltSecret: context.seed("postgres salts"),
    timeoutMs: options.login_timeout_ms,
  };
  return { serve: (session) => serve(session, settings) };
}

async function serve(session: Session, settings: Settings): Promise<void> {
  const talk: Talk = { session, input: new Input(session), settings };
  session.expireAfter(settings.timeoutMs, NOTHING);
  session.closeAbruptly();
  const startup = await readStartup(talk);
  if (startup === undefined) return;
  session.expireAfter(settings.timeoutMs, NOTHING);
  await refuseEverybody(talk, startup);
}
