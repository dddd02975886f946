import { assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../lib/cli/main.ts";
import { certificateInfo } from "../../lib/net/certificates.ts";
import { FakeTerminal } from "../support/fake_terminal.ts";
import { withTempFolder } from "../support/temp_folder.ts";

/** Runs `certs` on a config whose certificates lie in a folder of their own. */
async function withCerts(
  run: (
    certs: (...argv: string[]) => Promise<{ code: number; out: string; err: string }>,
    folder: string,
  ) => Promise<void>,
): Promise<void> {
  await withTempFolder(async (folder) => {
    const config = `${folder}/c.yaml`;
    await Deno.writeTextFile(
      config,
      `
sensor: {hostname: srv}
service: {cert: ${folder}/tls/server.pem, key: ${folder}/tls/server.key, ca: ${folder}/tls/ca.pem}
`,
    );
    await run(async (...argv) => {
      const terminal = new FakeTerminal();
      const code = await main(["certs", ...argv, "-c", config], terminal);
      return { code, out: terminal.stdout, err: terminal.stderr };
    }, `${folder}/tls`);
  });
}

Deno.test("certs makes an authority and a certificate for the host's name", async () => {
  await withCerts(async (certs, folder) => {
    const { code, out, err } = await certs();
    assertEquals([code, err], [0, ""]);
    assertStringIncludes(out, "for srv, localhost, 127.0.0.1, ::1\n");
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(files, ["ca.key", "ca.pem", "server.key", "server.pem"]);
  });
});

Deno.test("certs shows what is there and leaves it alone", async () => {
  await withCerts(async (certs, folder) => {
    const made = await certs();
    const before = await Deno.readTextFile(`${folder}/server.pem`);
    const kept = await certs();
    assertEquals(kept.code, 0);
    assertEquals(await Deno.readTextFile(`${folder}/server.pem`), before);
    assertStringIncludes(made.out, "made  ");
    assertEquals(kept.out.includes("made"), false);
  });
});

Deno.test("certs does not pretend to take up new names of a certificate that is there", async () => {
  await withCerts(async (certs) => {
    await certs();
    const { code, out, err } = await certs("--host", "other.example.org");
    assertEquals([code, out], [1, ""]);
    assertStringIncludes(err, "is there already, --renew replaces it");
  });
});

Deno.test("certs --renew keeps names and authority, and takes new names when given", async () => {
  await withCerts(async (certs, folder) => {
    const read = async (name: string) => await Deno.readTextFile(`${folder}/${name}`);
    await certs("--host", "a.example.org", "--host", "b.example.org", "--ip", "192.0.2.1");
    const [authority, first] = [await read("ca.pem"), await read("server.pem")];
    assertEquals((await certs("--renew")).code, 0);
    const second = await read("server.pem");
    assertEquals(second === first, false);
    assertEquals(certificateInfo(second).names, certificateInfo(first).names);
    assertEquals(certificateInfo(second).commonName, "a.example.org");
    await certs("--renew", "--host", "c.example.org");
    assertEquals(certificateInfo(await read("server.pem")).commonName, "c.example.org");
    assertEquals(await read("ca.pem"), authority);
    await certs("--renew", "--ca");
    assertEquals(await read("ca.pem") === authority, false);
  });
});

Deno.test("certs refuses names that cannot stand in a certificate, exit 2", async () => {
  await withCerts(async (certs) => {
    for (
      const argv of [["--host", "a b"], ["--host", "10.0.0.1:80"], ["--ip", "1.2.3"], ["--ca"]]
    ) {
      assertEquals((await certs(...argv)).code, 2, argv.join(" "));
    }
  });
});
