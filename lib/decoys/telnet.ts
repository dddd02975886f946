/**
 * Telnet decoy (RFC 854): a daemon with its genuine option negotiation, and Debian's `login` behind
 * it, which never lets anyone in.
 *
 * Plays BusyBox 1.35 telnetd (what embedded devices run) or GNU inetutils-telnetd 2.4, a terminal's
 * line discipline, and the prompts, echo, pause and limits of shadow's `login` with PAM; all of it
 * taken from the genuine programs of Debian 12. Left out: encryption and Kerberos, which fail there
 * without keys, and TCP's urgent flag, which the runtime cannot set.
 * Events: `telnet.client` once, when the first name is complete or the talk ends; `auth.attempt` for
 * each pair, also one that the genuine `login` would throw away because it came before its prompt;
 * `command` for what bots type blindly after that.
 * @module
 */
import { choice, count, text, v } from "../config/schema.ts";
import type { Decoy, DecoyKind, Session } from "./decoy.ts";
import { BUSYBOX_GREETING, BusyboxDaemon } from "./telnet/busybox.ts";
import { InetutilsDaemon } from "./telnet/inetutils.ts";
import { type LoginSettings, runLogin } from "./telnet/login.ts";
import { HungUp, TelnetTerminal } from "./telnet/terminal.ts";
import { Tty } from "./telnet/tty.ts";

const Options = v.strictObject({
  product: choice(
    "busybox-1.35",
    ["busybox-1.35", "inetutils-2.4"],
    "The daemon that is played.",
  ),
  hostname: text("", 64, "Name in the login prompt; empty is the sensor's."),
  issue: v.optional(v.pipe(
    v.string("must be a text"),
    v.maxLength(1024, "must have at most 1024 characters"),
    v.description("Text above the first prompt; the default is the product's own."),
  )),
  kernel: text("6.1.0-56-amd64", 64, "Kernel release that inetutils shows."),
  pause_min_ms: count(2150, 0, 60_000, "Shortest pause after a wrong password, in ms."),
  pause_max_ms: count(3850, 0, 60_000, "Longest pause after a wrong password, in ms."),
  max_attempts: count(5, 1, 100, "Names asked for before the connection ends."),
  login_timeout_ms: count(60_000, 1000, 3_600_000, "Time for all of a login, in ms."),
  startup_ms: count(40, 0, 5000, "Time that the login program takes to ask for a name, in ms."),
});
type Options = v.InferOutput<typeof Options>;

/** Between BusyBox's options and its text, in ms: it starts a process. */
const UNTIL_TEXT_MS = 2;
/** BusyBox prints /etc/issue.net; this is Debian's. */
const DEFAULT_ISSUE = "Debian GNU/Linux 12\n";

/**
 * `kind: telnet`; keys: `product`, `hostname`, `issue`, `kernel`, `pause_min_ms`, `pause_max_ms`,
 * `max_attempts`, `login_timeout_ms`, `startup_ms`.
 */
export const telnet: DecoyKind<Options> = {
  kind: "telnet",
  defaultPort: 23,
  options: Options,
  create: (options, context): Decoy => {
    const settings = {
      ...options,
      hostname: options.hostname || context.hostname,
      pauseMinMs: options.pause_min_ms,
      pauseMaxMs: Math.max(options.pause_min_ms, options.pause_max_ms),
      maxAttempts: options.max_attempts,
      timeoutMs: options.login_timeout_ms,
    };
    if (options.product === "busybox-1.35") {
      return { serve: (session) => serveBusybox(session, settings) };
    }
    const terminals = new Set<number>();
    return { serve: (session) => serveInetutils(session, settings, terminals) };
  },
};

type Settings = Options & LoginSettings;

async function serveBusybox(s: Session, settings: Settings): Promise<void> {
  const tty = new Tty();
  tty.expandsTabs = true;
  const terminal = new TelnetTerminal(s, { tty, daemon: new BusyboxDaemon(tty) });
  await serveTerminal(s, terminal, async () => {
    const startedAt = s.now();
    // The options leave before the text: nmap's answer hangs on what comes in the first segment.
    const untilTextMs = Math.min(settings.startup_ms, UNTIL_TEXT_MS);
    await terminal.send(BUSYBOX_GREETING);
    if (untilTextMs > 0) await s.pause(untilTextMs);
    // BusyBox writes "\r" and a line feed first, and a CR behind each line feed of the text.
    await terminal.print("\r\n" + (settings.issue ?? DEFAULT_ISSUE).replaceAll("\n", "\n\r"));
    const left = settings.startup_ms - untilTextMs;
    if (left > 0) await terminal.sleep(left, left);
    await login(s, terminal, { ...settings, startedAt });
  });
}

async function serveInetutils(s: Session, settings: Settings, inUse: Set<number>): Promise<void> {
  const tty = new Tty();
  const daemon = new InetutilsDaemon(tty);
  const terminal = new TelnetTerminal(s, { tty, daemon });
  let line = -1;
  const pump = async () => {
    await terminal.flush();
    await terminal.pump();
  };
  await serveTerminal(s, terminal, async () => {
    await daemon.askForTerminal(pump);
    const startedAt = s.now();
    line = takeLowest(inUse);
    await daemon.agree(pump);
    const title = settings.issue?.replaceAll("\n", "\r\n") ??
      `\r\nLinux ${settings.kernel} (${settings.hostname}) (pts/${line})\r\n\r\n`;
    await terminal.send(new TextEncoder().encode(title));
    // `login` was started before the client had agreed. If it has asked by now, then what was typed
    // meanwhile comes after its prompt and counts; else the prompt throws it away.
    const left = startedAt + settings.startup_ms - s.now();
    if (left > 0) {
      daemon.open();
      await terminal.flush();
      await terminal.sleep(left, left);
    } else {
      terminal.onceAfterPrompt(() => daemon.open());
    }
    await login(s, terminal, { ...settings, startedAt });
  }).finally(() => {
    daemon.open(); // what was typed to nobody is reported
    terminal.reportEnd();
    inUse.delete(line);
  });
}

async function login(
  s: Session,
  terminal: TelnetTerminal,
  settings: Settings & { startedAt: number },
): Promise<void> {
  await runLogin(s, terminal, { ...settings, onName: (name) => terminal.named(name) });
}

/** Runs a connection up to its end, which is the genuine one: the socket is closed at once. */
async function serveTerminal(
  s: Session,
  terminal: TelnetTerminal,
  talk: () => Promise<void>,
): Promise<void> {
  try {
    await talk();
    s.closeAbruptly();
  } catch (error) {
    if (!(error instanceof HungUp)) throw error;
    s.closeAbruptly();
  } finally {
    terminal.reportEnd();
  }
}

/** The lowest number that is free, as the kernel gives pseudo-terminals. */
function takeLowest(inUse: Set<number>): number {
  let number = 0;
  while (inUse.has(number)) number++;
  inUse.add(number);
  return number;
}
