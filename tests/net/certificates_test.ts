import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { X509Certificate as NodeCertificate } from "node:crypto";
import { CommandError } from "../../lib/errors.ts";
import {
  authorityKeyPath,
  certificateInfo,
  type CertificatePaths,
  ensureCertificates,
  isHostName,
  issueCertificates,
} from "../../lib/net/certificates.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const DAY_MS = 86_400_000;

/** Where a test's certificates are. */
function pathsIn(folder: string): CertificatePaths {
  return {
    cert: `${folder}/certs/server.pem`,
    key: `${folder}/certs/server.key`,
    ca: `${folder}/certs/ca.pem`,
  };
}

/** Permission bits of a file or folder. */
async function modeOf(path: string): Promise<number> {
  return (await Deno.stat(path)).mode! & 0o777;
}

Deno.test("ensureCertificates() makes four files whose keys only the owner reads", async () => {
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    const caKey = authorityKeyPath(paths.ca);
    const made = await ensureCertificates(paths, { hostname: "srv" });
    assertEquals(made, [paths.ca, caKey, paths.cert, paths.key]);
    assertEquals(await modeOf(`${folder}/certs`), 0o700);
    assertEquals(await modeOf(paths.key), 0o600);
    assertEquals(await modeOf(caKey), 0o600);
    assertEquals(await modeOf(paths.cert) & ~0o644, 0); // the umask may take more away
    assertEquals([...Deno.readDirSync(`${folder}/certs`)].length, 4); // nothing half-written is left
  });
});

Deno.test("ensureCertificates() leaves what is there alone", async () => {
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    await ensureCertificates(paths, { hostname: "srv" });
    const before = await Deno.readTextFile(paths.cert);
    assertEquals(await ensureCertificates(paths, { hostname: "other" }), []);
    assertEquals(await Deno.readTextFile(paths.cert), before);
  });
});

Deno.test("ensureCertificates() needs no authority for an operator's own certificate", async () => {
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    await ensureCertificates(paths, { hostname: "srv" });
    await Deno.remove(paths.ca);
    await Deno.remove(authorityKeyPath(paths.ca));
    assertEquals(await ensureCertificates(paths, { hostname: "srv" }), []);
  });
});

Deno.test("ensureCertificates() refuses half a pair, and names the remedy", async () => {
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    await ensureCertificates(paths, { hostname: "srv" });
    await Deno.remove(paths.key);
    const { message } = await assertRejects(
      () => ensureCertificates(paths, { hostname: "srv" }),
      CommandError,
    );
    assertStringIncludes(message, "server.key");
    assertStringIncludes(message, "--renew");
  });
});

Deno.test("issueCertificates() keeps the authority, unless told otherwise", async () => {
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    const names = { hostname: "srv" };
    await issueCertificates(paths, names);
    const authority = await Deno.readTextFile(paths.ca);
    assertEquals(await issueCertificates(paths, names), [paths.cert, paths.key]);
    assertEquals(await Deno.readTextFile(paths.ca), authority);
    await issueCertificates(paths, names, { newAuthority: true });
    assertEquals(await Deno.readTextFile(paths.ca) === authority, false);
    assertEquals(await modeOf(paths.key), 0o600);
  });
});

Deno.test("issueCertificates() refuses to sign without the authority's key", async () => {
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    await issueCertificates(paths, { hostname: "srv" });
    await Deno.remove(authorityKeyPath(paths.ca));
    const { message } = await assertRejects(
      () => issueCertificates(paths, { hostname: "srv" }),
      CommandError,
    );
    assertStringIncludes(message, "ca.key");
  });
});

Deno.test("a certificate is for its names and the local ones, each once", async () => {
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    await issueCertificates(paths, {
      hostname: "edge.example.org",
      hosts: ["*.example.net", "localhost", "edge.example.org"],
      ips: ["192.0.2.1", "2001:db8:0:0::1", "127.0.0.1"],
    });
    const info = certificateInfo(await Deno.readTextFile(paths.cert));
    assertEquals(info.commonName, "edge.example.org");
    assertEquals(info.names, [
      "edge.example.org",
      "*.example.net",
      "localhost",
      "192.0.2.1",
      "2001:db8::1",
      "127.0.0.1",
      "::1",
    ]);
  });
});

Deno.test("a certificate leaves out names that cannot stand in one", async () => {
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    await issueCertificates(paths, { hostname: "my_host", ips: ["none"] });
    const info = certificateInfo(await Deno.readTextFile(paths.cert));
    assertEquals(info.commonName, "localhost");
    assertEquals(info.names, ["localhost", "127.0.0.1", "::1"]);
  });
});

Deno.test("a name that is too long for a subject stands among the others", async () => {
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    const hostname = `${"a".repeat(60)}.example.org`;
    await issueCertificates(paths, { hostname });
    const info = certificateInfo(await Deno.readTextFile(paths.cert));
    assertEquals([info.commonName, info.names[0]], ["localhost", hostname]);
    const authority = certificateInfo(await Deno.readTextFile(paths.ca));
    assert(authority.commonName.length <= 64, authority.commonName);
  });
});

