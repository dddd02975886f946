import { assert, assertEquals, assertMatch } from "@std/assert";
import { encodeAs } from "../../../lib/events/encoders/encoder.ts";
import { everyAction, makeEvent, type Sample, SENSOR, transcriptEvents } from "./corpus.ts";

/** What `sanitizeLog` of OpenCanary's logger gives every record, with its type there. */
const RECORD: Readonly<Record<string, string>> = {
  dst_host: "string",
  dst_port: "number",
  local_time: "string",
  local_time_adjusted: "string",
  logdata: "object",
  logtype: "number",
  node_id: "string",
  src_host: "string",
  src_port: "number",
  utc_time: "string",
};

/** Keys of `logdata` that OpenCanary's modules write, by `logtype`; all values are texts. */
const LOGDATA: Readonly<Record<number, readonly string[]>> = {
  2000: ["USERNAME", "PASSWORD"],
  3000: ["SKIN", "HOSTNAME", "PATH", "USERAGENT"],
  3001: ["USERNAME", "PASSWORD", "SKIN", "HOSTNAME", "PATH", "USERAGENT"],
  3002: ["SKIN", "HOSTNAME", "PATH", "USERAGENT", "REQUEST_TYPE"],
  4000: ["SESSION"],
  4001: ["LOCALVERSION", "REMOTEVERSION"],
  4002: ["USERNAME", "PASSWORD", "LOCALVERSION", "REMOTEVERSION"],
  6001: ["USERNAME", "PASSWORD"],
  6002: [],
  7001: ["USERNAME", "PASSWORD"],
  8001: ["USERNAME", "PASSWORD"],
  9003: [],
  12001: ["VNC Server Challenge", "VNC Client Response", "VNC Password"],
  16001: ["REPO", "HOST"],
  17001: ["CMD", "ARGS"],
  18001: ["FUNCTION", "DATA", "BANNER_ID"],
  18005: ["FUNCTION", "DATA", "BANNER_ID"],
};

/** What we add to two of them: `README.md` says so. */
const ADDED: Readonly<Record<number, string>> = { 4002: "KEY", 12001: "USERNAME" };

// deno-lint-ignore no-explicit-any -- tests look at whatever part they are about
function encode(event: Sample["event"]): any {
  return JSON.parse(encodeAs("opencanary", event));
}

