/**
 * SSH decoys of every product in one sensor, and the stock client that asks them for a login.
 * @module
 */
import { takePorts } from "./machine.ts";
import { type Finished, runToEnd } from "./process.ts";
import { Program } from "./program.ts";

/** A sensor whose decoys are SSH only. */
export interface SshProgram<Name extends string> {
  readonly ports: Readonly<Record<Name, number>>;
  /** Makes the program. */
  open(): Promise<Program>;
}

/**
 * A sensor with SSH decoys on free ports, which let many log in at a time.
 * @param decoys options by the name of the decoy.
 */
export function sshProgram<Name extends string>(
  decoys: Readonly<Record<Name, Readonly<Record<string, unknown>>>>,
): SshProgram<Name> {
  const names = Object.keys(decoys) as Name[];
  const free = takePorts(names.length);
  const ports = Object.fromEntries(names.map((name, i) => [name, free[i]!])) as Record<
    Name,
    number
  >;
  const entries = names.map((name) =>
    JSON.stringify({
      kind: "ssh",
      name,
      listen: [`127.0.0.1:${ports[name]}`],
      max_startups: "200",
      ...decoys[name],
    })
  );
  const config = `service: {listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner"}
limits: {sessions_per_source: 500}
sinks: [{kind: console}]
decoys: [${entries.join(", ")}]
`;
  return { ports, open: () => Program.source(config) };
}

/** One login by a stock client. */
export interface SshLogin {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Values of `-o`. */
  readonly options?: Readonly<Record<string, string>>;
  /** Folder with the script of `writeAskpass`. */
  readonly folder: string;
}

/**
 * Writes the program that `ssh` asks for a password.
 * @param folder an empty one.
 */
export async function writeAskpass(folder: string): Promise<void> {
  const script = "#!/bin/sh\nprintf '%s\\n' \"$TEST_PASSWORD\"\n";
  await Deno.writeTextFile(`${folder}/askpass`, script, { mode: 0o700 });
}

/** Options of `ssh` that ask nobody and keep nothing. */
export const SSH_ALONE = [
  "-F",
  "none",
  "-T",
  "-a",
  "-x",
  ...dashO({
    UserKnownHostsFile: "/dev/null",
    GlobalKnownHostsFile: "/dev/null",
    StrictHostKeyChecking: "no",
    IdentityFile: "none",
  }),
];

/** `-o` and its value, for each option. */
export function dashO(options: Readonly<Record<string, string>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** Tries a password by OpenSSH's client, which says on stderr what it does. */
export function sshLogin(
  { port, user, password, options = {}, folder }: SshLogin,
): Promise<Finished> {
  const one = {
    NumberOfPasswordPrompts: "1",
    PubkeyAuthentication: "no",
    PreferredAuthentications: "password",
    LogLevel: "DEBUG1",
    ...options,
  };
  const args = [...SSH_ALONE, ...dashO(one), "-p", String(port), `${user}@127.0.0.1`, "true"];
  const env = {
    SSH_ASKPASS: `${folder}/askpass`,
    SSH_ASKPASS_REQUIRE: "force",
    TEST_PASSWORD: password,
  };
  return runToEnd("ssh", args, { env });
}

/** Tries a password by Dropbear's client. */
export function dbclientLogin(
  { port, user, password, options = {}, folder }: SshLogin,
): Promise<Finished> {
  const { Ciphers, MACs } = options;
  const args = [
    ...["-y", "-y", "-T", "-p", String(port), "-l", user],
    ...(Ciphers === undefined ? [] : ["-c", Ciphers]),
    ...(MACs === undefined ? [] : ["-m", MACs]),
    ...["127.0.0.1", "true"],
  ];
  return runToEnd("dbclient", args, { env: { DROPBEAR_PASSWORD: password, HOME: folder } });
}

/**
 * Does work on all items, some at a time.
 * @param items in the order of the results.
 * @param atATime how many.
 * @param work for one of them.
 */
export async function pooled<T, R>(
  items: readonly T[],
  atATime: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  await Promise.all(Array.from({ length: atATime }, async () => {
    for (const [i, item] of queue) results[i] = await work(item, i);
  }));
  return results;
}
