import { assertEquals } from "@std/assert";
import { PacketError } from "../../../lib/decoys/ssh/packet.ts";
import type { Product, Reaction, Situation } from "../../../lib/decoys/ssh/product.ts";
import { DROPBEAR } from "../../../lib/decoys/ssh/products/dropbear.ts";
import { OPENSSH_DEBIAN_12, OPENSSH_UBUNTU_24 } from "../../../lib/decoys/ssh/products/openssh.ts";

/** How a connection stands before anything happened. */
const START: Situation = {
  ...{ stage: "kexinit", isInitial: true, isStrict: false, expected: [], sequence: 0 },
  ...{ isAuthenticating: false, isPrompting: false, mayExtend: false, hasTried: false },
};
const EXCHANGE = { stage: "exchange", expected: [30] } as const;
const OPEN = { stage: "open", isInitial: false } as const;
const AUTH = { ...OPEN, isAuthenticating: true } as const;

/** What a product does with all message numbers, by what it does. */
function table(product: Product, situation: Partial<Situation>): Record<string, string> {
  const found = new Map<string, string[]>();
  let last = "";
  for (let type = 0; type <= 256; type++) {
    const reaction = type < 256 ? short(product.react(type, { ...START, ...situation })) : "";
    if (reaction === last) continue;
    if (last !== "") found.get(last)!.push(`${found.get(last)!.pop()}-${type - 1}`);
    if (reaction !== "") found.set(reaction, [...found.get(reaction) ?? [], `${type}`]);
    last = reaction;
  }
  return Object.fromEntries([...found].map(([reaction, ranges]) => [
    reaction,
    ranges.map((range) => range.replace(/^(\d+)-\1$/, "$1")).join(" "),
  ]));
}

function short(reaction: Reaction): string {
  if (typeof reaction === "string") return reaction;
  return "disconnect" in reaction ? reaction.disconnect.replace(/:? \d+.*$/, "") : reaction.text;
}

const INVALID = "Invalid ssh2 packet type";
const VIOLATION = "strict KEX violation: unexpected packet type";

Deno.test("OpenSSH takes before a KEXINIT only that, and what may come at any time", () => {
  assertEquals(table(OPENSSH_DEBIAN_12, {}), {
    [INVALID]: "0 192-255",
    take: "1-4 20",
    unimplemented: "5-19 21-49",
    silence: "50-191",
  });
});

Deno.test("OpenSSH takes during an exchange what that waits for", () => {
  assertEquals(table(OPENSSH_DEBIAN_12, EXCHANGE), {
    [INVALID]: "0 192-255",
    take: "1-4 30",
    unimplemented: "5-29 31-49",
    silence: "50-191",
  });
  assertEquals(table(OPENSSH_DEBIAN_12, { stage: "newkeys" }).take, "1-4 21");
  assertEquals(table(OPENSSH_DEBIAN_12, { ...EXCHANGE, expected: [34] }).take, "1-4 34");
});

Deno.test("OpenSSH takes nothing else during the first exchange while that is strict", () => {
  const strict = table(OPENSSH_DEBIAN_12, { ...EXCHANGE, isStrict: true });
  assertEquals(strict.take, "1 30");
  assertEquals(strict[VIOLATION]?.split(" ").slice(0, 2), ["2-29", "31-49"]);
  // Later ones are as others.
  const later = table(OPENSSH_DEBIAN_12, { ...EXCHANGE, isStrict: true, isInitial: false });
  assertEquals(later.take, "1-4 30");
  assertEquals(OPENSSH_DEBIAN_12.react(2, { ...START, ...EXCHANGE, isStrict: true, sequence: 7 }), {
    disconnect: "strict KEX violation: unexpected packet type 2 (seqnr 7)",
  });
});

Deno.test("OpenSSH takes no new keys before a login", () => {
  assertEquals(table(OPENSSH_DEBIAN_12, OPEN), {
    [INVALID]: "0 192-255",
    take: "1-5",
    unimplemented: "6-191",
  });
  assertEquals(table(OPENSSH_DEBIAN_12, AUTH).take, "1-5 50");
  assertEquals(table(OPENSSH_DEBIAN_12, { ...AUTH, isPrompting: true }).take, "1-5 50 61");
  // What it has taken out of its table ends the talk.
  assertEquals(table(OPENSSH_DEBIAN_12, { ...AUTH, hasTried: true }).silence, "61 63");
});

Deno.test("OpenSSH 9.6 takes EXT_INFO once from who said so, and knows PING", () => {
  assertEquals(table(OPENSSH_UBUNTU_24, { ...OPEN, mayExtend: true }).take, "1-5 7 192");
  assertEquals(table(OPENSSH_UBUNTU_24, OPEN).take, "1-5 192");
  assertEquals(table(OPENSSH_DEBIAN_12, { ...OPEN, mayExtend: true }).take, "1-5");
});

Deno.test("Dropbear ignores notices, and ends the talk without a word for what it does not know", () => {
  assertEquals(table(DROPBEAR, {}), {
    silence: "0 5-6 50-255",
    take: "1 20",
    ignore: "2-4",
    unimplemented: "7-19 21-49",
  });
  assertEquals(table(DROPBEAR, { ...EXCHANGE, isStrict: true }), {
    silence: "0 2-29 31-255",
    take: "1 30",
  });
  assertEquals(table(DROPBEAR, { ...EXCHANGE, isStrict: true, isInitial: false }).ignore, "2-4");
});

Deno.test("Dropbear takes new keys at any time", () => {
  assertEquals(table(DROPBEAR, OPEN), {
    silence: "21 30 61-255",
    take: "1 5 20 50",
    ignore: "2-4",
    unimplemented: "0 6-19 22-29 31-49 51-60",
  });
  assertEquals(table(DROPBEAR, AUTH), table(DROPBEAR, OPEN));
});

Deno.test("products say what the genuine ones say of a packet that makes no sense", () => {
  for (const fault of ["length", "alignment", "mac", "overlong padding", "empty"] as const) {
    assertEquals(OPENSSH_DEBIAN_12.fault(new PacketError(fault, 3)), "silence");
    assertEquals(DROPBEAR.fault(new PacketError(fault, 3)), "silence");
  }
  assertEquals(OPENSSH_DEBIAN_12.fault(new PacketError("padding", 3)), {
    disconnect: "Corrupted padlen 3 on input.",
  });
});

Deno.test("a guess is right as each product has it", () => {
  const server = OPENSSH_DEBIAN_12.lists("");
  const guess = (kex: string[], hostKey: string[]) => ({ ...server, kex, hostKey });
  const isRight = (client: ReturnType<typeof guess>) =>
    OPENSSH_DEBIAN_12.isGuessRight(client, server, client.kex[0]!);
  assertEquals(isRight(guess([server.kex[0]!, "x"], [server.hostKey[0]!])), true);
  assertEquals(isRight(guess(["curve25519-sha256"], [server.hostKey[0]!])), false);
  assertEquals(isRight(guess([server.kex[0]!], ["ssh-ed25519"])), false);
  // Dropbear's own way: the method alone, when the client knows it.
  const own = DROPBEAR.lists("");
  const client = { ...own, kex: ["ecdh-sha2-nistp256", "kexguess2@matt.ucc.asn.au"] };
  assertEquals(
    DROPBEAR.isGuessRight({ ...client, hostKey: ["x"] }, own, "ecdh-sha2-nistp256"),
    true,
  );
  assertEquals(DROPBEAR.isGuessRight(client, own, "curve25519-sha256"), false);
});
