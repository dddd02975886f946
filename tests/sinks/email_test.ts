import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { Journal } from "../../lib/journal/journal.ts";
import { makeMail } from "../../lib/sinks/email/mail.ts";
import { emailSink, portOf } from "../../lib/sinks/email.ts";
import { settlesWithin } from "../../lib/net/settles_within.ts";
import { allEvents, testEmitter, testScope } from "../support/events.ts";
import { noticeOf, noticesOf, TEST_CONTEXT } from "../support/sinks.ts";
import { tempFolder } from "../support/temp_folder.ts";

/** A password attempt whose user name is markup. */
function attempts(count: number): SensorEvent[] {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const emitter = testEmitter(journal);
  for (let i = 0; i < count; i++) {
    emitter.emit(testScope(`203.0.113.${i % 250}`), "auth.attempt", {
      method: "password",
      username: "<b>root</b>\r\nBcc: x@example.com",
      secret: "s3cret & more",
    });
  }
  const events = allEvents(journal);
  journal.close();
  return events;
}

/** Answers of a mail server, by the command's first word; those of one that takes everything. */
const ANSWERS: Record<string, string> = {
  "": "220 mx.example.net ESMTP\r\n",
  EHLO: "250-mx.example.net\r\n250 AUTH PLAIN LOGIN\r\n",
  AUTH: "235 ok\r\n",
  MAIL: "250 ok\r\n",
  RCPT: "250 ok\r\n",
  DATA: "354 go on\r\n",
  ".": "250 2.0.0 queued as 4711\r\n",
  QUIT: "221 bye\r\n",
};

/** A mail server that keeps what it gets. */
class MailServer implements AsyncDisposable {
  readonly lines: string[] = [];
  /** Answers that differ; `hang` gives none, `reset` ends the connection. */
  readonly otherwise: Record<string, string> = {};
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections = new Set<Deno.Conn>();
  readonly #serving: Promise<void>;

  constructor() {
    this.#serving = this.#accept();
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  async #accept(): Promise<void> {
    const talks: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      talks.push(this.#talk(connection).catch(() => {}));
    }
    await Promise.all(talks);
  }

  async #talk(connection: Deno.Conn): Promise<void> {
    const decoder = new TextDecoder();
    let waiting = "";
    let isData = false;
    const answer = async (word: string) => {
      const text = this.otherwise[word] ?? ANSWERS[word] ?? "500 what\r\n";
      if (text === "reset") throw new Error("reset");
      if (text !== "hang") await connection.write(new TextEncoder().encode(text));
      if (word === "DATA" && text.startsWith("354")) isData = true;
    };
    try {
      await answer("");
      for await (const chunk of connection.readable) {
        waiting += decoder.decode(chunk, { stream: true });
        for (let at = waiting.indexOf("\r\n"); at >= 0; at = waiting.indexOf("\r\n")) {
          const line = waiting.slice(0, at);
          waiting = waiting.slice(at + 2);
          this.lines.push(line);
          if (isData && line !== ".") continue;
          isData = false;
          await answer(line.split(" ")[0]!.toUpperCase());
        }
      }
    } finally {
      try {
        connection.close();
      } catch {
        // The stream has closed it.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) {
      try {
        connection.close();
      } catch {
        // It is closed already.
      }
    }
    await this.#serving;
  }
}

function open(port: number, options: Record<string, unknown> = {}) {
  const entry = {
    host: "127.0.0.1",
    port,
    security: "none",
    from: "duckblind@example.net",
    to: ["soc@example.org", "boss@example.org"],
    ...options,
  };
  return emailSink.open(v.parse(emailSink.options, entry), TEST_CONTEXT);
}

const signal = () => AbortSignal.timeout(5000);

Deno.test("email sink brings a notice to everyone, in text and HTML, with a stable id", async () => {
  await using server = new MailServer();
  await using sink = await open(server.port);
  const [event] = attempts(1);
  const { reply } = (await sink.write(noticesOf([event!]), signal()))!;
  assertEquals(reply, "250 2.0.0 queued as 4711");
  const text = server.lines.join("\n");
  for (
    const expected of [
      "MAIL FROM:<duckblind@example.net>",
      "RCPT TO:<soc@example.org>",
      "RCPT TO:<boss@example.org>",
      "Auto-Submitted: auto-generated",
      "Content-Type: multipart/alternative",
      `Message-ID: <${JSON.parse(event!.json).event.id}.event.1@example.net>`,
    ]
  ) assertStringIncludes(text, expected);
  const headers = server.lines.slice(server.lines.indexOf("DATA") + 1, server.lines.indexOf(""));
  assertEquals(headers.filter((line) => /^Bcc:/i.test(line)), [], "no header of the intruder's");
});

