/**
 * Commands on places.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import {
  decodePlace,
  distance,
  encodePlace,
  geohashText,
  MAX_LATITUDE,
  type Place,
  UNITS,
} from "../geohash.ts";
import { lower } from "../octets.ts";
import { floatArgument, intArgument, OUT_OF_MEMORY, Refusal, SYNTAX } from "../refusal.ts";
import { addDecimals } from "../decimal.ts";
import { sizeOf, sortedMembers, type SortedSetValue } from "../values.ts";

/** Commands on places. */
export const geo: Handlers = {
  geoadd,
  geodist: ({ db, argv, out }) => {
    const unit = argv.length > 4 ? unitArgument(argv[4]!) : 1;
    if (argv.length > 5) throw new Refusal(SYNTAX);
    const value = db.get(argv[1]!, "zset");
    const [a, b] = [argv[2]!, argv[3]!].map((member) => placeOf(value, member));
    if (a === undefined || b === undefined) return out.null();
    out.bulk((distance(a, b) / unit).toFixed(4));
  },
  geohash: ({ db, argv, out }) => {
    const value = db.get(argv[1]!, "zset");
    out.array(argv.length - 2);
    for (const member of argv.slice(2)) {
      const place = placeOf(value, member);
      out.bulkOrNull(place === undefined ? undefined : geohashText(place));
    }
  },
  geopos: ({ db, argv, out }) => {
    const value = db.get(argv[1]!, "zset");
    out.array(argv.length - 2);
    for (const member of argv.slice(2)) {
      const place = placeOf(value, member);
      if (place === undefined) out.nullArray();
      else showPlace({ out } as Call, place);
    }
  },
  georadius: (call) => search(call, { at: 2, shape: "point", mayStore: true }),
  georadius_ro: (call) => search(call, { at: 2, shape: "point", mayStore: false }),
  georadiusbymember: (call) => search(call, { at: 2, shape: "member", mayStore: true }),
  georadiusbymember_ro: (call) => search(call, { at: 2, shape: "member", mayStore: false }),
  geosearch: (call) => search(call, { at: 2, shape: "free", mayStore: false }),
  geosearchstore: (call) => search(call, { at: 3, shape: "free", mayStore: true }),
};

function unitArgument(text: string): number {
  const unit = UNITS[lower(text)];
  if (unit === undefined) {
    throw new Refusal("ERR unsupported unit provided. please use M, KM, FT, MI");
  }
  return unit;
}

function placeArgument(longitude: string | undefined, latitude: string | undefined): Place {
  const place = [floatArgument(longitude), floatArgument(latitude)] as const;
  const [x, y] = place;
  if (x < -180 || x > 180 || y < -MAX_LATITUDE || y > MAX_LATITUDE) {
    throw new Refusal(`ERR invalid longitude,latitude pair ${x.toFixed(6)},${y.toFixed(6)}`);
  }
  return place;
}

function placeOf(value: SortedSetValue | undefined, member: string): Place | undefined {
  const score = value?.scores.get(member);
  return score === undefined ? undefined : decodePlace(score);
}

function showPlace({ out }: Pick<Call, "out">, place: Place): void {
  out.array(2);
  for (const degrees of place) {
    const text = addDecimals(exact(degrees), "0")!;
    if (out.proto === 2) out.bulk(text);
    else out.double(text);
  }
}

/** All digits of a number that matter. */
function exact(value: number): string {
  return value.toFixed(20);
}

function geoadd({ db, argv, out }: Call): void {
  const flags = new Set<string>();
  let at = 2;
  for (; at < argv.length && /^(?:nx|xx|ch)$/.test(lower(argv[at]!)); at++) {
    flags.add(lower(argv[at]!));
  }
  const rest = argv.length - at;
  if (rest % 3 !== 0 || rest === 0 || (flags.has("nx") && flags.has("xx"))) {
    throw new Refusal(SYNTAX);
  }
  const items: [string, number][] = [];
  for (; at < argv.length; at += 3) {
    items.push([argv[at + 2]!, Number(encodePlace(placeArgument(argv[at], argv[at + 1])))]);
  }
  const known = db.own(argv[1]!, "zset");
  const scores = known?.scores ?? new Map<string, number>();
  let added = 0;
  let updated = 0;
  for (const [member, score] of items) {
    const before = scores.get(member);
    if (before === undefined ? flags.has("xx") : flags.has("nx")) continue;
    if (before === undefined) added++;
    else if (before !== score) updated++;
    scores.set(member, score);
  }
  if (known !== undefined) known.sorted = undefined;
  if (known === undefined && scores.size > 0) db.put(argv[1]!, { type: "zset", scores });
  else if (added + updated > 0) db.changed(argv[1]!, items.length * 64);
  out.integer(flags.has("ch") ? added + updated : added);
}

interface Shape {
  /** Where the options begin, behind the key. */
  readonly at: number;
  readonly shape: "point" | "member" | "free";
  readonly mayStore: boolean;
}

