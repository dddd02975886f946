/**
 * A process of attackers: `ssh_attackers.ts PORT COUNT KEX[,KEX...] [hold]`.
 *
 * Without `hold`, COUNT attackers guess passwords one after the other until they are told to stop by
 * the end of standard input; then it prints `{"tried": ..., "failed": ...}`. With `hold` each sends one
 * password and waits for its refusal; it prints `held COUNT` when all are sent, and `refused COUNT` at
 * the end. What is tried is `NAME-NUMBER`, once each.
 * @module
 */
import { type AttackKex, sendPassword } from "../../support/ssh_brute_force.ts";

const [port, count, kexes, isHold] = Deno.args as [string, string, string, string?];
const methods = kexes.split(",") as AttackKex[];
const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));
const attackers = Array.from({ length: Number(count) }, (_, i) => i);

function attack(i: number, turn: number) {
  const kex = methods[i % methods.length]!;
  return { port: Number(port), kex, username: `attacker-${i}`, password: `guess-${turn}` };
}

async function hold(): Promise<void> {
  const waiting: Promise<void>[] = [];
  const lanes = Array.from({ length: 20 }, async (_, lane) => {
    for (const i of attackers.filter((i) => i % 20 === lane)) {
      const attempt = await sendPassword(attack(i, 0));
      waiting.push(attempt.refusal().finally(() => attempt[Symbol.dispose]()));
    }
  });
  await Promise.all(lanes);
  say(`held ${waiting.length}`);
  await Promise.all(waiting);
  say(`refused ${waiting.length}`);
}

async function guess(): Promise<void> {
  let isOver = false;
  const tried: Record<string, number> = {};
  let failed = 0;
  const all = attackers.map(async (i) => {
    for (let turn = 0; !isOver; turn++) {
      const next = attack(i, turn);
      try {
        using attempt = await sendPassword(next);
        await attempt.refusal();
        tried[next.kex] = (tried[next.kex] ?? 0) + 1;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        failed++;
      }
    }
  });
  say("attacking");
  for await (const _ of Deno.stdin.readable); // until its end
  isOver = true;
  say(JSON.stringify({ tried, failed }));
  await Promise.race([Promise.all(all), new Promise((resolve) => setTimeout(resolve, 2000))]);
  Deno.exit(0);
}

await (isHold === "hold" ? hold() : guess());
