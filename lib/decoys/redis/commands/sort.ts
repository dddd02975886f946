/**
 * SORT.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { lower } from "../octets.ts";
import {
  intArgument,
  OUT_OF_MEMORY,
  parseFloatText,
  Refusal,
  SYNTAX,
  WRONG_TYPE,
} from "../refusal.ts";
import { sizeOf, sortedMembers, type Value } from "../values.ts";
import { setInOrder } from "./sets.ts";

/** SORT and SORT_RO. */
export const sorting: Handlers = {
  sort: (call) => sort(call, true),
  sort_ro: (call) => sort(call, false),
};

function sort(call: Call, mayStore: boolean): void {
  const { db, argv, out, source } = call;
  let by: string | undefined;
  let target: string | undefined;
  let isDescending = false;
  let isAlpha = false;
  let limit: [number, number] | undefined;
  const gets: string[] = [];
  for (let i = 2; i < argv.length; i++) {
    const option = lower(argv[i]!);
    const left = argv.length - i - 1;
    if (option === "asc") isDescending = false;
    else if (option === "desc") isDescending = true;
    else if (option === "alpha") isAlpha = true;
    else if (option === "limit" && left >= 2) {
      limit = [intArgument(argv[i + 1]), intArgument(argv[i + 2])];
      i += 2;
    } else if (option === "store" && left >= 1 && mayStore) target = argv[++i]!;
    else if (option === "by" && left >= 1) by = argv[++i]!;
    else if (option === "get" && left >= 1) gets.push(argv[++i]!);
    else throw new Refusal(SYNTAX);
  }
  const value = db.read(argv[1]!)?.value;
  const items = itemsOf(call, value);
  const isSorted = by === undefined || by.includes("*");
  const rows = items.map((item) => ({
    item,
    weight: by === undefined ? item : isSorted ? lookUp(call, by, item) : undefined,
  }));
  if (isSorted) {
    const numbers = rows.map(({ weight }) => {
      if (isAlpha) return 0;
      const number = weight === undefined ? 0 : parseFloatText(weight);
      if (number === undefined) {
        throw new Refusal("ERR One or more scores can't be converted into double");
      }
      return number;
    });
    const order = rows.map((_, i) => i).sort((a, b) => {
      const [x, y] = [rows[a]!, rows[b]!];
      const order = isAlpha
        ? compare(x.weight ?? "", y.weight ?? "")
        : numbers[a]! - numbers[b]! || compare(x.item, y.item);
      return isDescending ? -order : order;
    });
    items.splice(0, items.length, ...order.map((i) => rows[i]!.item));
  } else if (isDescending && value?.type === "zset") items.reverse();
  const start = Math.max(0, limit?.[0] ?? 0);
  const shown = limit === undefined || limit[1] < 0
    ? items.slice(start)
    : items.slice(start, start + limit[1]);
  const answer = gets.length === 0
    ? shown
    : shown.flatMap((item) => gets.map((get) => get === "#" ? item : lookUp(call, get, item)));
  if (target === undefined) {
    out.array(answer.length);
    for (const text of answer) out.bulkOrNull(text);
    return;
  }
  const list: Value = { type: "list", items: answer.map((text) => text ?? "") };
  if (!source.hasRoom(sizeOf(list))) throw new Refusal(OUT_OF_MEMORY);
  if (list.items.length === 0) db.delete(target);
  else db.put(target, list);
  out.integer(list.items.length);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function itemsOf({ server }: Call, value: Value | undefined): string[] {
  if (value === undefined) return [];
  if (value.type === "list") return [...value.items];
  if (value.type === "set") return setInOrder(value, server);
  if (value.type === "zset") return [...sortedMembers(value)];
  throw new Refusal(WRONG_TYPE);
}

/** A key, or a field of one, whose name has the item in place of a star. */
function lookUp({ db }: Call, pattern: string, item: string): string | undefined {
  const star = pattern.indexOf("*");
  if (star < 0) return undefined;
  const arrow = pattern.indexOf("->", star);
  const isField = arrow >= 0 && arrow + 2 < pattern.length;
  const name = (isField ? pattern.slice(0, arrow) : pattern).replace("*", () => item);
  const value = db.peek(name)?.value;
  if (isField) {
    return value?.type === "hash" ? value.fields.get(pattern.slice(arrow + 2)) : undefined;
  }
  return value?.type === "string" ? value.text : undefined;
}
