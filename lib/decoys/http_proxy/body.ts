/**
 * Bodies of requests: read past, kept in part.
 * @module
 */
import { Capture } from "../../net/digest.ts";
import type { Head, RequestReader } from "./request.ts";

/** How much of a body is kept, in bytes. */
const KEPT_BYTES = 65_536;
/** Longest line of a chunked body, in bytes. */
const MAX_LINE_BYTES = 4096;

/** How long a body is. */
export type Framing = number | "chunked" | "invalid length" | "unknown coding";

/**
 * Reads what the fields say of the body.
 * @param head of the request.
 */
export function framingOf({ fields }: Pick<Head, "fields">): Framing {
  const values = (wanted: string) =>
    fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  const codings = values("transfer-encoding");
  if (codings.length > 0) {
    return codings.length === 1 && /^chunked$/i.test(codings[0]!) ? "chunked" : "unknown coding";
  }
  const lengths = values("content-length").flatMap((value) =>
    value.split(",").map((part) => part.trim())
  );
  if (lengths.length === 0) return 0;
  const isRight = lengths.every((length) =>
    /^\d{1,15}$/.test(length) && Number(length) === Number(lengths[0])
  );
  return isRight ? Number(lengths[0]) : "invalid length";
}

/** A body that is read past. */
export class Body {
  readonly #framing: Framing;
  readonly #capture = new Capture(KEPT_BYTES);

  /** @param framing how long it is. */
  constructor(framing: Framing) {
    this.#framing = framing;
  }

  /** What was read so far: its length, its first bytes, its hash. */
  get captured(): { size: number; kept: Uint8Array; sha256: string } {
    const { size } = this.#capture;
    return { size, kept: this.#capture.bytes(), sha256: size === 0 ? "" : this.#capture.sha256() };
  }

  /**
   * Reads it to its end.
   * @returns whether a request may follow.
   */
  async readFrom(reader: RequestReader): Promise<boolean> {
    if (typeof this.#framing === "number") return await this.#bytes(reader, this.#framing);
    if (this.#framing !== "chunked") return false;
    for (;;) {
      const line = await reader.line(MAX_LINE_BYTES);
      const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(line ?? "")?.[1];
      if (size === undefined) return false;
      if (/^0+$/.test(size)) break;
      if (!await this.#bytes(reader, parseInt(size, 16))) return false;
      if (await reader.line(1) !== "") return false; // the end of the chunk
    }
    for (
      let line = await reader.line(MAX_LINE_BYTES);
      line !== "";
      line = await reader.line(MAX_LINE_BYTES)
    ) {
      if (line === undefined) return false;
    }
    return true;
  }

  async #bytes(reader: RequestReader, count: number): Promise<boolean> {
    for (let left = count; left > 0;) {
      const part = await reader.some(left);
      if (part === null) return false;
      this.#capture.add(part);
      left -= part.length;
    }
    return true;
  }
}
