/**
 * Reads the golden answers of `tests/decoys/transcripts/http/golden/`.
 * @module
 */
import { wireBytes } from "../../support/transcript.ts";

/** One recorded conversation. */
export interface GoldenCase {
  readonly name: string;
  /** What was sent; `null` ends our side. */
  readonly sends: readonly (Uint8Array | null)[];
  /** What came, one character a byte, dates masked. */
  readonly answer: string;
  /** Whether the server closed. */
  readonly isClosed: boolean;
}

/**
 * Reads a file of golden answers.
 * @param text its content.
 */
export function parseGolden(text: string): GoldenCase[] {
  const shared = new Map<string, string>();
  const [head = "", ...blocks] = text.split(/^## /m);
  for (const [, name, answer] of head.matchAll(/^@ (\S+) (.*)$/gm)) shared.set(name!, answer!);
  return blocks.map((block) => {
    const [name = "", ...lines] = block.trimEnd().split("\n");
    const answers = lines.filter((line) => line.startsWith("< ")).map((line) => line.slice(2));
    const wire = answers.map((line) => line.startsWith("@") ? shared.get(line.slice(1))! : line);
    return {
      name,
      sends: lines.filter((line) => line.startsWith("> ")).map((line) =>
        line === "> <EOF>" ? null : wireBytes(repeat(line.slice(2)))
      ),
      answer: wire.map((line) => octets(wireBytes(line))).join(""),
      isClosed: lines.at(-1) === "= eof",
    };
  });
}

/** Methods in the order of a hash table whose seed differs from start to start. */
export const ALLOW =
  /Allow: (?:GET,POST,OPTIONS,HEAD|POST,OPTIONS,HEAD,GET|OPTIONS,HEAD,GET,POST|HEAD,GET,POST,OPTIONS)/g;

/**
 * Hides what must differ: dates, boundaries, and the insides of what is compressed.
 * @param answer one character a byte.
 */
export function maskAnswer(answer: string): string {
  let text = answer.replace(/Date: [^\r]*/g, "Date: D")
    .replace(ALLOW, "Allow: A")
    .replace(/boundary=[0-9a-f]{12,20}/g, "boundary=B")
    .replace(/\r\n--[0-9a-f]{12,20}/g, "\r\n--B");
  if (!text.includes("Content-Encoding: gzip")) return text;
  // deno-lint-ignore no-control-regex -- gzip begins with one
  text = text.replace(/\r\n\r\n(?:[0-9a-f]+\r\n)?\x1f\x8b[^]*?(?=HTTP\/1\.1 |$)/g, "\r\n\r\nGZIP")
    .replace(/Content-Length: \d+/g, "Content-Length: N")
    .replace(/(bytes \d+-\d+)\/\d+/g, "$1/N");
  return text;
}

/** Bytes as text, one character each. */
export function octets(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function repeat(text: string): string {
  return text.replace(
    /\{\{(.*?)\*(\d+)\}\}/g,
    (_, part: string, times: string) => part.repeat(Number(times)),
  );
}