Deno.test("email sink logs in with a secret that it reads each time", async () => {
  using folder = tempFolder();
  await using server = new MailServer();
  const path = `${folder.path}/password`;
  Deno.writeTextFileSync(path, "first\n");
  await using sink = await open(server.port, { username: "op", password: `file:${path}` });
  const batch = noticesOf(attempts(1));
  await sink.write(batch, signal());
  Deno.writeTextFileSync(path, "second\n");
  await sink.write(batch, signal());
  const logins = server.lines.filter((line) => line.startsWith("AUTH PLAIN"))
    .map((line) => atob(line.split(" ")[2]!));
  assertEquals(logins, ["\0op\0first", "\0op\0second"]);
});

Deno.test("email sink tells what can be mended from what never will be taken", async () => {
  const cases: [word: string, answer: string, retryable: boolean, says: string][] = [
    ["", "421 too busy\r\n", true, "421 too busy"],
    ["AUTH", "535 wrong password\r\n", true, "log in to mail server"],
    ["RCPT", "550 no such user\r\n", true, "550 no such user"],
    ["DATA", "452 disk full\r\n", true, "452 disk full"],
    [".", "451 try later\r\n", true, "451 try later"],
    [".", "554 message refused\r\n", false, "554 message refused"],
    [".", "reset", true, "Cannot mail through"],
    ["MAIL", "reset", true, "Cannot mail through"],
  ];
  using folder = tempFolder();
  Deno.writeTextFileSync(`${folder.path}/password`, "hunter2");
  const batch = noticesOf(attempts(1));
  for (const [word, answer, retryable, says] of cases) {
    await using server = new MailServer();
    server.otherwise[word] = answer;
    await using sink = await open(server.port, {
      username: "op",
      password: `file:${folder.path}/password`,
    });
    const error = await assertRejects(() => sink.write(batch, signal()), SinkError, says);
    assertEquals(error.retryable, retryable, `${word} ${answer}`);
    assert(!error.message.includes("hunter2"));
  }
});

Deno.test("email sink gives up at its deadline, wherever the server hangs, and works again", async () => {
  const batch = noticesOf(attempts(1));
  for (const word of ["", "EHLO", "."]) {
    await using server = new MailServer();
    server.otherwise[word] = "hang";
    await using sink = await open(server.port);
    const call = assertRejects(
      () => sink.write(batch, AbortSignal.timeout(100)),
      SinkError,
      "no answer within the deadline",
    );
    assert(await settlesWithin(call, 2000), word);
    delete server.otherwise[word];
    assertEquals((await sink.write(batch, signal()))!.reply, "250 2.0.0 queued as 4711");
  }
});

Deno.test("email sink does not speak in clear where TLS is asked for", async () => {
  await using server = new MailServer();
  await using sink = await open(server.port, { security: "starttls" });
  await assertRejects(() => sink.write(noticesOf(attempts(1)), signal()), SinkError);
  assertEquals(server.lines.some((line) => line.startsWith("MAIL")), false);
});

Deno.test("email sink says when nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await using sink = await open(port);
  const error = await assertRejects(
    () => sink.write(noticesOf(attempts(1)), signal()),
    SinkError,
    `Cannot mail through 127.0.0.1:${port}`,
  );
  assert(error.retryable);
});

Deno.test("makeMail() puts many notices into one mail, escaped and bounded", () => {
  const events = attempts(80);
  const mail = makeMail(events.map(noticeOf), "[x]");
  assertEquals(mail.subject, "[x] 80 alerts from 80 sources, highest severity 50");
  assertStringIncludes(mail.text, "and 30 more");
  assertStringIncludes(mail.html, "&lt;b&gt;root&lt;/b&gt;");
  assert(!mail.html.includes("<b>"));
  const [one] = events;
  const single = makeMail(
    [{ ...noticeOf(one!), reason: "digest", count: 7, group: one!.source }],
    "",
  );
  assert(single.subject.length <= 120);
  assertMatch(single.id, /^[0-9A-Z]{26}\.digest\.1$/);
});

Deno.test("email sink's ports follow its security", () => {
  assertEquals(
    (["starttls", "tls", "none"] as const).map((security) => portOf({ port: 0, security })),
    [587, 465, 25],
  );
  assertEquals(portOf({ port: 2525, security: "tls" }), 2525);
});
