import { assert, assertEquals } from "@std/assert";
import { encodeAs, ENCODINGS } from "../../../lib/events/encoders/encoder.ts";
import { ACTIONS } from "../../../lib/events/event.ts";
import { parseCef } from "./cef_parser.ts";
import { everyAction, makeEvent, transcriptEvents } from "./corpus.ts";

const readme = Deno.readTextFileSync(
  new URL("../../../lib/events/encoders/README.md", import.meta.url),
);
const samples = [...everyAction(), ...transcriptEvents()];

/** Rows of the table below a heading, as cells. */
function table(heading: string): string[][] {
  const section = readme.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!;
  return section.split("\n").filter((line) => /^\| (?!---)/.test(line)).slice(1)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** Words in backticks. */
function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
}

/** Numbers of a cell such as `1 to 3, 99`. */
function numbers(cell: string): number[] {
  return cell.split(",").flatMap((part) => {
    const [from = NaN, to = from] = part.split(" to ").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** A row that says what becomes of an action at some decoys. */
interface Row {
  readonly action: string;
  readonly kinds: readonly string[];
  readonly isRest: boolean;
  readonly isAny: boolean;
  readonly cells: readonly string[];
  hits: number;
}

function readRows(heading: string): Row[] {
  return table(heading).map(([action = "", decoy = "", ...cells]) => ({
    action: quoted(action)[0]!,
    kinds: decoy.startsWith("any") ? [] : quoted(decoy),
    isRest: decoy === "any other",
    isAny: decoy.startsWith("any") && decoy !== "any other",
    cells,
    hits: 0,
  }));
}

/** The rows that speak of an action at a kind of decoy. */
function rowsFor(rows: readonly Row[], action: string, kind: string): Row[] {
  const own = rows.filter((row) => row.action === action);
  const isNamed = own.some((row) => row.kinds.includes(kind));
  return own.filter((row) => row.isAny || (row.isRest ? !isNamed : row.kinds.includes(kind)));
}

Deno.test("the README of the encodings has each of them, and every action in its tables", () => {
  const list = readme.split("\n## ")[0]!.matchAll(/^\| `([a-z]+)` /gm);
  assertEquals([...list].map(([, name]) => name), [...ENCODINGS]);
  for (const heading of ["opencanary", "ocsf"]) {
    const actions = new Set(readRows(heading).map(({ action }) => action));
    assertEquals([...actions].sort(), Object.values(ACTIONS).sort());
  }
});

Deno.test("the README's table of OpenCanary says what the encoder does, and nothing else", () => {
  const rows = readRows("opencanary");
  for (const { kind, action, event } of samples) {
    const { logtype, logdata } = JSON.parse(encodeAs("opencanary", event));
    const row = rowsFor(rows, action, kind).find(({ cells }) => Number(cells[0]) === logtype);
    assert(row !== undefined, `${action} of ${kind} is ${logtype}`);
    row.hits++;
    const optional = quoted(row.cells[1]!.replace(/^[^(]*/, ""));
    const required = quoted(row.cells[1]!.replace(/\(.*/, ""));
    const keys = Object.keys(logdata);
    assertEquals(keys.filter((key) => !optional.includes(key)).sort(), required.sort(), action);
  }
  assertEquals(rows.filter(({ hits }) => hits === 0), []);
});

Deno.test("the README's table of OCSF says what the encoder does, and nothing else", () => {
  const rows = readRows("ocsf");
  const activities = new Map<Row, Set<number>>();
  for (const { kind, action, event } of samples) {
    const { class_uid, activity_id } = JSON.parse(encodeAs("ocsf", event));
    const row = rowsFor(rows, action, kind).find(({ cells }) => Number(cells[0]) === class_uid);
    assert(row !== undefined, `${action} of ${kind} is ${class_uid}`);
    row.hits++;
    activities.set(row, (activities.get(row) ?? new Set()).add(activity_id));
  }
  assertEquals(rows.filter(({ hits }) => hits === 0), []);
  for (const [row, told] of activities) {
    const sorted = [...told].sort((a, b) => a - b);
    assertEquals(sorted, numbers(row.cells[1]!), `${row.action} of ${row.kinds}`);
  }
});

Deno.test("the README's table of CEF has every key that the encoder writes, and no other", () => {
  const long = "x".repeat(5000);
  const cut = { method: "password", username: long, secret: long } as const;
  const keys = new Set<string>();
  const labels = new Set<string>();
  for (
    const event of [...samples.map(({ event }) => event), makeEvent("ftp", "auth.attempt", cut)]
  ) {
    for (const [key, value] of parseCef(encodeAs("cef", event)).extension) {
      if (key.endsWith("Label")) labels.add(value);
      else keys.add(key);
    }
  }
  const rows = table("cef");
  assertEquals([...keys].sort(), rows.map(([key]) => quoted(key!)[0]!).sort());
  for (const label of labels) {
    assert(
      rows.some(([key = "", from = ""]) => /c[sn]\d/.test(key) && from.includes(label)),
      label,
    );
  }
});
