/**
 * DUMP and RESTORE.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { dumpValue, isWholeDump, readDump } from "../dump.ts";
import { lower } from "../octets.ts";
import { bigArgument, Refusal, SYNTAX } from "../refusal.ts";

/** DUMP and its opposite. */
export const dumps: Handlers = {
  dump: ({ db, argv, out }) => {
    const entry = db.read(argv[1]!);
    out.bulkOrNull(entry === undefined ? undefined : dumpValue(entry.value));
  },
  restore,
  "restore-asking": restore,
};

function restore({ db, argv, out, nowMs }: Call): void {
  let isReplacing = false;
  let isAbsolute = false;
  for (let i = 4; i < argv.length; i++) {
    const option = lower(argv[i]!);
    if (option === "replace") isReplacing = true;
    else if (option === "absttl") isAbsolute = true;
    else if ((option === "idletime" || option === "freq") && i + 1 < argv.length) {
      const value = bigArgument(argv[++i]);
      if (value < 0n) {
        throw new Refusal(
          option === "freq"
            ? "ERR Invalid FREQ value, must be >= 0 and <= 255"
            : "ERR Invalid IDLETIME value, must be >= 0",
        );
      }
    } else throw new Refusal(SYNTAX);
  }
  if (!isReplacing && db.peek(argv[1]!) !== undefined) {
    throw new Refusal("BUSYKEY Target key name already exists.");
  }
  const time = Number(bigArgument(argv[2]));
  if (time < 0) throw new Refusal("ERR Invalid TTL value, must be >= 0");
  if (!isWholeDump(argv[3]!)) {
    throw new Refusal("ERR DUMP payload version or checksum are wrong");
  }
  const value = readDump(argv[3]!);
  if (value === undefined) throw new Refusal("ERR Bad data format");
  const expiresAtMs = time === 0 ? undefined : isAbsolute ? time : nowMs + time;
  db.put(argv[1]!, value, expiresAtMs);
  out.ok();
}
