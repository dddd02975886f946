import { assertEquals } from "@std/assert";
import { findGiveaways } from "../../lib/cli/giveaways.ts";
import { KNOWN_KINDS } from "../../lib/cli/load_config.ts";
import { parseConfig } from "../../lib/config/config.ts";

function giveaways(...decoys: string[]): string[] {
  return findGiveaways(
    parseConfig(`decoys:\n${decoys.map((d) => `  - {${d}}\n`).join("")}`, KNOWN_KINDS),
  );
}
const at = (port: number) => `listen: ["0.0.0.0:${port}"]`;

Deno.test("findGiveaways() says nothing of a host that could be", () => {
  assertEquals(
    giveaways(`kind: ssh, ${at(22)}`, `kind: http, ${at(80)}`, `kind: https, ${at(443)}`),
    [],
  );
});

Deno.test("findGiveaways() finds more services than a host has", () => {
  const many = Array.from({ length: 9 }, (_, i) => `kind: tcp, name: t${i}, ${at(9000 + i)}`);
  assertEquals(giveaways(...many), [
    "decoys stand on 9 ports: hosts with more than 8 services are rare",
  ]);
  assertEquals(giveaways(...many.slice(1)), []);
});

Deno.test("findGiveaways() finds two products of one kind, also by way of TLS", () => {
  assertEquals(
    giveaways(
      `kind: http, product: nginx-1.22.1, ${at(80)}`,
      `kind: https, product: apache-2.4.71, ${at(443)}`,
    ),
    ["decoys of kind http are nginx-1.22.1 and apache-2.4.71: a host has one of them"],
  );
});

Deno.test("findGiveaways() finds products of different distributions", () => {
  assertEquals(
    giveaways(
      `kind: ssh, product: openssh-9.6-ubuntu24, ${at(22)}`,
      `kind: ftp, product: vsftpd-3.0.3, ${at(21)}`,
    ),
    [
      "decoys are openssh-9.6-ubuntu24 of Ubuntu 24.04 and vsftpd-3.0.3 of Debian 12: " +
      "a host has one distribution",
    ],
  );
});

Deno.test("findGiveaways() finds SSH on both of its ports", () => {
  assertEquals(giveaways(`kind: ssh, ${at(22)}`, `kind: ssh, name: b, ${at(2222)}`), [
    "decoys of kind ssh stand on 22 and 2222: honeypots are known for that",
  ]);
});
