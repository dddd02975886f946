/**
 * The beginning of a line that comes in parts: kept in parts, so that each costs what it has alone.
 * @module
 */

/** What came of a line that has no end yet. */
export class PendingLine {
  /** How many bytes it has. */
  length = 0;
  /** Its first and its last byte. */
  first: number | undefined;
  last: number | undefined;
  /** Whether it has a NUL, behind which C's functions find no end. */
  hasNul = false;
  #parts: string[] = [];

  /**
   * Adds what came.
   * @param text one character a byte.
   */
  add(text: string): void {
    if (text === "") return;
    this.#parts.push(text);
    this.length += text.length;
    this.first ??= text.charCodeAt(0);
    this.last = text.charCodeAt(text.length - 1);
    this.hasNul ||= text.includes("\0");
  }

  /** All of it, which is forgotten. */
  take(): string {
    if (this.length === 0) return "";
    const text = this.#parts.join("");
    this.#parts = [];
    this.length = 0;
    this.first = this.last = undefined;
    this.hasNul = false;
    return text;
  }
}
