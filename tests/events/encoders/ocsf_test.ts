import { assert, assertEquals } from "@std/assert";
import { encodeAs } from "../../../lib/events/encoders/encoder.ts";
import { everyAction, makeEvent, type Sample, TIME_MS, transcriptEvents } from "./corpus.ts";
import { CLASSES, type Definition, OBJECTS } from "./ocsf_facts.ts";

// deno-lint-ignore no-explicit-any -- tests look at whatever part they are about
function encode(sample: Pick<Sample, "event">): any {
  return JSON.parse(encodeAs("ocsf", sample.event));
}

/** What of a class or an object is not as the schema says. */
function findMistakes(
  definition: Definition,
  value: Record<string, unknown>,
  path: string,
): string[] {
  const mistakes: string[] = [];
  for (const [name, spec] of Object.entries(definition.attributes)) {
    if (spec.endsWith("!") && !(name in value)) mistakes.push(`${path}.${name} is missing`);
  }
  const { atLeastOne, enums } = definition;
  if (atLeastOne !== undefined && !atLeastOne.some((name) => name in value)) {
    mistakes.push(`${path} has none of ${atLeastOne.join(", ")}`);
  }
  for (const [name, attribute] of Object.entries(value)) {
    const spec = definition.attributes[name];
    const at = `${path}.${name}`;
    if (spec === undefined) {
      mistakes.push(`${at} is no attribute`);
      continue;
    }
    const type = spec.replace("!", "");
    const isList = type.endsWith("[]");
    if (isList !== Array.isArray(attribute)) {
      mistakes.push(`${at} is ${isList ? "no" : "a"} list`);
      continue;
    }
    for (const one of isList ? attribute as unknown[] : [attribute]) {
      mistakes.push(...findTypeMistakes(type.replace("[]", ""), one, at));
      if (enums?.[name]?.includes(one as number) === false) mistakes.push(`${at} is ${one}`);
    }
  }
  return mistakes;
}

function findTypeMistakes(type: string, value: unknown, path: string): string[] {
  if (type === "integer" || type === "long") {
    return Number.isSafeInteger(value) ? [] : [`${path} is ${value}, no ${type}`];
  }
  if (type === "string") return typeof value === "string" ? [] : [`${path} is no string`];
  if (type === "boolean") return typeof value === "boolean" ? [] : [`${path} is no boolean`];
  if (typeof value !== "object" || value === null) return [`${path} is no object`];
  if (type === "object") return [];
  const definition = OBJECTS[type];
  assert(definition !== undefined, `${type} is no object of the schema`);
  return findMistakes(definition, value as Record<string, unknown>, path);
}

/** Follows the name of an observable. */
function resolve(value: unknown, name: string): unknown {
  let node = value;
  for (const step of name.match(/[^.[\]]+/g)!) node = (node as Record<string, unknown>)?.[step];
  return node;
}

// deno-lint-ignore no-explicit-any -- as above
function assertOcsf(sample: Sample, event: any): void {
  const { class_uid: uid, activity_id: activity } = event;
  const found = CLASSES[uid];
  assert(found !== undefined, `class ${uid}`);
  assertEquals(findMistakes(found.definition, event, "$"), [], `${sample.kind} ${sample.action}`);
  assertEquals(event.category_uid, found.category);
  assertEquals(event.class_name, found.caption);
  assertEquals(event.type_uid, uid * 100 + activity);
  assertEquals(event.metadata.version, "1.8.0");
  assertEquals(event.time, TIME_MS);
  for (const { name, value } of event.observables ?? []) {
    const target = resolve(event, name);
    assert(typeof target === "string" && target.startsWith(value), `${name} is ${target}`);
  }
}

Deno.test("encodeAs() ocsf conforms to the schema for every action of every decoy", () => {
  for (const sample of everyAction()) assertOcsf(sample, encode(sample));
});

Deno.test("encodeAs() ocsf conforms to the schema for all that the transcripts report", () => {
  for (const sample of transcriptEvents()) assertOcsf(sample, encode(sample));
});

Deno.test("the check of the schema finds what is missing, unknown, of a wrong type or value", () => {
  const sample = { kind: "ssh", action: "credential-attempt" };
  const data = { method: "password", username: "root", secret: "x" } as const;
  const good = encode({ event: makeEvent("ssh", "auth.attempt", data) });
  const { user: _user, ...noUser } = good;
  for (
    const [bad, mistake] of [
      [noUser, "$.user is missing"],
      [{ ...good, password: "x" }, "$.password is no attribute"],
      [{ ...good, time: "now" }, "$.time is now, no long"],
      [{ ...good, severity_id: 7 }, "$.severity_id is 7"],
      [{ ...good, dst_endpoint: { port: 1 } }, "$.dst_endpoint has none of ip, uid, "],
      [{ ...good, observables: {} }, "$.observables is no list"],
    ] as const
  ) {
    const [first = ""] = findMistakes(CLASSES[3002]!.definition, bad, "$");
    assert(first.startsWith(mistake), `${sample.kind}: ${first}`);
  }
});