Deno.test("certificates live 825 days, their authority ten years, both from an hour ago", async () => {
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    await issueCertificates(paths, { hostname: "srv" });
    for (const [path, days] of [[paths.cert, 825], [paths.ca, 3652]] as const) {
      const { startsAt, expiresAt } = certificateInfo(await Deno.readTextFile(path));
      assertEquals(expiresAt - startsAt + 1000, days * DAY_MS);
      const age = Date.now() - startsAt;
      assert(age >= 3_600_000 && age < 3_660_000, String(age));
    }
  });
});

Deno.test("nothing in a certificate tells what the program is", async () => {
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    await issueCertificates(paths, { hostname: "srv" });
    for (const path of [paths.cert, paths.ca]) {
      const pem = await Deno.readTextFile(path);
      const text = atob(pem.split("\n").slice(1, -2).join("")) + pem;
      assertEquals(text.match(/duckblind|honey|decoy|deno|peculiar/i), null);
      const { subject, issuer } = new NodeCertificate(pem);
      assertEquals([subject, issuer], [
        path === paths.ca ? "CN=srv Root CA" : "CN=srv",
        "CN=srv Root CA",
      ]);
    }
  });
});

Deno.test("serial numbers are random, positive and 16 bytes long", async () => {
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    const serials = new Set<string>();
    for (let i = 0; i < 4; i++) {
      await issueCertificates(paths, { hostname: "srv" });
      const { serialNumber } = new NodeCertificate(await Deno.readTextFile(paths.cert));
      assert(/^[4-7][0-9A-F]{31}$/.test(serialNumber), serialNumber);
      serials.add(serialNumber);
    }
    assertEquals(serials.size, 4);
  });
});

/** One TLS conversation with a server that has these certificates; what the client heard. */
async function converse(paths: CertificatePaths, hostname: string, ca: string): Promise<string> {
  const [cert, key] = [await Deno.readTextFile(paths.cert), await Deno.readTextFile(paths.key)];
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  const served = (async () => {
    const connection = await listener.accept();
    try {
      await connection.write(new TextEncoder().encode("hello"));
    } catch {
      // a client that refuses the certificate is gone by now
    } finally {
      connection.close();
    }
  })();
  const { port } = listener.addr as Deno.NetAddr;
  try {
    const plain = await Deno.connect({ hostname: "127.0.0.1", port });
    using client = await Deno.startTls(plain, { hostname, caCerts: [ca] });
    await client.handshake();
    const buffer = new Uint8Array(16);
    return new TextDecoder().decode(buffer.subarray(0, await client.read(buffer) ?? 0));
  } finally {
    await served;
  }
}

Deno.test("a TLS client that trusts the authority accepts the certificate for its names", async () => {
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    await issueCertificates(paths, { hostname: "srv" });
    const ca = await Deno.readTextFile(paths.ca);
    for (const hostname of ["localhost", "127.0.0.1"]) {
      assertEquals(await converse(paths, hostname, ca), "hello");
    }
  });
});

Deno.test("a TLS client that trusts another authority refuses the certificate", async () => {
  await withTempFolder(async (folder) => {
    const [paths, other] = [pathsIn(folder), pathsIn(`${folder}/other`)];
    await issueCertificates(paths, { hostname: "srv" });
    await issueCertificates(other, { hostname: "srv" });
    const ca = await Deno.readTextFile(other.ca);
    await assertRejects(() => converse(paths, "localhost", ca), Deno.errors.InvalidData);
  });
});

Deno.test("authorityKeyPath() lies beside the authority's certificate", () => {
  assertEquals(authorityKeyPath("certs/ca.pem"), "certs/ca.key");
  assertEquals(authorityKeyPath("a.b/ca"), "a.b/ca.key");
});

Deno.test("isHostName() takes letters, digits, dashes, dots, and a star in front", () => {
  for (const name of ["a", "srv-1", "a.b.example.org", "*.example.org", "1.example"]) {
    assert(isHostName(name), name);
  }
  for (const name of ["", "-a", "a-", "a..b", "a b", "a_b", "*", "a.*.b", "ä", "a:1", "[::1]"]) {
    assert(!isHostName(name), name);
  }
  assert(isHostName("a".repeat(63)));
  assert(!isHostName("a".repeat(64)));
});

Deno.test("certificateInfo() throws on what is no certificate, and only SyntaxError", async () => {
  const block = (der: Uint8Array) =>
    `-----BEGIN CERTIFICATE-----\n${
      btoa(String.fromCharCode(...der))
    }\n-----END CERTIFICATE-----\n`;
  assertThrows(() => certificateInfo(""), SyntaxError);
  assertThrows(() => certificateInfo(block(new Uint8Array())), SyntaxError);
  await withTempFolder(async (folder) => {
    const paths = pathsIn(folder);
    await issueCertificates(paths, { hostname: "srv" });
    const pem = await Deno.readTextFile(paths.cert);
    const der = Uint8Array.from(
      atob(pem.split("\n").slice(1, -2).join("")),
      (c) => c.charCodeAt(0),
    );
    for (let cut = 0; cut < der.length; cut++) {
      assertThrows(() => certificateInfo(block(der.subarray(0, cut))), SyntaxError);
      const broken = der.slice();
      broken[cut] = broken[cut]! ^ 0xff;
      try {
        certificateInfo(block(broken));
      } catch (error) {
        assert(error instanceof SyntaxError, `byte ${cut}: ${error}`);
      }
    }
  });
});
