/**
 * Who may log in: the password of the config, and users that a source has made with ACL SETUSER.
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Client } from "./client.ts";
import { outgoing } from "../../net/latin1.ts";

/** What a wrong password is answered with. */
export const WRONG_PASS = "WRONGPASS invalid username-password pair or user is disabled.";

/**
 * Whether a name and a password belong together.
 * @param client who tries.
 * @param username `default` when none was given.
 * @param password as sent.
 */
export function isRight(client: Client, username: string, password: string): boolean {
  const user = client.source.users.get(username);
  if (user !== undefined) {
    return user.isOn && (user.isNoPass || user.passwords.has(passwordHash(password)));
  }
  if (username !== "default") return false;
  const own = passwordOf(client);
  return own === "" || isSame(password, own);
}

/** The password of `default`; empty for none. */
export function passwordOf({ source, server }: Client): string {
  return source.config.get("requirepass") ?? server.settings.password;
}

/** SHA-256 as ACL LIST shows it. */
export function passwordHash(password: string): string {
  return createHash("sha256").update(outgoing(password)).digest("hex");
}

/** The password that was asked for last, which is mostly the next one, too, and its digest. */
let lastOwn: { readonly text: string; readonly digest: Uint8Array } | undefined;

/** Compares digests, so that how long it takes tells nothing of where the texts differ. */
function isSame(tried: string, own: string): boolean {
  if (lastOwn?.text !== own) lastOwn = { text: own, digest: sha256(own) };
  return timingSafeEqual(sha256(tried), lastOwn.digest);
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(outgoing(text)).digest();
}
