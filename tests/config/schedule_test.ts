import { assertEquals } from "@std/assert";
import { isScheduleEntry, isTimeZone, Schedule } from "../../lib/config/schedule.ts";

const at = (text: string) => Date.parse(text);

Deno.test("Schedule knows days and hours, in its own time zone", () => {
  const office = new Schedule(["mon-fri 08:00-18:00"], "Europe/Berlin");
  assertEquals(office.isOpen(at("2026-11-20T07:00:00Z")), true); // a Friday, 08:00 there
  assertEquals(office.isOpen(at("2026-11-20T06:59:59Z")), false);
  assertEquals(office.isOpen(at("2026-11-20T17:00:00Z")), false);
  assertEquals(office.isOpen(at("2026-11-21T10:00:00Z")), false);
  assertEquals(office.isOpen(at("2026-07-03T06:30:00Z")), true); // in summer it is 08:30 there
});

Deno.test("Schedule goes over midnight and around the week's end", () => {
  const night = new Schedule(["fri-sun 22:00-06:00"], "UTC");
  assertEquals(night.isOpen(at("2026-11-20T23:00:00Z")), true);
  assertEquals(night.isOpen(at("2026-11-21T05:59:00Z")), true);
  assertEquals(night.isOpen(at("2026-11-21T06:00:00Z")), false);
  assertEquals(night.isOpen(at("2026-11-23T05:00:00Z")), true); // Monday: Sunday's night
  assertEquals(night.isOpen(at("2026-11-24T05:00:00Z")), false);
  const turn = new Schedule(["sat-mon 10:00-11:00"], "UTC");
  assertEquals(turn.isOpen(at("2026-11-22T10:30:00Z")), true);
  assertEquals(turn.isOpen(at("2026-11-23T10:30:00Z")), true);
  assertEquals(turn.isOpen(at("2026-11-24T10:30:00Z")), false);
});

Deno.test("Schedule.opensInMs() says how long to wait", () => {
  const office = new Schedule(["mon-fri 08:00-18:00", "sat 10:00-12:00"], "UTC");
  assertEquals(office.opensInMs(at("2026-11-20T09:00:00Z")), 0);
  assertEquals(office.opensInMs(at("2026-11-20T07:59:30Z")), 30_000);
  assertEquals(office.opensInMs(at("2026-11-20T05:00:00Z")), 3 * 3_600_000);
  // It looks four hours ahead; who waits asks again then.
  assertEquals(office.opensInMs(at("2026-11-20T18:00:00Z")), 4 * 3_600_000);
  let now = at("2026-11-21T12:00:00Z");
  while (!office.isOpen(now)) now += office.opensInMs(now);
  assertEquals(new Date(now).toISOString(), "2026-11-23T08:00:00.000Z");
});

Deno.test("isScheduleEntry() accepts days and hours, and nothing else", () => {
  for (const text of ["08:00-18:00", "mon 00:00-24:00", "MON,wed-fri 22:00-06:00"]) {
    assertEquals(isScheduleEntry(text), true, text);
  }
  for (
    const text of ["", "mon", "8:00-18:00", "mon 08:00-08:00", "day 08:00-09:00", "08:00-24:30"]
  ) assertEquals(isScheduleEntry(text), false, text);
  assertEquals([isTimeZone("UTC"), isTimeZone("Nowhere/Land")], [true, false]);
});
