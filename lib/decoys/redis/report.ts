/**
 * What one peer did, as events: passwords, commands, and what an attack would have left on the host.
 * @module
 */
import { Capture } from "../../net/digest.ts";
import { escapeOctets, latin1Bytes } from "../../net/latin1.ts";
import { EventQuota, type Session } from "../decoy.ts";
import type { CommandFacts } from "./catalogue.ts";
import type { Client } from "./client.ts";
import { helloLogin } from "./commands/connection.ts";
import type { Outcome } from "./dispatch.ts";
import { lower } from "./octets.ts";
import type { Command } from "./parser.ts";
import { settingOf, SETTINGS } from "./settings.ts";

/** Most passwords of one session that are told. */
const MAX_ATTEMPTS = 20_000;
/** Longest command in an event, in bytes, and longest argument that is no payload. */
const MAX_ARGUMENT_BYTES = 8192;
/** How much of a payload is kept, in bytes. */
const MAX_PAYLOAD_BYTES = 65_536;

/** Values that are made for another program to read: cron, SSH, web servers, the loader. */
const HOSTILE =
  /(?:^|\n)[ \t]*(?:[*\d][*\d\/,-]*(?:[ \t]+[*\d\/,-]+){4}|@(?:reboot|hourly|daily|weekly))[ \t]+\S|ssh-(?:rsa|dss|ed25519) AAAA|ecdsa-sha2-\S+ AAAA|<\?(?:php|=)|<%[@!=\s]|^\x7fELF|\/dev\/tcp\/|\b(?:curl|wget)\b[^\n]*https?:|bash -i\b/;

/** Commands that run or change something besides keys. */
const DANGEROUS =
  /^(?:config\|(?:set|rewrite)|(?:slave|replica)of|module\|(?:load|loadex|unload)|save|bgsave|bgrewriteaof|shutdown|debug|eval(?:sha)?(?:_ro)?|fcall(?:_ro)?|script\|(?:load|flush|kill)|function\|(?:load|delete|flush|restore)|acl\|(?:setuser|deluser|load|save)|client\|kill|migrate|failover|sync|psync|flushall|flushdb)$/;

/** Tells what one peer did. */
export class Reporter {
  readonly #session: Session;
  readonly #client: Client;
  readonly #quota: EventQuota;
  #attempts = MAX_ATTEMPTS;
  /** Values that this peer has stored and that might be written to a file. */
  readonly #planted = new Map<string, string>();
  readonly #told = new Set<string>();

  /** @param client whose session it is. */
  constructor(client: Client) {
    this.#client = client;
    this.#session = client.session;
    this.#quota = new EventQuota(client.session);
  }

  /**
   * A command that was answered.
   * @param command as it came.
   * @param outcome what became of it.
   */
  command(command: Command, outcome: Outcome): void {
    const { argv } = command;
    const { facts } = outcome;
    const name = facts?.name ?? "";
    if (name === "auth" && (argv.length === 2 || argv.length === 3)) {
      const pair = argv.length === 2 ? ["", argv[1]!] : [argv[1]!, argv[2]!];
      return this.#attempt(pair[0]!, pair[1]!);
    }
    const login = name === "hello" ? helloLogin(argv) : undefined;
    if (login !== undefined) this.#attempt(...login);
    if (login === undefined || argv.length > 5) this.#command(argv, facts, outcome.reply);
    this.#payloads(command, facts, outcome.reply);
  }

