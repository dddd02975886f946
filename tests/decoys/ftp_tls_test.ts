import { assertEquals, assertMatch } from "@std/assert";
import { ftp } from "../../lib/decoys/ftp.ts";
import { startTestHost } from "../support/host.ts";
import { startTestTls, testRelay } from "../support/test_tls.ts";
import { makeDecoy } from "../support/transcript.ts";

const PRODUCTS = ["vsftpd-3.0.3", "proftpd-1.3.8"] as const;
const QUICK = { pause_min_ms: 0, pause_max_ms: 0 };

/** Says lines one after the other; gives the answers. */
async function say(conn: Deno.Conn, ...lines: string[]): Promise<string[]> {
  const buffer = new Uint8Array(4096);
  const answers = [];
  for (const line of lines) {
    await conn.write(new TextEncoder().encode(line));
    let answer = "";
    while (!/^\d{3} [^\n]*\n$/m.test(answer)) {
      const count = await conn.read(buffer);
      if (count === null) break;
      answer += new TextDecoder().decode(buffer.subarray(0, count));
    }
    answers.push(answer.trim());
  }
  return answers;
}

for (const product of PRODUCTS) {
  Deno.test(`ftp as ${product} takes a login inside of TLS, begun by AUTH TLS or from the start`, async () => {
    await using relay = await testRelay();
    for (const isSecure of [false, true]) {
      const options = { product, auth_tls: isSecure ? "none" : "required", ...QUICK };
      const decoy = await makeDecoy(ftp, options);
      await using host = startTestHost(decoy, { tls: relay, isSecure });
      const conn = await host.connect();
      if (!isSecure) assertMatch((await say(conn, "", "AUTH TLS\r\n"))[1]!, /^234 /);
      using tls = await startTestTls(conn);
      if (isSecure) await say(tls, "");
      const said = await say(tls, "FEAT\r\n", "USER eve\r\n", "PASS s3cret\r\n", "QUIT\r\n");
      assertMatch(said[0]!, / AUTH TLS\r\n[^]* PBSZ\r\n PROT\r\n/);
      assertEquals(said.slice(1).map((answer) => answer.slice(0, 3)), ["331", "530", "221"]);
      const [attempt] = await host.waitFor("credential-attempt");
      assertEquals([attempt.user.name, attempt.duckblind.credential.password], ["eve", "s3cret"]);
    }
  });

  Deno.test(`ftp as ${product} never takes as said in TLS what came in clear before`, async () => {
    await using relay = await testRelay();
    const decoy = await makeDecoy(ftp, { product, auth_tls: "offered", ...QUICK });
    await using host = startTestHost(decoy, { tls: relay });
    const conn = await host.connect();
    await say(conn, "");
    await conn.write(new TextEncoder().encode("AUTH TLS\r\nUSER evil\r\n"));
    if (product === "vsftpd-3.0.3") {
      // There it goes to OpenSSL, which takes it for bad TLS.
      const [go = "", oops = ""] = (await say(conn, "", "")).filter((text) => text !== "");
      assertMatch(
        go + oops,
        /^234 [^]*500 OOPS: error:0A00010B:SSL routines::wrong version number$/,
      );
      conn.close();
    } else {
      assertMatch((await say(conn, ""))[0]!, /^234 /);
      using tls = await startTestTls(conn);
      assertMatch((await say(tls, "PASS x\r\n"))[0]!, /^503 Login with USER first$/);
      const [odd] = await host.waitFor("protocol-error");
      assertEquals(atob(odd.duckblind.first_bytes), "USER evil\r\n");
    }
  });
}

Deno.test("ftp may begin TLS only where auth_tls says so", () => {
  const options = { product: "vsftpd-3.0.3", banner: "", hostname: "", max_attempts: 3 } as const;
  assertEquals(
    (["none", "offered", "required"] as const).map((auth_tls) =>
      ftp.startsTls!({ ...options, auth_tls })
    ),
    [false, true, true],
  );
});
