/**
 * A client that speaks TLS after asking for it, and looks at no certificate.
 * @module
 */
import { Buffer } from "node:buffer";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { escapeBytes } from "../../lib/net/escape.ts";

/** How long an answer may take, in ms: the machine may be busy. */
const ANSWER_MS = 3000;
/** An answer has ended when nothing came for so long, in ms. */
const QUIET_MS = 250;

/** What the client says: text, or what it makes of the last answer; one character a byte. */
export type Say = string | ((last: string) => string);

/** How a client asks for TLS. */
export interface TlsRequest {
  /** Sent in clear. */
  readonly request: string;
  /** Whether the server greets before that. */
  readonly isGreeted?: boolean;
  /** Whether the server answers before TLS begins. */
  readonly isAnswered?: boolean;
  /** Sent in clear behind the request. */
  readonly early?: string;
}

/**
 * Holds a talk.
 * @param address of the server.
 * @param sends one after the other, each after the answer to the last one.
 * @param opening how TLS begins.
 * @returns the answers, escaped, and `end` when the server has closed.
 */
export async function talkInTls(
  address: { hostname: string; port: number },
  sends: readonly Say[],
  { request, isGreeted = false, isAnswered = false, early = "" }: TlsRequest,
): Promise<string[]> {
  const socket = connectTcp(address.port, address.hostname);
  const answers: string[] = [];
  const hear = () =>
    new Promise<string>((resolve) =>
      socket.once("data", (data) => resolve(data.toString("latin1")))
    );
  const greeting = isGreeted ? hear() : undefined;
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  if (greeting !== undefined) answers.push(await greeting);
  const answer = isAnswered ? hear() : undefined;
  socket.write(Buffer.from(request + early, "latin1"));
  if (answer !== undefined) answers.push(await answer);
  const tls = connectTls({ socket, rejectUnauthorized: false });
  let received = "";
  let isOver = false;
  let wake = () => {};
  tls.on("data", (data: Buffer) => {
    received += data.toString("latin1");
    wake();
  });
  const end = () => {
    isOver = true;
    wake();
  };
  tls.on("end", end);
  tls.on("close", end);
  tls.on("error", end);
  await new Promise<void>((resolve) => {
    tls.once("secureConnect", () => resolve());
    tls.once("error", () => resolve());
  });
  for (const send of early === "" ? sends : ["", ...sends]) {
    const data = typeof send === "string" ? send : send(answers.at(-1)!);
    if (data !== "") tls.write(Buffer.from(data, "latin1"));
    for (let isQuiet = false; !isQuiet && !isOver;) {
      isQuiet = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), received === "" ? ANSWER_MS : QUIET_MS);
        wake = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
    }
    answers.push(received);
    received = "";
    if (isOver) break;
  }
  if (isOver) answers.push("end");
  tls.destroy();
  socket.destroy();
  return answers.map((answer) => escapeBytes(Buffer.from(answer, "latin1")));
}