  #attempt(username: string, secret: string): void {
    if (this.#attempts < 0) return;
    if (this.#attempts-- === 0) {
      return this.#session.emit("limit.hit", { limit: "session_attempts", max: MAX_ATTEMPTS });
    }
    this.#session.emit("auth.attempt", {
      method: "password",
      username: escapeOctets(username),
      secret: escapeOctets(secret),
    });
  }

  #command(argv: readonly string[], facts: CommandFacts | undefined, reply: string): void {
    if (!this.#quota.take()) return;
    const withoutLogin = facts?.name === "hello" ? withoutAuth(argv) : argv;
    const words = withoutLogin.slice(1).map(shown).join(" ");
    const flags = facts?.flags;
    const changes = flags?.has("write") || DANGEROUS.test(facts?.name ?? "");
    this.#session.emit("command", {
      verb: escapeOctets(argv[0]!.slice(0, MAX_ARGUMENT_BYTES)),
      argument: words,
      ...(reply === "" ? {} : { reply: escapeOctets(reply.slice(0, 64)) }),
      ...(changes ? { changes: true } : {}),
    });
  }

  /** What a command carries, or would have had written. */
  #payloads(command: Command, facts: CommandFacts | undefined, reply: string): void {
    const { argv, oversized } = command;
    const name = facts?.name ?? "";
    if (oversized !== undefined) this.#capture(argv[1] ?? "", oversized);
    for (const word of argv.slice(1)) {
      const isLong = word.length > MAX_ARGUMENT_BYTES;
      const isHostile = word.length >= 8 && HOSTILE.test(word);
      if (isLong || isHostile) this.#payload(argv[1]!.slice(0, 256), word);
    }
    if (facts?.flags.has("write") && reply === "OK") this.#plant(argv, name);
    if (name === "config|set") this.#aim(argv);
    if (name === "save" || name === "bgsave" || name === "bgrewriteaof") this.#fire();
  }

  /** Remembers what a peer stores. */
  #plant(argv: readonly string[], name: string): void {
    if (!/^(?:set|setex|psetex|setnx|getset|append|mset|setrange)$/.test(name)) return;
    const text = argv.at(-1)!;
    if (text.length > MAX_PAYLOAD_BYTES || this.#planted.size >= 32) return;
    this.#planted.set(argv[1]!, text);
  }

  /** Remembers where a peer wants files. */
  #aim(argv: readonly string[]): void {
    const { target } = this.#client.source;
    for (let i = 2; i + 1 < argv.length; i += 2) {
      const name = lower(argv[i]!);
      const path = argv[i + 1]!.slice(0, 1024);
      if (name === "dir") target.dir = path;
      else if (name === "dbfilename") target.dbfilename = path;
    }
  }

  /** Tells what the file would hold that a peer has the server write. */
  #fire(): void {
    const { target } = this.#client.source;
    if (target.dir === undefined && target.dbfilename === undefined) return;
    const folder = target.dir ?? settingOf(this.#client.source, "dir", {});
    const file = target.dbfilename ?? SETTINGS.get("dbfilename")!.value;
    const text = [...this.#planted.values()].join("\n");
    if (text === "") return;
    const name = `${folder.replace(/\/$/, "")}/${file}`;
    this.#payload(name, text);
  }

  #payload(name: string, text: string): void {
    const capture = new Capture(MAX_PAYLOAD_BYTES);
    capture.add(latin1Bytes(text));
    this.#capture(name, capture);
  }

  #capture(name: string, capture: Capture): void {
    const sha256 = capture.sha256();
    const label = `${name} ${sha256}`;
    if (this.#told.has(label) || !this.#quota.take()) return;
    this.#told.add(label);
    this.#session.emit("payload", {
      name: escapeOctets(name),
      bytes: capture.bytes(),
      size: capture.size,
      sha256,
    });
  }
}

/** An argument; in quotes, as clients take it, when it could not be told from its neighbours. */
function shown(text: string): string {
  const kept = text.slice(0, MAX_ARGUMENT_BYTES);
  const isPlain = kept !== "" && !/[ "]/.test(kept);
  return escapeOctets(isPlain ? kept : `"${kept.replace(/["\\]/g, "\\$&")}"`);
}

/** The words of HELLO but for its password. */
function withoutAuth(argv: readonly string[]): readonly string[] {
  const at = argv.findIndex((word, i) => i > 1 && lower(word) === "auth");
  return at < 0 || helloLogin(argv) === undefined
    ? argv
    : [...argv.slice(0, at), ...argv.slice(at + 3)];
}