function search(call: Call, { at, shape, mayStore }: Shape): void {
  const { db, argv, out, source } = call;
  const value = db.get(argv[at - 1]!, "zset");
  let center: Place | undefined;
  let area: { radius: number } | { width: number; height: number } | undefined;
  let unit = 1;
  let i = at;
  const memberPlace = (member: string) => {
    const place = placeOf(value, member);
    if (place === undefined && value !== undefined) {
      throw new Refusal("ERR could not decode requested zset member");
    }
    return place ?? ([0, 0] as const);
  };
  const radiusArgument = (text: string | undefined) => {
    const radius = floatArgument(text, "ERR need numeric radius");
    if (radius < 0) throw new Refusal("ERR radius cannot be negative");
    return radius;
  };
  if (shape !== "free") {
    center = shape === "point" ? placeArgument(argv[at], argv[at + 1]) : memberPlace(argv[at]!);
    i += shape === "point" ? 2 : 1;
    area = { radius: radiusArgument(argv[i]) };
    unit = unitArgument(argv[i + 1]!);
    i += 2;
  }
  const wants = new Set<string>();
  let count: number | undefined;
  let isAny = false;
  let order: "asc" | "desc" | undefined;
  let target = shape === "free" && mayStore ? argv[1] : undefined;
  for (; i < argv.length; i++) {
    const option = lower(argv[i]!);
    const left = argv.length - i - 1;
    if (/^with(?:dist|hash|coord)$/.test(option)) wants.add(option);
    else if (option === "asc" || option === "desc") order = option;
    else if (option === "any") isAny = true;
    else if (option === "count" && left >= 1) {
      count = intArgument(argv[++i]);
      if (count <= 0) throw new Refusal("ERR COUNT must be > 0");
    } else if (shape !== "free" && /^store(?:dist)?$/.test(option) && left >= 1 && mayStore) {
      target = argv[++i];
      if (option === "storedist") wants.add("storedist");
    } else if (shape === "free" && option === "storedist" && mayStore) wants.add("storedist");
    else if (shape === "free" && option === "fromlonlat" && left >= 2 && center === undefined) {
      center = placeArgument(argv[i + 1], argv[i + 2]);
      i += 2;
    } else if (shape === "free" && option === "frommember" && left >= 1 && center === undefined) {
      center = memberPlace(argv[++i]!);
    } else if (shape === "free" && option === "byradius" && left >= 2 && area === undefined) {
      area = { radius: radiusArgument(argv[i + 1]) };
      unit = unitArgument(argv[i + 2]!);
      i += 2;
    } else if (shape === "free" && option === "bybox" && left >= 3 && area === undefined) {
      const width = floatArgument(argv[i + 1], "ERR need numeric width");
      const height = floatArgument(argv[i + 2], "ERR need numeric height");
      if (width < 0 || height < 0) throw new Refusal("ERR height or width cannot be negative");
      area = { width, height };
      unit = unitArgument(argv[i + 3]!);
      i += 3;
    } else throw new Refusal(SYNTAX);
  }
  if (center === undefined) {
    throw new Refusal(
      "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + argv[0],
    );
  }
  if (area === undefined) {
    throw new Refusal("ERR exactly one of BYRADIUS and BYBOX can be specified for " + argv[0]);
  }
  if (isAny && count === undefined) {
    throw new Refusal("ERR the ANY argument requires COUNT argument");
  }
  if (target !== undefined && ["withdist", "withhash", "withcoord"].some((one) => wants.has(one))) {
    const name = shape === "free" ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS";
    throw new Refusal(
      `ERR ${name} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`,
    );
  }
  const [x, y] = center;
  let found = value === undefined ? [] : sortedMembers(value).flatMap((member) => {
    const place = placeOf(value, member)!;
    const metres = distance(center, place);
    const isIn = "radius" in area
      ? metres <= area.radius * unit
      : distance([x, y], [x, place[1]]) <= area.height * unit / 2 &&
        distance([x, place[1]], place) <= area.width * unit / 2;
    return isIn ? [{ member, place, metres, score: value.scores.get(member)! }] : [];
  });
  if (order !== undefined || (count !== undefined && !isAny)) {
    const sign = order === "desc" ? -1 : 1;
    found.sort((a, b) => (a.metres - b.metres) * sign);
  }
  found = found.slice(0, count);
  if (target !== undefined) {
    const isDistance = wants.has("storedist");
    const result: SortedSetValue = {
      type: "zset",
      scores: new Map(
        found.map(({ member, metres, score }) => [member, isDistance ? metres / unit : score]),
      ),
    };
    if (!source.hasRoom(sizeOf(result))) throw new Refusal(OUT_OF_MEMORY);
    if (found.length === 0) db.delete(target);
    else db.put(target, result);
    return out.integer(found.length);
  }
  out.array(found.length);
  for (const { member, place, metres, score } of found) {
    if (wants.size > 0) out.array(1 + wants.size);
    out.bulk(member);
    if (wants.has("withdist")) out.bulk((metres / unit).toFixed(4));
    if (wants.has("withhash")) out.integer(score);
    if (wants.has("withcoord")) showPlace(call, place);
  }
}