/** Fails unless OpenCanary itself could have written the record. */
function assertRecord({ event, action }: Sample): void {
  const { honeycred, ...record } = encode(event);
  const types = Object.entries(record).map(([key, value]) => [key, typeof value]);
  assertEquals(Object.fromEntries(types), RECORD);
  assertEquals(honeycred, action === "breadcrumb-used" ? true : undefined);
  // As Elastic's pipeline reads it: yyyy-MM-dd HH:mm:ss.SSSSSS.
  assertEquals(record.utc_time, "2026-11-21 21:20:00.123000");
  assertMatch(record.local_time_adjusted, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
  assert(Number.isInteger(record.src_port) && Number.isInteger(record.dst_port));
  const { msg, ...logdata } = record.logdata;
  const keys = LOGDATA[record.logtype];
  for (const value of Object.values(logdata)) assertEquals(typeof value, "string");
  if (keys === undefined) {
    const isOurs = record.logtype >= 99000 && record.logtype <= 99009;
    assert(isOurs || (record.logtype >= 1000 && record.logtype <= 1006), record.logtype);
    assertEquals(msg, { logdata: JSON.parse(event.json).message });
    assertEquals(Object.keys(logdata).length > 0, isOurs);
    return;
  }
  assertEquals(msg, undefined);
  const added = ADDED[record.logtype];
  const told = Object.keys(logdata).filter((key) => key !== added);
  assertEquals(told.sort(), [...keys].sort(), `${action} ${record.logtype}`);
}

Deno.test("encodeAs() opencanary has the logger's keys and types for every action of every decoy", () => {
  for (const sample of everyAction()) assertRecord(sample);
});

Deno.test("encodeAs() opencanary has them for all that the transcripts report", () => {
  for (const sample of transcriptEvents()) assertRecord(sample);
});

Deno.test("encodeAs() opencanary writes a login as OpenCanary's FTP module does", () => {
  const data = { method: "password", username: "root", secret: "123456" } as const;
  assertEquals(encode(makeEvent("ftp", "auth.attempt", data)), {
    dst_host: "192.0.2.1",
    dst_port: 21,
    local_time: "2026-11-21 21:20:00.123000",
    local_time_adjusted: "2026-11-21 21:20:00.123000",
    logdata: { USERNAME: "root", PASSWORD: "123456" },
    logtype: 2000,
    node_id: "edge-1",
    src_host: "203.0.113.7",
    src_port: 40000,
    utc_time: "2026-11-21 21:20:00.123000",
  });
});

Deno.test("encodeAs() opencanary writes what the sensor says of itself without addresses", () => {
  const record = encode(makeEvent("sensor", "sensor.started", {
    version: "1",
    decoys: 2,
    listeners: 3,
  }));
  assertEquals([record.logtype, record.src_host, record.src_port], [1000, "", -1]);
  assertEquals([record.dst_host, record.dst_port], ["", -1]);
  assertEquals(record.logdata, { msg: { logdata: "Sensor started with 2 decoys on 3 addresses" } });
});

Deno.test("encodeAs() opencanary tells a request with its host and, unlike OpenCanary, its query", () => {
  const request = {
    method: "GET",
    target: "/index.html?a=1",
    version: "1.1",
    headers: [["HOST", "[2001:db8::1]:8080"]] as [string, string][],
    body: new Uint8Array(),
    bodyBytes: 0,
    status: 200,
  };
  const { logtype, logdata } = encode(makeEvent("http", "http.request", request));
  assertEquals(logtype, 3000);
  assertEquals(logdata, {
    SKIN: "http-2",
    HOSTNAME: "[2001:db8::1]",
    PATH: "/index.html?a=1",
    USERAGENT: "<not supplied>",
  });
  const head = encode(makeEvent("https", "http.request", { ...request, method: "HEAD" }));
  assertEquals([head.logtype, head.logdata.REQUEST_TYPE], [3002, "HEAD"]);
});

Deno.test("encodeAs() opencanary takes apart what other modules have in parts", () => {
  const logdata = (
    kind: string,
    ...[id, data]: Parameters<typeof makeEvent> extends [string, ...infer R] ? R : never
  ) => encode(makeEvent(kind, id, data)).logdata;
  assertEquals(
    logdata("vnc", "auth.attempt", { method: "vnc-des", username: "", hash: "$vnc$*00AB*FF01" }),
    {
      "VNC Server Challenge": "00ab",
      "VNC Client Response": "ff01",
      "VNC Password": "<Password was not in the common list>",
    },
  );
  assertEquals(
    logdata("mysql", "auth.attempt", {
      method: "mysql-native",
      username: "root",
      hash: "$mysqlna$0011*aabb",
    }),
    { USERNAME: "root", PASSWORD: "aabb" },
  );
  assertEquals(
    logdata("git", "command", {
      verb: "git-upload-pack",
      argument: "/a b.git\\x00host=git.example\\x00\\x00version=2",
    }),
    { REPO: "/a b.git", HOST: "git.example" },
  );
  assertEquals(logdata("redis", "command", { verb: "config", argument: "set dir /tmp" }), {
    CMD: "CONFIG",
    ARGS: "set dir /tmp",
  });
  assertEquals(
    logdata("redis", "auth.attempt", { method: "password", username: "u", secret: "p" }),
    { CMD: "AUTH", ARGS: "u p" },
  );
  const bytes = new Uint8Array(300).fill(0x41);
  bytes[0] = 10;
  assertEquals(
    logdata("tcp", "payload", { bytes, size: 300, sha256: "00" }),
    { FUNCTION: "DATA_RECEIVED", DATA: "\\x0a" + "A".repeat(254), BANNER_ID: "tcp-2" },
  );
});

Deno.test("encodeAs() opencanary tells no password that the config keeps out of events", () => {
  for (const secrets of ["sha256", "off"] as const) {
    for (const kind of ["ftp", "http", "vnc", "redis", "smtp"]) {
      const data = { method: "password", username: "u", secret: "hunter2" } as const;
      const line = encodeAs(
        "opencanary",
        makeEvent(kind, "auth.attempt", data, {
          ...SENSOR,
          secrets,
        }),
      );
      assertEquals(line.includes("hunter2"), false);
      assertEquals(line.includes("<salted SHA-256 "), secrets === "sha256", line);
    }
  }
});