Deno.test("encodeAs() ocsf tells a login as Authentication, with the password where it has a place", () => {
  const event = encode({
    event: makeEvent("ftp", "auth.attempt", { method: "password", username: "root", secret: "x" }),
  });
  assertEquals([event.class_uid, event.type_uid, event.status_id], [3002, 300201, 2]);
  assertEquals(event.user, { name: "root" });
  assertEquals(event.src_endpoint, { ip: "203.0.113.7", port: 40000 });
  assertEquals(event.dst_endpoint, { ip: "192.0.2.1", port: 21, svc_name: "ftp" });
  assertEquals(event.unmapped.duckblind.credential, { method: "password", password: "x" });
  assertEquals(event.unmapped.threat, { technique: { id: ["T1110"] } });
  assertEquals(event.metadata.correlation_uid, "01J00000000000000000000000");
  assertEquals(event.metadata.original_time, "2026-11-21T21:20:00.123Z");
});

Deno.test("encodeAs() ocsf tells alerts as findings, with evidence and technique", () => {
  const event = encode({
    event: makeEvent("redis", "breadcrumb.used", {
      lure: "env",
      place: "/.env",
      username: "backup",
      method: "password",
      takenBy: { sessionId: "01J", ip: "198.51.100.9", decoy: "web", timeMs: 1e12 },
    }),
  });
  assertEquals([event.class_uid, event.is_alert, event.severity], [2004, true, "Critical"]);
  assertEquals(event.finding_info.attacks, [{ technique: { uid: "T1078" } }]);
  assertEquals(event.finding_info.analytic.uid, "env");
  assertEquals(event.evidences[0].user, { name: "backup" });
  const addresses = event.observables.filter((o: { type_id: number }) => o.type_id === 2)
    .map((o: { value: string }) => o.value);
  assertEquals(addresses, ["203.0.113.7", "192.0.2.1", "198.51.100.9"]);
});

Deno.test("encodeAs() ocsf tells an HTTP request once: what has an attribute is not unmapped too", () => {
  const request = {
    method: "GET",
    target: "/a?b=1",
    version: "1.1",
    headers: [["Host", "x.example"], ["User-Agent", "curl/8"]] as [string, string][],
    body: new TextEncoder().encode("xy"),
    bodyBytes: 2,
    status: 404,
  };
  const event = encode({ event: makeEvent("http", "http.request", request) });
  assertEquals(event.type_uid, 400203);
  assertEquals(event.http_request.url, { url_string: "/a?b=1", path: "/a", query_string: "b=1" });
  assertEquals(event.http_response, { code: 404 });
  assertEquals(event.unmapped.http, { request: { body: { content: "xy" } } });
  assertEquals(Object.keys(event.unmapped.duckblind.http), ["header_order_sha256"]);
  const odd = encode({ event: makeEvent("http", "http.request", { ...request, method: "FOO" }) });
  assertEquals([odd.activity_id, odd.activity_name, odd.type_uid], [99, "FOO", 400299]);
  assertEquals("http_method" in odd.http_request, false);
});

Deno.test("encodeAs() ocsf counts bytes from the source's point of view", () => {
  const event = encode({
    event: makeEvent("tcp", "session.close", {
      durationNs: 1_500_400_000,
      bytesIn: 3,
      bytesOut: 4,
      reason: "idle",
      credentials: 0,
      commands: 0,
      payloads: 0,
    }),
  });
  assertEquals(event.traffic, { bytes: 7, bytes_in: 4, bytes_out: 3 });
  assertEquals([event.duration, event.end_time - event.start_time], [1500, 1500]);
  assertEquals(event.status_detail, "idle");
});

Deno.test("encodeAs() ocsf says when a collector took the event of another sensor", () => {
  const event = makeEvent("ftp", "session.open", {});
  const json = event.json.replace('"event":{', '"event":{"ingested":"2026-11-21T21:20:01.000Z",');
  assertEquals(encode({ event: { ...event, json } }).metadata.logged_time, TIME_MS + 877);
  assertEquals("logged_time" in encode({ event }).metadata, false);
});

Deno.test("encodeAs() ocsf ranks severities as the README says: High begins where alerts do", () => {
  const event = makeEvent("ftp", "session.open", {});
  const ranks = [0, 19, 20, 39, 40, 69, 70, 89, 90, 100].map((severity) => {
    const json = event.json.replace('"severity":10', `"severity":${severity}`);
    return encode({ event: { ...event, json } }).severity_id;
  });
  assertEquals(ranks, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
});
