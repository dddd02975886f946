/**
 * The arguments of ID (RFC 2971 §3.1) as Dovecot takes them: one at a time.
 * @module
 */
import { type Argument, type CommandParser, InputEnd, ParserError } from "./parser.ts";

/** Longest name of a field, in bytes: RFC 2971 §3.1. */
const MAX_KEY_BYTES = 30;
const INVALID = new ParserError("Invalid ID parameters");

/**
 * Reads them, up to the end of the list or of the line.
 * @param parser behind the command's name.
 */
export async function readId(parser: CommandParser): Promise<ParserError | InputEnd | undefined> {
  const next = () => {
    parser.forget();
    return parser.argument();
  };
  // When nothing was there behind the name, it forgets that the list has not yet begun.
  const forgets = parser.isEmpty;
  const first = await next();
  if (first instanceof ParserError || first instanceof InputEnd) return first;
  if (first.type === "end" || isNil(first)) return undefined;
  if (first.type !== "open") return INVALID;
  if (forgets) return await missList(parser);
  for (let isKey = true;; isKey = !isKey) {
    const argument = await next();
    if (argument instanceof ParserError || argument instanceof InputEnd) return argument;
    if (argument.type === "close") return undefined;
    const isString = argument.type === "string";
    const isRight = isKey
      ? isString && argument.value.length <= MAX_KEY_BYTES
      : isString || isNil(argument);
    if (!isRight) return INVALID;
  }
}

/** Reads the line as the rest of a list that nothing ends. */
async function missList(parser: CommandParser): Promise<ParserError | InputEnd> {
  for (;;) {
    const argument = await parser.argument();
    if (argument instanceof ParserError || argument instanceof InputEnd) return argument;
    if (argument.type === "end") return new ParserError("Missing ')'");
  }
}

function isNil({ type, value }: Argument): boolean {
  return type === "atom" && value.toUpperCase() === "NIL";
}
