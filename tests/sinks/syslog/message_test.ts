import { assert, assertEquals } from "@std/assert";
import type { SensorEvent } from "../../../lib/events/emitter.ts";
import {
  formatMessage,
  type MessageOptions,
  severityOf,
} from "../../../lib/sinks/syslog/message.ts";
import { loginEvent, madeEvents } from "../../support/made_events.ts";

const OPTIONS: MessageOptions = {
  facility: "local0",
  format: "ecs",
  enterprise_number: 0,
  bom: false,
  max_message_bytes: 8192,
};

function format(event: SensorEvent, options: Partial<MessageOptions> = {}, number = 1): string {
  return new TextDecoder("utf-8", { ignoreBOM: true })
    .decode(formatMessage(event, number, { ...OPTIONS, ...options }));
}

/** Another sensor's event, which may hold anything. */
function foreignEvent(fields: Record<string, unknown>): SensorEvent {
  return { ...madeEvents(1)[0]!, json: JSON.stringify(fields) };
}

Deno.test("formatMessage() makes RFC 5424's header, structured data that anybody may use, and ECS", () => {
  const event = { ...loginEvent("root", "hunter2"), timeMs: Date.UTC(2026, 10, 22, 3, 4, 5, 6) };
  assertEquals(
    format(event),
    "<132>1 2026-11-22T03:04:05.006Z test duckblind - credential-attempt " +
      `[origin software="Duckblind" swVersion="0"][meta sequenceId="1"] ${event.json}`,
  );
});

Deno.test("formatMessage() adds structured data of the operator's own enterprise, escaped", () => {
  const event = loginEvent('a"b]c\\', "x");
  const text = format(event, { enterprise_number: 65_550, format: "text" });
  const id = JSON.parse(event.json).event.id;
  const own = `[duckblind@65550 id="${id}" sequence="1" severity="50" decoy="ftp" ` +
    `src="203.0.113.7" spt="4000" dst="192.0.2.1" dpt="21" ` +
    `session="01TEST00000000000000000000" user="a\\"b\\]c\\\\" outcome="failure"] `;
  assert(text.includes(own), text);
});

Deno.test("formatMessage() says the event's sentence, or one of the other forms", () => {
  const event = loginEvent("root", "x");
  const { message } = JSON.parse(event.json);
  assert(format(event, { format: "text" }).endsWith(`"] ${message}`));
  assert(format(event, { format: "cef" }).includes('"] CEF:0|Duckblind|'));
  const ocsf = format(event, { format: "ocsf" });
  assertEquals(JSON.parse(ocsf.slice(ocsf.indexOf("] {") + 2)).class_uid > 0, true);
});

Deno.test("formatMessage() has a byte order mark only where it is asked for", () => {
  const event = madeEvents(1)[0]!;
  assert(!format(event).includes("\ufeff"));
  assert(format(event, { bom: true }).includes('"] \ufeff{"@timestamp"'));
});

Deno.test("formatMessage() takes facility and severity into the priority", () => {
  const event = madeEvents(1)[0]!;
  assert(format(event).startsWith(`<${16 * 8 + 6}>1 `));
  assert(format(event, { facility: "authpriv" }).startsWith(`<${10 * 8 + 6}>1 `));
  assertEquals([0, 19, 20, 40, 60, 70, 90, 100].map(severityOf), [6, 6, 5, 4, 3, 2, 1, 1]);
});

Deno.test("formatMessage() counts messages up to RFC 5424's largest number, and begins anew", () => {
  const event = madeEvents(1)[0]!;
  assert(format(event, {}, 2_147_483_647).includes('sequenceId="2147483647"'));
  assert(format(event, {}, 2_147_483_648).includes('sequenceId="1"'));
});

Deno.test("formatMessage() lets no other sensor's field break the header or the line", () => {
  const event = foreignEvent({
    message: "one\ntwo\u2028three",
    event: { action: "x".repeat(40) + "\n", id: '"]\n<1>1 forged' },
    observer: { name: "a b\r\nc\u00e9", version: "v".repeat(100) },
  });
  const text = format(event, { format: "text", enterprise_number: 1 });
  assert(text.includes(` a_b__c_ duckblind - ${"x".repeat(32)} [origin `), text);
  assert(text.includes(`swVersion="${"v".repeat(32)}"`));
  assert(text.includes('id="\\"\\] <1>1 forged"'), text);
  assert(text.endsWith("one two three"), text);
});

Deno.test("formatMessage() writes what is not known as RFC 5424 wants it", () => {
  const text = format(foreignEvent({ observer: { name: "" } }), { format: "text" });
  assert(
    /^<134>1 [^ ]+ - duckblind - connection-opened \[origin software="Duckblind"\]/.test(text),
  );
});

Deno.test("formatMessage() shortens JSON that is too long, which stays JSON", () => {
  const event = loginEvent("\u00e9".repeat(2000), "p".repeat(6000));
  for (const max of [8192, 4096, 2048, 1500]) {
    const message = formatMessage(event, 1, { ...OPTIONS, max_message_bytes: max });
    assert(message.length <= max && message.length > max / 3, `${message.length} of ${max}`);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(message);
    const json = JSON.parse(text.slice(text.indexOf("] {") + 2));
    assertEquals(json.event.action, "credential-attempt");
    assertEquals(json.tags, ["truncated"]);
    assert(json.duckblind.credential.password.startsWith("ppp"));
  }
});

Deno.test("formatMessage() keeps to the bound whatever the form is", () => {
  const event = loginEvent("\u00e9".repeat(3000), "x".repeat(3000));
  for (const form of ["ecs", "opencanary", "ocsf", "cef", "text"] as const) {
    for (const max of [480, 481, 482, 483, 1000, 4000]) {
      const message = formatMessage(event, 1, { ...OPTIONS, format: form, max_message_bytes: max });
      assert(message.length <= max, `${form}: ${message.length} of ${max}`);
      new TextDecoder("utf-8", { fatal: true }).decode(message);
    }
  }
});
