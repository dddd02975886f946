import { assertEquals } from "@std/assert";
import {
  encodeAuth,
  encodePublish,
  parseHead,
  parseNonce,
} from "../../../lib/sinks/hpfeeds/frames.ts";

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Both as Wireshark 4.0 takes them apart; the hash as sha1sum makes it.
Deno.test("encodeAuth() proves the secret by SHA-1 of nonce and secret", () => {
  const frame = encodeAuth(new Uint8Array([1, 2, 3, 4]), { ident: "s\u00e9nsor", secret: "s" });
  assertEquals(
    hexOf(frame),
    "0000002102" + "0773c3a96e736f72" + "7a861680e3391027acfc51fa04b16c80c9228660",
  );
});

Deno.test("encodePublish() has ident and channel with their lengths before the payload", () => {
  const frame = encodePublish('{"a":1}', { ident: "s\u00e9nsor", channel: "duckblind.events" });
  assertEquals(
    hexOf(frame),
    "0000002503" + "0773c3a96e736f72" + "106475636b626c696e642e6576656e7473" + "7b2261223a317d",
  );
});

Deno.test("parseHead() and parseNonce() find what is there, and nothing else", () => {
  assertEquals(parseHead(new Uint8Array([0, 0, 1, 0, 1])), { bodyBytes: 251, opcode: 1 });
  assertEquals(parseHead(new Uint8Array([0, 0, 0, 4, 1])), undefined);
  assertEquals(parseNonce(new Uint8Array([1, 0x61, 7, 8])), new Uint8Array([7, 8]));
  for (const none of [[], [0], [1, 0x61], [200, 1, 2]]) {
    assertEquals(parseNonce(new Uint8Array(none)), undefined, String(none));
  }
});
