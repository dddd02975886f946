import { assert, assertEquals } from "@std/assert";
import {
  eventSubject,
  parseSubject,
  SUBJECT_PREFIX,
  subjectToken,
} from "../../lib/nats/subject.ts";

Deno.test("subjectToken() leaves nothing that has a meaning to NATS", () => {
  assertEquals(subjectToken("web-1_A"), "web-1_A");
  assertEquals(subjectToken("web.1 *\t>\r\n"), "web%2E1%20%2A%09%3E%0D%0A");
  assertEquals(subjectToken("bü%"), "b%C3%BC%25");
  assertEquals(subjectToken(""), "%");
  assertEquals(subjectToken("x".repeat(129)).length, 128);
});

Deno.test("eventSubject() always has two tokens behind the prefix", () => {
  assertEquals(
    eventSubject("duckblind", "sensor.example.org", "credential-attempt"),
    "duckblind.sensor%2Eexample%2Eorg.credential-attempt",
  );
  assertEquals(eventSubject("a.b", "", ">"), "a.b.%.%3E");
});

Deno.test("SUBJECT_PREFIX takes no wildcard, no empty token and no blank", () => {
  for (const good of ["duckblind", "a.b.c", "A_1-b"]) assert(SUBJECT_PREFIX.test(good), good);
  for (const bad of ["", ".", "a.", ".a", "a..b", "a.*", ">", "a b", "a\n", "$JS"]) {
    assert(!SUBJECT_PREFIX.test(bad), bad);
  }
});

Deno.test("parseSubject() reads back whose event it is, and refuses every other subject", () => {
  for (const name of ["web-1", "web.1 *", "bücher", "a%b", "", "x".repeat(128)]) {
    assertEquals(parseSubject("a.b", eventSubject("a.b", name, "command")), {
      sensor: name,
      action: "command",
    });
  }
  const wrong = [
    "duckblind",
    "duckblind.a",
    "duckblind.a.b.c",
    "other.a.b",
    "duckblindx.a.b",
    // Not as we write them: two subjects must not name one sensor.
    "duckblind.%61.b",
    "duckblind.%2e.b",
    "duckblind.%.%zz",
    "duckblind.%FF.b",
    "duckblind..b",
  ];
  for (const subject of wrong) assertEquals(parseSubject("duckblind", subject), undefined, subject);
});
