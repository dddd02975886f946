/**
 * Who may log in: the password of the config, and users that a source has made with ACL SETUSER.
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Client } from "./client.ts";
import { latin1, latin1Bytes } from "../../net/latin1.ts";

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
  return source.config.get("requirepass") ?? latin1(encoder.encode(server.settings.password));
}

const encoder = new TextEncoder();

/** SHA-256 as ACL LIST shows it. */
export function passwordHash(password: string): string {
  return createHash("sha256").update(latin1Bytes(password)).digest("hex");
}

function isSame(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => createHash("sha256").update(latin1Bytes(text)).digest());
  return timingSafeEqual(x!, y!);
}
