/**
 * ClientHellos recorded from real clients. JA3 is what tshark 4.0.17 says of them; JA4 was made from
 * the fields that tshark gives, as FoxIO's own script does, and not by the code under test.
 * @module
 */

/** A recorded first flight. */
export interface ClientHelloFixture {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Empty, as are the next ones, where it has none. */
  readonly ja3: string;
  readonly ja3Source: string;
  readonly ja4: string;
}

const FOLDER = new URL("client_hellos/", import.meta.url);

/** Reads all recordings, by name. */
export function clientHelloFixtures(): ClientHelloFixture[] {
  return [...Deno.readDirSync(FOLDER)].map(({ name }) => name.replace(".hex", "")).sort()
    .map(clientHelloFixture);
}

/**
 * Reads a recording.
 * @param name of its file, without `.hex`.
 */
export function clientHelloFixture(name: string): ClientHelloFixture {
  const text = Deno.readTextFileSync(new URL(`${name}.hex`, FOLDER));
  const told = (key: string) => new RegExp(`^# ${key}: (.*)$`, "m").exec(text)?.[1] ?? "";
  const hex = text.replaceAll(/^#.*$/gm, "").replaceAll(/\s/g, "");
  return {
    name,
    bytes: new Uint8Array(hex.match(/../g)!.map((byte) => parseInt(byte, 16))),
    ja3: told("ja3"),
    ja3Source: told("ja3 source"),
    ja4: told("ja4"),
  };
}
