import { assertEquals } from "@std/assert";
import { findCredentials } from "../../../lib/decoys/http/credentials.ts";
import type { RequestHead } from "../../../lib/decoys/http/head.ts";
import { unescapeBytes } from "../../../lib/net/escape.ts";

const encoder = new TextEncoder();

/** A login request with a field of the head. */
function head(authorization?: string): RequestHead {
  return {
    method: "POST",
    target: "/login",
    version: "1.1",
    versionNumber: 1001,
    headers: authorization === undefined ? [] : [["Authorization", authorization]],
    pathAndQuery: "/login",
  };
}

Deno.test("findCredentials() cuts a long secret, but never an escape in half", () => {
  // One character more or less before them, so that any cut of escaped text would hit one.
  for (const start of ["", "a", "ab", "abc"]) {
    const long = start + "\xff\\".repeat(5000);
    const [basic] = findCredentials(head(`Basic ${btoa(`u:${long}`)}`), {
      type: "",
      body: new Uint8Array(0),
      parts: [],
    });
    assertEquals(unescapeBytes(basic!.secret!).length, 4096);
    const [form] = findCredentials(head(), {
      type: "application/x-www-form-urlencoded",
      body: encoder.encode(`user=u&pass=${start}${"%ff%5c".repeat(5000)}`),
      parts: [],
    });
    assertEquals(unescapeBytes(form!.secret!), unescapeBytes(basic!.secret!));
  }
});
