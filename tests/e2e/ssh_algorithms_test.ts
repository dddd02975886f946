/**
 * Every algorithm that the SSH decoys offer works with the stock clients: each by itself, then in a
 * spread of pairs. What is offered is read off the wire, as the client shows it.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { report, testWith } from "./support/machine.ts";
import type { Finished } from "./support/process.ts";
import { dbclientLogin, pooled, sshLogin, sshProgram, writeAskpass } from "./support/ssh.ts";
import { assertOnce, watched } from "./support/watched.ts";
import { isAttempt, type WireEvent } from "./support/wire_event.ts";
import { withTempFolder } from "../support/temp_folder.ts";

/** Logins at a time. */
const AT_A_TIME = 3;
/** Empty passwords that dbclient tries after the one given to it, until Dropbear ends the connection. */
const DBCLIENT_EMPTY = 9;

/** The four lists. */
interface Offer {
  readonly KexAlgorithms: readonly string[];
  readonly HostKeyAlgorithms: readonly string[];
  readonly Ciphers: readonly string[];
  readonly MACs: readonly string[];
}

/** One algorithm of each list; `undefined` leaves the list to the client. */
type Choice = { readonly [List in keyof Offer]?: string };

const isAead = (cipher: string) => /gcm|poly1305/.test(cipher);

/** Each by itself; then every method with another cipher and MAC, and every cipher with every MAC. */
function choices({ KexAlgorithms, HostKeyAlgorithms, Ciphers, MACs }: Offer): Choice[] {
  const round = (list: readonly string[], i: number) => list[i % list.length]!;
  return [
    ...KexAlgorithms.map((name) => ({ KexAlgorithms: name })),
    ...HostKeyAlgorithms.map((name) => ({ HostKeyAlgorithms: name })),
    ...Ciphers.map((name) => ({ Ciphers: name })),
    ...MACs.map((name) => ({ MACs: name, Ciphers: "aes128-ctr" })),
    ...KexAlgorithms.map((name, i) => ({
      KexAlgorithms: name,
      HostKeyAlgorithms: round(HostKeyAlgorithms, i),
      Ciphers: round(Ciphers, i + 1),
      MACs: round(MACs, i + 2),
    })),
    ...Ciphers.flatMap((cipher) => MACs.map((mac) => ({ Ciphers: cipher, MACs: mac }))),
  ];
}

/** The lists that a server sends, as `ssh -vv` shows them, without names that are no algorithms. */
async function readOffer(port: number, folder: string): Promise<Offer> {
  const login = { port, user: "lists", password: `lists of ${port}`, folder };
  const { stderr } = await sshLogin({ ...login, options: { LogLevel: "DEBUG2" } });
  const [, shown = ""] = stderr.split("peer server KEXINIT proposal");
  const list = (title: string) => {
    const line = shown.split(/\r?\n/).find((line) => line.startsWith(`debug2: ${title}: `));
    assert(line !== undefined, stderr);
    return line.slice(line.lastIndexOf(" ") + 1).split(",")
      .filter((name) => !/^(kex-strict|kexguess2|ext-info)/.test(name));
  };
  const [ciphers, macs] = [list("ciphers ctos"), list("MACs ctos")];
  assertEquals([list("ciphers stoc"), list("MACs stoc")], [ciphers, macs]);
  return {
    KexAlgorithms: list("KEX algorithms"),
    HostKeyAlgorithms: list("host key algorithms"),
    Ciphers: ciphers,
    MACs: macs,
  };
}

/** What the client says was agreed on. */
function assertUsed(choice: Choice, { stderr }: Finished): void {
  const used = (pattern: RegExp) => pattern.exec(stderr)?.[1];
  const cipher = used(/kex: server->client cipher: (\S+)/)!;
  const agreed: Choice = {
    KexAlgorithms: used(/kex: algorithm: (\S+)/)!,
    HostKeyAlgorithms: used(/kex: host key algorithm: (\S+)/)!,
    Ciphers: cipher,
    ...(isAead(cipher) ? {} : { MACs: used(/kex: server->client .* MAC: (\S+)/)! }),
  };
  const wanted = { ...agreed, ...choice };
  if (isAead(cipher)) delete wanted.MACs;
  assertEquals(agreed, wanted, stderr);
}

/** One login to come. */
interface Plan {
  readonly client: "ssh" | "dbclient";
  readonly product: string;
  readonly port: number;
  readonly choice: Choice;
}

testWith(
  "every algorithm that an SSH decoy offers works with ssh and dbclient, and no password is lost",
  { programs: ["ssh", "dbclient"] },
  () =>
    withTempFolder(async (folder) => {
      await writeAskpass(folder);
      const sensor = sshProgram({
        openssh: { product: "openssh-9.2-debian12", fail_delay_ms: 0 },
        ubuntu: { product: "openssh-9.6-ubuntu24", fail_delay_ms: 0 },
        dropbear: { product: "dropbear-2022.83", fail_delay_ms: 0 },
      });
      const passwords: { user: string; password: string }[] = [];
      let empty = 0;
      const events = await watched(sensor.open, async () => {
        const plans: Plan[] = [];
        for (const [product, port] of Object.entries(sensor.ports)) {
          const offer = await readOffer(port, folder);
          passwords.push({ user: "lists", password: `lists of ${port}` });
          const plan = (client: Plan["client"]) => (choice: Choice) => ({
            ...{ client, product, port, choice },
          });
          const all = choices(offer);
          const namesKex = ({ KexAlgorithms: kex }: Choice) => kex !== undefined;
          plans.push(...(product === "ubuntu" ? all.filter(namesKex) : all).map(plan("ssh")));
          if (product === "dropbear") {
            // Its client can only be told the cipher and the MAC.
            const isTold = (choice: Choice) => !choice.KexAlgorithms && !choice.HostKeyAlgorithms;
            plans.push(...all.filter(isTold).map(plan("dbclient")));
          }
        }
        const count = (product: string) => plans.filter((plan) => plan.product === product).length;
        assertEquals([count("openssh"), count("ubuntu"), count("dropbear")], [102, 20, 40]);

        const start = performance.now();
        await pooled(plans, AT_A_TIME, async ({ client, product, port, choice }, i) => {
          const login = { port, user: product, password: `password ${i} of ${client}`, folder };
          passwords.push(login);
          const options = choice as Record<string, string>;
          if (client === "ssh") {
            const tried = await sshLogin({ ...login, options });
            assertMatch(tried.stderr, /Permission denied \(publickey,password\)\./);
            assertUsed(choice, tried);
          } else {
            const { stderr } = await dbclientLogin({ ...login, options });
            empty += DBCLIENT_EMPTY;
            assertMatch(stderr, /exited: Remote closed the connection/);
          }
        });
        const ms = performance.now() - start;
        report(`${plans.length} logins, ${AT_A_TIME} at a time: ${(ms / 1000).toFixed(1)} s`);
      });
      for (const { user, password } of passwords) {
        const { duckblind } = assertOnce(events, password, isAttempt(user, password));
        assertEquals(duckblind.credential.method, "password");
      }
      const isSecret = ({ event, duckblind }: WireEvent) =>
        event.action === "credential-attempt" && duckblind.credential.method !== "none";
      assertEquals(events.filter(isSecret).length, passwords.length + empty);
    }),
);
