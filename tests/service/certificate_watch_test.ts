import { assertEquals, assertThrows } from "@std/assert";
import { daysLeft } from "../../lib/service/certificate_watch.ts";
import { certificateInfo } from "../../lib/net/certificate_info.ts";
import { issueCertificates } from "../../lib/net/certificates.ts";
import { tempFolder } from "../support/temp_folder.ts";

const DAY_MS = 86_400_000;

Deno.test("daysLeft() warns from 30 days before the end on", async () => {
  using folder = tempFolder();
  const path = (name: string) => `${folder.path}/${name}`;
  const paths = { cert: path("c.pem"), key: path("c.key"), ca: path("ca.pem") };
  await issueCertificates(paths, { hostname: "srv" });
  const pem = Deno.readTextFileSync(paths.cert);
  const { expiresAt } = certificateInfo(pem);
  assertEquals(daysLeft(pem, Date.now()), undefined);
  assertEquals(daysLeft(pem, expiresAt - 31 * DAY_MS), undefined);
  assertEquals(daysLeft(pem, expiresAt - 29.5 * DAY_MS), 29);
  assertEquals(daysLeft(pem, expiresAt + 1), -1);
});

Deno.test("daysLeft() refuses what is no certificate", () => {
  assertThrows(() => daysLeft("hello", 0), SyntaxError);
});
