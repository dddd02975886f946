/**
 * Makes an SSH decoy from its options.
 * @module
 */
import { LimitError } from "../../errors.ts";
import type { Decoy, DecoyContext, Session } from "../decoy.ts";
import type { SshOptions } from "../ssh.ts";
import { serveConnection } from "./connection.ts";
import { LongWork } from "./kex/long_work.ts";
import { builtInModuli, type Moduli, parseModuli } from "./kex/moduli.ts";
import { ShortWork } from "./kex/short_work.ts";
import { loadHostKeys } from "./keys/host_keys.ts";
import { PacketBudget } from "./packet.ts";
import type { Product } from "./product.ts";
import { DROPBEAR } from "./products/dropbear.ts";
import { OPENSSH_DEBIAN_12, OPENSSH_UBUNTU_24 } from "./products/openssh.ts";
import type { SshServer } from "./server.ts";
import { parseStartups, type StartupLimits, Startups } from "./startups.ts";

/** Bytes that large packets of all connections of a decoy may take at a time. */
const BIG_PACKETS_BYTES = 16 * 1_048_576;

/** What a product does unless the options say otherwise. */
interface Defaults {
  readonly product: Product;
  readonly maxAttempts: number;
  readonly failDelayMs: number;
  readonly loginGraceMs: number;
  readonly startups: StartupLimits;
  /** What a connection hears that is refused because too many wait. */
  readonly refusal: string;
}

/** sshd_config(5), and what Debian's PAM waits after a wrong password. */
const OPENSSH: Omit<Defaults, "product"> = {
  maxAttempts: 6,
  failDelayMs: 2000,
  loginGraceMs: 120_000,
  startups: { start: 10, rate: 30, full: 100, perSource: 0 },
  refusal: "Exceeded MaxStartups\r\n",
};

const DEFAULTS: Readonly<Record<SshOptions["product"], Defaults>> = {
  "openssh-9.2-debian12": { product: OPENSSH_DEBIAN_12, ...OPENSSH },
  "openssh-9.6-ubuntu24": { product: OPENSSH_UBUNTU_24, ...OPENSSH },
  "dropbear-2022.83": {
    product: DROPBEAR,
    maxAttempts: 10,
    failDelayMs: 300,
    loginGraceMs: 300_000,
    startups: { start: 30, rate: 100, full: 30, perSource: 5 },
    refusal: "",
  },
};

/**
 * Makes the decoy.
 * @param options from the config.
 * @param context of the sensor.
 * @throws when a key or the file of groups is of no use, or the limits make no sense.
 */
export async function createSshDecoy(options: SshOptions, context: DecoyContext): Promise<Decoy> {
  const defaults = DEFAULTS[options.product];
  const { version } = options;
  const product = version === undefined
    ? defaults.product
    : { ...defaults.product, identification: version };
  const server: SshServer = {
    product,
    hostKeys: await loadHostKeys({
      store: context.store,
      hostname: context.hostname,
      imported: await readHostKeys(options, context),
    }),
    longWork: longWork ??= new LongWork({ yieldToLoop: () => context.giveWay() }),
    shortWork: shortWork ??= new ShortWork({ yieldToLoop: () => context.giveWay() }),
    auth: {
      maxAttempts: options.max_attempts ?? defaults.maxAttempts,
      failDelayMs: options.fail_delay_ms ?? defaults.failDelayMs,
      banner: options.banner,
      offersKeyboardInteractive: options.keyboard_interactive,
      secret: context.seed("ssh user timing"),
    },
    budget: new PacketBudget(BIG_PACKETS_BYTES),
    moduli: await moduliLoader(options, context),
  };
  const startups = new Startups(startupLimits(options, defaults));
  const graceMs = options.login_grace_ms || defaults.loginGraceMs;
  return { serve: (session) => serve(session, { server, startups, graceMs, defaults }) };
}

/** Computations of all SSH decoys of the process: they share one processor. */
let longWork: LongWork | undefined;
let shortWork: ShortWork | undefined;

const EMPTY = new Uint8Array(0);

async function serve(
  s: Session,
  { server, startups, graceMs, defaults }: {
    server: SshServer;
    startups: Startups;
    graceMs: number;
    defaults: Defaults;
  },
): Promise<void> {
  const source = s.peer.ip;
  if (!startups.enter(source)) {
    await s.write(new TextEncoder().encode(defaults.refusal));
    s.closeAbruptly();
    throw new LimitError("ssh_max_startups", startups.limits.full);
  }
  try {
    s.expireAfter(graceMs, EMPTY, true);
    await serveConnection(s, server);
  } finally {
    startups.leave(source);
  }
}

async function readHostKeys({ host_keys }: SshOptions, context: DecoyContext) {
  if (host_keys === undefined) return undefined;
  return await Promise.all(
    host_keys.map(async (path) => ({ path, bytes: await context.readFile(path) })),
  );
}

/** The operator's groups are read now, so that a bad file is found at start; ours when asked for. */
async function moduliLoader(
  { moduli }: SshOptions,
  context: DecoyContext,
): Promise<() => Promise<Moduli>> {
  if (moduli === "") return builtInModuli;
  const parsed = parseModuli(new TextDecoder().decode(await context.readFile(moduli)));
  return () => Promise.resolve(parsed);
}

function startupLimits({ max_startups }: SshOptions, { startups }: Defaults): StartupLimits {
  if (max_startups === undefined) return startups;
  const parsed = parseStartups(max_startups);
  if (parsed === undefined) {
    throw new Error(
      `Cannot use max_startups ${JSON.stringify(max_startups)}: must be start:rate:full with ` +
        "start from 1, rate from 1 to 100 and full at least start",
    );
  }
  return { ...parsed, perSource: 0 };
}
