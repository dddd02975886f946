/**
 * What the encoders cost: `deno bench tests/bench/encoders_bench.ts`.
 * @module
 */
import { encodeAs, ENCODINGS } from "../../lib/events/encoders/encoder.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { makeEvent } from "../events/encoders/corpus.ts";

const HEADERS = ["Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"];
const EVENTS: Readonly<Record<string, SensorEvent>> = {
  "connection": makeEvent("ftp", "session.open", {}),
  "login": makeEvent("ssh", "auth.attempt", { method: "password", username: "root", secret: "x" }),
  "request": makeEvent("http", "http.request", {
    ...{ method: "GET", target: "/.env", version: "1.1", body: new Uint8Array(), bodyBytes: 0 },
    headers: HEADERS.map((name) => [name, "Mozilla/5.0 (X11; Linux x86_64)"] as const),
    status: 404,
  }),
  "payload of 6 KB": makeEvent("tcp", "payload", {
    bytes: new Uint8Array(6144).fill(0x41),
    size: 6144,
    sha256: "0".repeat(64),
  }),
};

for (const [what, event] of Object.entries(EVENTS)) {
  for (const name of ENCODINGS) {
    Deno.bench(`${what} as ${name}`, { group: what, baseline: name === "ecs" }, () => {
      encodeAs(name, event);
    });
  }
}
