import { assertEquals, assertThrows } from "@std/assert";
import { type Config, type KnownKinds, parseConfig } from "../../lib/config/config.ts";
import { findDanglingNames } from "../../lib/config/references.ts";
import { count, text, v } from "../../lib/config/schema.ts";
import { ConfigError, formatConfigProblem } from "../../lib/errors.ts";

/** Kinds of this test's own, so that no decoy's options matter here. */
const KINDS: KnownKinds = {
  decoys: [
    {
      kind: "echo",
      options: v.strictObject({
        greeting: text("hi", 10, "Said at once"),
        size: count(1, 0, 9, ""),
      }),
    },
    {
      kind: "range",
      options: v.pipe(
        v.strictObject({ low: count(0, 0, 99, ""), high: count(9, 0, 99, "") }),
        v.check(({ low, high }) => low <= high, "must have low at most as high as high"),
      ),
    },
  ],
  lures: ["env"],
  sinks: [
    { kind: "console", options: v.strictObject({}) },
    { kind: "box", options: v.strictObject({ path: v.string("must be a path") }) },
  ],
};

function parse(yaml: string): Config {
  return parseConfig(yaml, KINDS);
}

/** Every problem of a config, as an operator reads it, without what is the same in each. */
function problemsOf(yaml: string): string[] {
  const { problems } = assertThrows(() => parse(yaml), ConfigError);
  return problems.map((problem) =>
    formatConfigProblem(problem).replace("Cannot read config: ", "")
  );
}

Deno.test("parseConfig() of nothing gives all defaults", () => {
  for (const yaml of ["", "# nothing\n", "{}", "sensor: {}"]) {
    const config = parse(yaml);
    assertEquals(config.sensor.data, "data");
    assertEquals(config.limits.sessions, 4096);
    assertEquals(config.service.listen, [
      { hostname: "0.0.0.0", port: 9443 },
      { hostname: "::", port: 9443 },
    ]);
    assertEquals([config.decoys, config.ignore], [[], []]);
    assertEquals(config.sinks.map(({ kind, wanted }) => [kind, wanted.minSeverity]), [[
      "console",
      0,
    ]]);
  }
});

Deno.test("parseConfig() tells a decoy's common keys from its options", () => {
  const { decoys } = parse('decoys: [{kind: echo, listen: ["[::1]:80"], size: 3}]');
  assertEquals(decoys, [{
    kind: "echo",
    name: "echo",
    listen: [{ hostname: "::1", port: 80 }],
    tls: false,
    options: { greeting: "hi", size: 3 },
  }]);
});

Deno.test("parseConfig() tells a sink's filters from its options", () => {
  const { sinks } = parse("sinks: [{kind: box, path: x, min_severity: 20, types: [command]}]");
  const { wanted, options, plan, grouping } = sinks[0]!;
  assertEquals([wanted.minSeverity, wanted.types, wanted.decoys], [20, ["command"], undefined]);
  assertEquals(options, { path: "x" });
  assertEquals([plan.batchEvents, plan.timeoutMs, grouping], [500, 10_000, undefined]);
  assertEquals(parse("sinks: [{kind: box, path: x}]").sinks[0]!.wanted.minSeverity, 0);
});

Deno.test("parseConfig() names entries by kind and number, around names that are taken", () => {
  const { decoys } = parse(`
decoys:
  - {kind: echo, listen: ["127.0.0.1:1"]}
  - {kind: echo, listen: ["127.0.0.1:2"]}
  - {kind: echo, listen: ["127.0.0.1:3"], name: echo-3}
  - {kind: echo, listen: ["127.0.0.1:4"]}
`);
  assertEquals(decoys.map(({ name }) => name), ["echo", "echo-2", "echo-3", "echo-4"]);
});

Deno.test("parseConfig() tells every problem at once, each with its path", () => {
  assertEquals(
    problemsOf(`
sensor: {dat: x, secrets: maybe}
limits: {sessions: many, idle_ms: 1.5}
decoys:
  - {kind: echo, listen: [":70000", 80]}
  - {kind: ehco, listen: ["127.0.0.1:1"]}
  - {listen: ["127.0.0.1:1"]}
  - {kind: echo}
  - {kind: echo, listen: ["127.0.0.1:1"], size: 10, colour: red}
  - tcp
sinks: {kind: box}
nonsense: 1
`),
    [
      'sensor.secrets is "maybe", must be one of plain, sha256, off',
      "sensor.dat is not a known key, must be one of id, hostname, data, secrets, log_level",
      'limits.sessions is "many", must be a whole number from 8 to 1000000',
      "limits.idle_ms is 1.5, must be a whole number from 100 to 86400000",
      'decoys[0].listen[0] is ":70000", must be host:port with port 1 to 65535',
      "decoys[0].listen[1] is 80, must be host:port with port 1 to 65535",
      'decoys[1].kind is "ehco", must be one of echo, range',
      "decoys[2].kind is missing, must be one of echo, range",
      "decoys[3].listen is missing",
      "decoys[4].size is 10, must be 0 to 9",
      "decoys[4].colour is not a known key, must be one of kind, name, listen, tls, greeting, size",
      'decoys[5] is "tcp", must be a mapping',
      "sinks is a mapping, must be a list of sinks",
      "nonsense is not a known key, " +
      "must be one of sensor, limits, journal, service, tls, decoys, lures, sinks, collect, ignore",
    ],
  );
});

