/**
 * A command of version 2 of the protocol, and its arguments.
 * @module
 */
import type { Session } from "../decoy.ts";
import type { PacketReader } from "./packets.ts";
import type { Repository } from "./repository.ts";
import type { ToldLines } from "./told.ts";

/** A command: reads its arguments and answers. Returns whether the talk goes on. */
export type Command = (
  session: Session,
  repository: Repository,
  args: CommandArguments,
) => Promise<boolean>;

/** The arguments of a command, as they come; what is told of them is collected. */
export class CommandArguments {
  readonly #reader: PacketReader;
  readonly #lines: ToldLines;
  readonly #isNone: boolean;
  /** Whether a flush ended them. */
  isWhole: boolean;
  /** Whether the talk is over. */
  isOver = false;
  /** Code of the answer. */
  reply: string | undefined;

  /**
   * @param reader where they come from.
   * @param lines what is told of them.
   * @param isNone whether the request ended before them.
   */
  constructor(reader: PacketReader, lines: ToldLines, isNone: boolean) {
    this.#reader = reader;
    this.#lines = lines;
    this.#isNone = this.isWhole = isNone;
  }

  /** The next one; `undefined` when there is none, or the talk is over: then it is not whole. */
  async next(): Promise<string | undefined> {
    if (this.#isNone) return undefined;
    const next = await this.#reader.next();
    if (next?.kind === "line") {
      this.#lines.add(next.text);
      return next.text;
    }
    this.isWhole = next?.kind === "flush";
    this.isOver = next === null;
    return undefined;
  }
}
