/** Every decoy over IPv6: it answers, and says who came. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { DECOY_KINDS } from "../../lib/decoys/registry.ts";
import { readAll, startTestHost } from "../support/host.ts";
import { testRelay } from "../support/test_tls.ts";
import { makeDecoy } from "../support/transcript.ts";

/** What is said, and what is in the answer. Octets. */
const TALKS: Readonly<Record<string, readonly [says: string, hears: string]>> = {
  "tcp": ["x", ""],
  "ssh": ["SSH-2.0-x\r\n", "SSH-2.0-OpenSSH_9.2p1"],
  "ftp": ["NOOP\r\n", "220 (vsFTPd 3.0.3)\r\n530 "],
  "telnet": ["\r\n", "Debian GNU/Linux 12"],
  "http": ["GET /none HTTP/1.0\r\n\r\n", "404 Not Found"],
  "https": ["GET / HTTP/1.0\r\n\r\n", "plain HTTP request was sent to HTTPS port"],
  "smtp": ["NOOP\r\n", "250 2.0.0 Ok"],
  "pop3": ["QUIT\r\n", "+OK Logging out"],
  "imap": ["a NOOP\r\n", "a OK NOOP"],
  "mysql": ["", "mysql_native_password"],
  "postgres": ["\0\0\0\x08\x04\xd2\x16\x30", "G"],
  "redis": ["PING\r\n", "+PONG"],
  "memcached": ["version\r\n", "VERSION 1.6.18"],
  "mqtt": ["\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01c", "\x20\x02\0\x05"],
  "socks": ["\x05\x01\x02", "\x05\x02"],
  "http-proxy": ["GET http://x/ HTTP/1.0\r\n\r\n", "403 Forbidden"],
  "git": ["0028git-upload-pack /x.git\0host=a.examp\0", "ERR "],
  "vnc": ["", "RFB 003.008\n"],
};
const octets = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

Deno.test("every decoy answers over IPv6, and says who came", async (t) => {
  assertEquals(Object.keys(TALKS).sort(), DECOY_KINDS.map(({ kind }) => kind).sort());
  await using relay = await testRelay();
  for (const kind of DECOY_KINDS) {
    await t.step(kind.kind, async () => {
      const [says, hears] = TALKS[kind.kind]!;
      const decoy = await makeDecoy(kind);
      const options = { hostname: "::1", tls: relay, isSecure: kind.tls === "implicit" };
      await using host = startTestHost(decoy, options);
      using conn = await host.connect();
      await conn.write(octets(says));
      await conn.closeWrite();
      const heard = String.fromCharCode(...await readAll(conn));
      assertStringIncludes(heard, hears);
      const [closed] = await host.waitFor("connection-closed");
      assertEquals([closed.source.ip, closed.destination.ip], ["::1", "::1"]);
      assertEquals(closed.source.bytes, says.length);
      assertEquals(closed.destination.bytes, heard.length);
    });
  }
});
