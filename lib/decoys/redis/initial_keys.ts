/**
 * The keys that a source finds: what a small web shop keeps in its cache. Nothing of it leads anywhere.
 * @module
 */
import { createHash } from "node:crypto";
import type { InitialKey } from "./server.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_NAMES = "anna ben clara david eva felix greta hugo ida jonas klara leon mia noah".split(
  " ",
);
const LAST_NAMES = "becker fischer hoffmann koch lang meyer neumann richter schmidt vogel weber"
  .split(" ");
const PRODUCTS = "desk-lamp,office-chair,notebook-a5,ball-pen-blue,usb-hub,monitor-arm,cable-box," +
  "paper-a4,stapler,whiteboard";

/** Draws that are the same at every start of a sensor. */
class Draws {
  readonly #seed: Uint8Array;
  #count = 0;

  constructor(seed: Uint8Array) {
    this.#seed = seed;
  }

  hex(length: number): string {
    const hash = createHash("sha256").update(this.#seed).update(String(this.#count++));
    return hash.digest("hex").slice(0, length);
  }

  below(limit: number): number {
    return parseInt(this.hex(8), 16) % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/**
 * Makes the keys of a sensor.
 * @param seed 32 bytes that are the same at every start.
 * @param lures further keys, which take the place of those of the same name.
 */
export function initialKeys(
  seed: Uint8Array,
  lures: readonly InitialKey[] = [],
): readonly InitialKey[] {
  const draws = new Draws(seed);
  const taken = new Set(lures.map(({ key, db = 0 }) => `${db}:${key}`));
  const own = [...users(draws), ...sessions(draws), ...shop(draws), ...work(draws)];
  return [...own.filter(({ key, db = 0 }) => !taken.has(`${db}:${key}`)), ...lures];
}

function* users(draws: Draws): Iterable<InitialKey> {
  const first = 1000 + draws.below(300);
  for (let i = 0; i < 8; i++) {
    const name = `${draws.pick(FIRST_NAMES)}.${draws.pick(LAST_NAMES)}`;
    const fields: [string, string][] = [
      ["id", String(first + i)],
      ["username", name],
      ["role", i === 0 ? "admin" : draws.pick(["editor", "customer", "customer"])],
      ["logins", String(3 + draws.below(240))],
      ["locale", draws.pick(["de_DE", "en_GB", "en_US"])],
    ];
    yield { key: `user:${first + i}`, value: { type: "hash", fields } };
  }
  yield { key: "user:next_id", value: { type: "string", text: String(first + 8) } };
}

function* sessions(draws: Draws): Iterable<InitialKey> {
  const count = 5 + draws.below(5);
  for (let i = 0; i < count; i++) {
    const text = `{"uid":${1000 + draws.below(300)},"csrf":"${draws.hex(32)}","cart":${
      draws.below(4)
    }}`;
    yield {
      key: `session:${draws.hex(32)}`,
      livesMs: 300_000 + draws.below(2 * HOUR_MS),
      value: { type: "string", text },
    };
  }
}

function* shop(draws: Draws): Iterable<InitialKey> {
  const products = PRODUCTS.split(",");
  for (const product of products.slice(0, 6)) {
    const price = 4 + draws.below(180) + draws.pick([0.49, 0.9, 0.95, 0.99]);
    yield {
      key: `cache:product:${product}`,
      livesMs: 600_000 + draws.below(HOUR_MS),
      value: {
        type: "string",
        text: `{"sku":"${draws.hex(8).toUpperCase()}","price":${price.toFixed(2)},"stock":${
          draws.below(90)
        }}`,
      },
    };
  }
  const scores = products.map((product): [string, number] => [product, 5 + draws.below(400)]);
  yield { key: "products:popular", value: { type: "zset", scores } };
  yield {
    key: "stats:visits",
    value: { type: "string", text: String(48_000 + draws.below(90_000)) },
  };
  yield {
    key: "stats:referrers",
    value: {
      type: "hash",
      fields: ["direct", "search", "newsletter", "partner"].map((name): [string, string] => [
        name,
        String(100 + draws.below(9000)),
      ]),
    },
  };
}

function* work(draws: Draws): Iterable<InitialKey> {
  const jobs = Array.from(
    { length: 2 + draws.below(4) },
    () =>
      `{"id":"${draws.hex(12)}","job":"${
        draws.pick(["mail:confirm", "mail:invoice", "image:resize"])
      }","tries":0}`,
  );
  yield { key: "queue:default", value: { type: "list", items: jobs } };
  yield { key: "queue:failed", value: { type: "list", items: [jobs[0]!.replace(":0}", ":3}")] } };
  yield {
    key: "newsletter:subscribers",
    value: {
      type: "set",
      items: Array.from({ length: 12 }, () => String(1000 + draws.below(300))),
    },
  };
  yield {
    key: "feature:flags",
    value: {
      type: "hash",
      fields: [["new_checkout", draws.pick(["0", "1"])], ["beta_search", "0"], [
        "maintenance",
        "0",
      ]],
    },
  };
  yield {
    key: "lock:cron:report",
    livesMs: 40_000 + draws.below(200_000),
    value: { type: "string", text: draws.hex(16) },
  };
  yield {
    key: "rate:login:192.168.10.24",
    livesMs: 60_000 + draws.below(600_000),
    value: { type: "string", text: String(1 + draws.below(4)) },
  };
  yield { key: "backup:last", livesMs: DAY_MS, value: { type: "string", text: "ok" } };
}
