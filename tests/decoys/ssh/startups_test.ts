import { assertEquals } from "@std/assert";
import { parseStartups, Startups } from "../../../lib/decoys/ssh/startups.ts";

/** Chances out of a hundred at which the next newcomer is refused. */
function refusedOf(startups: Startups, draw: { chance: number }): number {
  let refused = 0;
  for (draw.chance = 0; draw.chance < 100; draw.chance++) {
    if (startups.enter("192.0.2.1")) startups.leave("192.0.2.1");
    else refused++;
  }
  return refused;
}

Deno.test("Startups refuses some from `start` on, more and more, and all from `full` on", () => {
  const draw = { chance: 99 };
  const limits = { start: 10, rate: 30, full: 100, perSource: 0 };
  const startups = new Startups(limits, () => draw.chance);
  const shares = new Map<number, number>();
  for (let waiting = 0; waiting <= 100; waiting++) {
    assertEquals(startups.waiting, waiting);
    shares.set(waiting, refusedOf(startups, draw));
    draw.chance = 99;
    assertEquals(startups.enter(`192.0.2.${waiting}`), waiting < 100);
  }
  // sshd_config(5), and the same whole numbers as in sshd.c: 30 + 70 * (n - 10) / 90.
  assertEquals(
    [0, 9, 10, 11, 12, 55, 99, 100].map((waiting) => shares.get(waiting)),
    [0, 0, 30, 30, 31, 65, 99, 100],
  );
});

Deno.test("Startups draws from 0 to 99 by itself, evenly", () => {
  const startups = new Startups({ start: 1, rate: 50, full: 1000, perSource: 0 });
  startups.enter("192.0.2.1");
  let refused = 0;
  for (let i = 0; i < 2000; i++) {
    if (startups.enter("192.0.2.1")) startups.leave("192.0.2.1");
    else refused++;
  }
  // Eight standard deviations either way.
  assertEquals(Math.abs(refused - 1000) < 180, true, `${refused} of 2000`);
});

Deno.test("Startups counts those that leave no more, for each source", () => {
  const startups = new Startups({ start: 30, rate: 100, full: 30, perSource: 5 }, () => 0);
  for (let i = 0; i < 5; i++) assertEquals(startups.enter("192.0.2.1"), true);
  assertEquals(startups.enter("192.0.2.1"), false);
  assertEquals(startups.enter("192.0.2.2"), true);
  startups.leave("192.0.2.1");
  assertEquals(startups.enter("192.0.2.1"), true);
  assertEquals(startups.waiting, 6);
  for (let i = 0; i < 24; i++) assertEquals(startups.enter(`198.51.100.${i}`), true);
  assertEquals(startups.enter("203.0.113.1"), false);
  startups.leave("192.0.2.2");
  assertEquals(startups.enter("203.0.113.1"), true);
});

Deno.test("parseStartups() reads what sshd_config(5) has, and nothing else", () => {
  assertEquals(parseStartups("10:30:100"), { start: 10, rate: 30, full: 100 });
  assertEquals(parseStartups("7"), { start: 7, rate: 100, full: 7 });
  for (const text of ["", "0", "10:30", "10:0:100", "10:101:100", "100:30:10", "1:2:3:4", "-1"]) {
    assertEquals(parseStartups(text), undefined, text);
  }
});