Deno.test("parseConfig() holds ranges exactly", () => {
  assertEquals(parse("limits: {sessions: 8}").limits.sessions, 8);
  assertEquals(parse("limits: {sessions: 1000000}").limits.sessions, 1_000_000);
  assertEquals(problemsOf("limits: {sessions: 7}"), [
    "limits.sessions is 7, must be 8 to 1000000",
  ]);
  assertEquals(problemsOf("limits: {sessions: 1000001}"), [
    "limits.sessions is 1000001, must be 8 to 1000000",
  ]);
});

Deno.test("parseConfig() quotes a long value only in part", () => {
  const [problem = ""] = problemsOf(`sensor: {secrets: ${"x".repeat(5000)}}`);
  assertEquals(problem.length < 200, true, problem);
});

Deno.test("parseConfig() runs checks of a kind that look at several keys", () => {
  assertEquals(problemsOf('decoys: [{kind: range, listen: ["127.0.0.1:1"], low: 10}]').length, 1);
  const { decoys } = parse('decoys: [{kind: range, listen: ["127.0.0.1:1"], low: 9}]');
  assertEquals(decoys[0]!.options, { low: 9, high: 9 });
});

Deno.test("parseConfig() refuses a name that stands twice", () => {
  assertEquals(
    problemsOf(`
decoys:
  - {kind: echo, name: a, listen: ["127.0.0.1:1"]}
  - {kind: echo, name: a, listen: ["127.0.0.1:2"]}
sinks: [{kind: box, name: a, path: x}]
`),
    ['decoys[1].name is "a", must differ from decoys[0].name'],
  );
});

/** The problems of two decoys that listen on these addresses. */
function clash(a: string, b: string): number {
  const yaml = `
service: {enabled: false}
decoys:
  - {kind: echo, listen: ["${a}"]}
  - {kind: echo, listen: ["${b}"]}
`;
  try {
    parse(yaml);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.length;
  }
}

Deno.test("parseConfig() refuses listeners that cannot stand side by side", () => {
  assertEquals(clash("127.0.0.1:80", "127.0.0.1:80"), 1);
  assertEquals(clash("0.0.0.0:80", "127.0.0.1:80"), 1);
  assertEquals(clash("[::1]:80", "[::]:80"), 1);
  assertEquals(clash("[::]:80", "127.0.0.1:80"), 1); // a wildcard of IPv6 takes IPv4 too
  assertEquals(clash("[::]:80", "0.0.0.0:80"), 1); // of two owners
});

Deno.test("parseConfig() accepts listeners that can", () => {
  assertEquals(clash("127.0.0.1:80", "127.0.0.1:81"), 0);
  assertEquals(clash("127.0.0.1:80", "127.0.0.2:80"), 0);
  assertEquals(clash("127.0.0.1:80", "[::1]:80"), 0);
  assertEquals(clash("0.0.0.0:80", "[::1]:80"), 0);
  parse('decoys: [{kind: echo, listen: ["0.0.0.0:80", "[::]:80"]}]'); // one owner
});

Deno.test("parseConfig() refuses a decoy on the address of the service, unless that is off", () => {
  const decoy = 'decoys: [{kind: echo, listen: ["127.0.0.1:9443"]}]';
  assertEquals(problemsOf(decoy), [
    'service.listen[0] is "0.0.0.0:9443", must differ from decoys[0].listen[0]',
    'service.listen[1] is "[::]:9443", must differ from decoys[0].listen[0]',
  ]);
  parse(decoy + "\nservice: {enabled: false}");
});

Deno.test("parseConfig() refuses an ignore rule that would ignore everything", () => {
  assertEquals(problemsOf("ignore: [{action: suppress}]").length, 1);
  assertEquals(problemsOf('ignore: [{source: ["10.0.0.0/33"]}]').length, 1);
  const [rule] = parse('ignore: [{source: ["10.0.0.0/8", "2001:db8::/32"], ports: [22]}]').ignore;
  assertEquals(rule?.action, "suppress");
});

Deno.test("parseConfig() takes no key for a property that every object has", () => {
  for (const key of ["__proto__", "constructor", "toString"]) {
    const problems = problemsOf(`${key}: {data: x}`);
    assertEquals(problems.length, 1, problems.join("\n"));
  }
  assertEquals(({} as Record<string, unknown>).data, undefined);
});

Deno.test("parseConfig() refuses a document that is no mapping", () => {
  for (const yaml of ["[a]", "5", "text", "true"]) assertEquals(problemsOf(yaml).length, 1, yaml);
});

Deno.test("parseConfig() refuses values that hold themselves, without going round in them", () => {
  assertEquals(problemsOf("sensor: &a {secrets: *a}"), [
    "sensor.secrets is a mapping, must be one of plain, sha256, off",
  ]);
  assertEquals(problemsOf("sensor: {data: &a [*a]}"), ["sensor.data is a list, must be a path"]);
});

Deno.test("findDanglingNames() finds what nothing is called", () => {
  const config = parse(`
decoys: [{kind: echo, name: a, listen: ["127.0.0.1:1"]}]
sinks: [{kind: box, path: x, decoys: [b, a], types: [command, comand]}]
ignore: [{decoys: [a, echo]}]
`);
  assertEquals(findDanglingNames(config, ["command", "payload"]), [
    { path: "sinks[0].types[1]", message: 'is "comand", must be one of command, payload' },
    { path: "sinks[0].decoys[0]", message: 'is "b", must be one of a' },
    { path: "ignore[0].decoys[1]", message: 'is "echo", must be one of a' },
  ]);
});
