/**
 * The `login` program of Debian 12 (shadow 4.13 with PAM 1.5.2) that both telnet daemons start.
 *
 * Every prompt throws away what was typed before it (TCSAFLUSH), so a bot that sends name and
 * password in one segment never logs in on the genuine product either; what is thrown away is
 * reported all the same. Source: the genuine program on a pseudo-terminal.
 * @module
 */
import { escapeBytes } from "../../net/escape.ts";
import type { Session } from "../decoy.ts";
import type { TtyLine } from "./tty.ts";

/** What `login` needs of the terminal that it runs on. */
export interface LoginTerminal {
  /** Sends text as the terminal does, with LF for an end of line. */
  print(text: string): Promise<void>;
  /**
   * Drops what was typed, sends a prompt, and waits for a line.
   * @param options `echo`: whether what is typed is shown; `withinMs`: longest wait.
   * @returns the line, or `undefined` when none came in time.
   */
  ask(
    text: string,
    options: { echo: boolean; withinMs: number },
  ): Promise<TtyLine | undefined>;
  /** Waits while the terminal goes on echoing. */
  sleep(minMs: number, maxMs: number): Promise<void>;
}

/** How `login` behaves. */
export interface LoginSettings {
  /** Name in the prompt. */
  readonly hostname: string;
  /** LOGIN_RETRIES: names asked for. */
  readonly maxAttempts: number;
  /** PAM's shortest delay after a failure, in ms. */
  readonly pauseMinMs: number;
  /** PAM's longest delay after a failure, in ms. */
  readonly pauseMaxMs: number;
  /** LOGIN_TIMEOUT, in ms. */
  readonly timeoutMs: number;
}

/** Longest line that PAM reads, in bytes: a longer one is cut, and its line feed is not seen. */
const MAX_READ_BYTES = 4095;

/**
 * Runs `login` up to its end: nobody is admitted.
 * @param session to whom credentials are reported.
 * @param terminal where it runs.
 * @param options how it behaves, when it was started, in ms since 1970, and who is told of names.
 */
export async function runLogin(
  session: Session,
  terminal: LoginTerminal,
  options: LoginSettings & { startedAt: number; onName: (name: string) => void },
): Promise<void> {
  const deadline = options.startedAt + options.timeoutMs;
  const timeOut = () =>
    terminal.print(`\nLogin timed out after ${Math.round(options.timeoutMs / 1000)} seconds.\n`);
  const ask = async (text: string, echo: boolean) => {
    const withinMs = Math.max(0, deadline - session.now());
    const line = await terminal.ask(text, { echo, withinMs });
    if (line === undefined) await timeOut();
    else if (!echo || line.end === "eof" || line.bytes.length >= MAX_READ_BYTES) {
      // The line feed was not echoed, or not read.
      await terminal.print("\n");
    }
    return line;
  };
  for (let attempt = 1; attempt <= options.maxAttempts; attempt++) {
    const name = await ask(`${options.hostname} login: `, true);
    if (name === undefined) return;
    const username = escapeBytes(name.bytes);
    options.onName(username);
    if (isAskedForPassword(name)) {
      const password = await ask("Password: ", false);
      if (password === undefined) return;
      if (password.end === "newline" || password.bytes.length > 0) {
        const secret = escapeBytes(password.bytes);
        session.emit("auth.attempt", { method: "password", username, secret });
      }
    }
    const left = Math.max(0, deadline - session.now());
    await terminal.sleep(Math.min(options.pauseMinMs, left), Math.min(options.pauseMaxMs, left));
    if (session.now() >= deadline) return await timeOut();
    await terminal.print("\nLogin incorrect\n");
  }
  await terminal.print(`Maximum number of tries exceeded (${options.maxAttempts})\n`);
}

/** Whether PAM goes on: not after an end of file for a name, nor with a name like an option. */
function isAskedForPassword({ bytes, end }: TtyLine): boolean {
  if (end === "eof" && bytes.length === 0) return false;
  return bytes[0] !== 0x2d && bytes[0] !== 0x2b;
}
