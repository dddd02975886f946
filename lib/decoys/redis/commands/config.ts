/**
 * CONFIG: settings are a source's own.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { globMatches } from "../glob.ts";
import { inTableOrder } from "../keyed_hash.ts";
import { lower } from "../octets.ts";
import { Refusal } from "../refusal.ts";
import { checkSetting, otherName, settingOf, SETTINGS } from "../settings.ts";

/** Folders below which the server's user may write, in Debian's service. */
const WRITABLE =
  /^\/(?:var\/(?:lib|log)\/redis|run\/redis|var\/run\/redis|etc\/redis|tmp|var\/tmp|dev\/shm)(?:\/|$)/;
/** Folders that every Debian has, and its user may enter. */
const PLAIN =
  /^\/(?:$|bin|boot|dev|etc(?:\/cron\.(?:d|daily|hourly|weekly|monthly)|\/init\.d)?|home|lib|media|mnt|opt|proc|run|sbin|srv|sys|tmp|usr(?:\/(?:bin|lib|sbin|local|share))?|var(?:\/(?:backups|cache|lib|log|mail|spool(?:\/cron)?|tmp|www(?:\/html)?|lib\/redis|log\/redis))?)\/?$/;
/** Folders that there are, and its user may not enter. */
const FORBIDDEN = /^\/(?:root|var\/spool\/cron\/crontabs|lost\+found|home\/[a-z]+\/\.ssh)(?:\/|$)/;

/**
 * Settings that this server has and the package has not.
 * @param call the command.
 */
export function fixedSettings({ server, client }: Pick<Call, "server" | "client">) {
  const { settings } = server;
  return {
    bind: "0.0.0.0 -::*",
    "protected-mode": "no",
    port: String(settings.shownPort || client.session.local.port),
    requirepass: settings.password,
    "enable-protected-configs": settings.protectedConfigs ? "yes" : "no",
    "enable-debug-command": settings.debugCommand ? "yes" : "no",
    "enable-module-command": settings.moduleCommand ? "yes" : "no",
  };
}

/** Commands of CONFIG. */
export const config: Handlers = {
  "config|get": (call) => {
    const { argv, out, source, server } = call;
    const fixed = fixedSettings(call);
    const names = new Set<string>();
    for (const pattern of argv.slice(2)) {
      if (!/[[*?]/.test(pattern)) {
        // A name by itself is shown as it was asked for.
        if (SETTINGS.has(lower(pattern))) names.add(pattern);
        continue;
      }
      for (const name of SETTINGS.keys()) if (globMatches(pattern, name, true)) names.add(name);
    }
    const shown = inTableOrder(names, server.identity.tableSeed);
    out.map(shown.length);
    for (const name of shown) {
      out.bulk(name);
      out.bulk(settingOf(source, lower(name), fixed));
    }
  },
  "config|set": (call) => {
    const { argv, out, source, server } = call;
    if (argv.length % 2 !== 0) {
      throw new Refusal("ERR wrong number of arguments for 'config|set' command");
    }
    const changes = new Map<string, string>();
    const fail = (name: string, complaint: string) =>
      new Refusal(
        `ERR CONFIG SET failed (possibly related to argument '${name}') - ${complaint}`,
      );
    for (let i = 2; i < argv.length; i += 2) {
      if (!SETTINGS.has(lower(argv[i]!))) {
        throw new Refusal(
          `ERR Unknown option or number of arguments for CONFIG SET - '${argv[i]}'`,
        );
      }
    }
    for (let i = 2; i < argv.length; i += 2) {
      const name = lower(argv[i]!);
      const setting = SETTINGS.get(name)!;
      if (setting.kind === "immutable") throw fail(name, "can't set immutable config");
      if (setting.kind === "protected" && !server.settings.protectedConfigs) {
        throw fail(name, "can't set protected config");
      }
      if (changes.has(name)) throw fail(name, "duplicate parameter");
      const checked = setting.kind === "protected"
        ? checkPath(name, argv[i + 1]!)
        : checkSetting(setting, argv[i + 1]!);
      if ("complaint" in checked) throw fail(name, checked.complaint);
      changes.set(name, checked.value);
    }
    for (const [name, value] of changes) {
      source.config.set(name, value);
      if (otherName(name) !== name) source.config.set(otherName(name), value);
    }
    out.ok();
  },
  "config|resetstat": ({ out, source }) => {
    source.hits =
      source.misses =
      source.errorReplies =
      source.expiredKeys =
        0;
    source.errors.clear();
    source.calls.clear();
    out.ok();
  },
  "config|rewrite": ({ out }) => out.ok(),
};

/** What a folder or a file name of an attacker's comes to. */
function checkPath(name: string, text: string): { value: string } | { complaint: string } {
  if (name === "dbfilename") {
    return text.includes("/")
      ? { complaint: "dbfilename can't be a path, just a filename" }
      : { value: text };
  }
  const path = text.startsWith("/") ? text : `/var/lib/redis/${text}`;
  if (PLAIN.test(path)) return { value: path.length > 1 ? path.replace(/\/$/, "") : path };
  const why = FORBIDDEN.test(path) ? "Permission denied" : "No such file or directory";
  return { complaint: why };
}

/** Whether the server could write a file there. */
export function isWritable(folder: string): boolean {
  return WRITABLE.test(folder);
}
