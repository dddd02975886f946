/**
 * How OpenSSH's sshd with Debian's PAM answers to logins that fail (auth2.c, auth2-passwd.c, libpam).
 * @module
 */
import { createHmac } from "node:crypto";
import type { AuthAnswer, AuthOptions, AuthProfile, AuthState } from "../auth_profile.ts";
import type { AuthRequest } from "../auth_request.ts";

/** Least time that a failure takes, in ms, and how much the user's name adds to it at most. */
const MIN_FAIL_MS = 5;
const NAME_ADDS_MS = 4.3;
/** Longest password that sshd looks at, in bytes. */
const MAX_PASSWORD_BYTES = 1024;
/** What PAM does besides waiting, in ms, about. */
const PAM_WORK_MS = 2;
const PAM_DRAWS = 3;

/** `publickey` that also names the host key (PROTOCOL §1.12). */
const HOSTBOUND = "publickey-hostbound-v00@openssh.com";

/**
 * The profile of a release.
 * @param release what tells it from others.
 */
export function makeOpensshAuth(release: { extendsInAuth: boolean }): AuthProfile {
  return {
    refuseService: (name) => ({ disconnect: `bad service request ${name}` }),
    userOf,
    methods: ({ offersKeyboardInteractive }) =>
      "publickey,password" + (offersKeyboardInteractive ? ",keyboard-interactive" : ""),
    answer,
    answerPrompt: (nowMs, options) => ({
      reply: "failure",
      pauseMs: pamMs(nowMs, options),
      counts: true,
    }),
    bannerLanguage: "",
    tooMany: { disconnect: "Too many authentication failures" },
    prompt: "Password: ",
    ...release,
  };
}

function answer(request: AuthRequest, state: AuthState, options: AuthOptions): AuthAnswer {
  const { method } = request;
  if (isBroken(request)) return "silence";
  const user = userOf(request);
  const service = cText(request.service);
  const { first, attempts } = state;
  const firstService = cText(first?.service ?? "");
  if (first !== undefined && (user !== first.user || service !== firstService)) {
    return {
      disconnect: "Change of username or service not allowed: " +
        `(${first.user},${firstService}) -> (${user},${service})`,
    };
  }
  const isFirst = attempts === 1;
  if (method === "none") {
    // Only the first is looked at at all.
    if (isFirst && request.hasTrailing) return "silence";
    return { reply: "failure", pauseMs: leastMs(user, 0, options), counts: !isFirst };
  }
  if (request.key?.hostKey !== undefined && !isSame(request.key.hostKey, state.hostKey)) {
    return "silence";
  }
  const workMs = workOf(request, state.nowMs, options);
  if (workMs === undefined) return "silence";
  if (method === "keyboard-interactive" && options.offersKeyboardInteractive && mayAsk(request)) {
    return { reply: "prompt", pauseMs: 0, counts: false };
  }
  return { reply: "failure", pauseMs: leastMs(user, workMs, options), counts: true };
}

/** Time that a method takes by itself, in ms; `undefined` when its fields end the talk. */
function workOf(request: AuthRequest, nowMs: number, options: AuthOptions): number | undefined {
  const isOdd = request.isCutShort || request.hasTrailing;
  switch (request.method) {
    case "password":
      if (isOdd || hasNul(request.password)) return undefined;
      return asksPam(request) ? pamMs(nowMs, options) : 0;
    case "publickey":
    case HOSTBOUND:
      return isOdd ? undefined : 0;
    case "keyboard-interactive":
      return options.offersKeyboardInteractive && isOdd ? undefined : 0;
    default:
      return 0; // of a method that is not offered nothing is read
  }
}

/**
 * How long a failure takes in all: a time that depends on the user's name and doubles until it is
 * longer than what the work took, so that the work cannot be measured.
 */
function leastMs(user: string, workMs: number, options: AuthOptions): number {
  if (options.failDelayMs === 0) return 0;
  const hash = createHmac("sha256", options.secret).update(user, "latin1").digest();
  let ms = MIN_FAIL_MS + NAME_ADDS_MS * hash.readUInt32BE(0) / 2 ** 32;
  while (ms < workMs) ms *= 2;
  return ms;
}

/**
 * PAM's pause after a wrong password (pam_fail_delay(3)): half to one and a half of what the module
 * asks for, by the mean of three numbers that libpam draws with the current second as the seed. So all
 * that fail in one second wait as long.
 */
function pamMs(nowMs: number, { failDelayMs }: AuthOptions): number {
  if (failDelayMs === 0) return 0;
  let seed = Math.floor(nowMs / 1000) >>> 0;
  let sum = 0;
  for (let i = 0; i < PAM_DRAWS; i++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    sum += Math.floor(seed / 10) % 1_000_000;
  }
  return failDelayMs * (0.5 + sum / (PAM_DRAWS * 1_000_000)) + PAM_WORK_MS;
}

/** Whether sshd takes a password to PAM: not an empty one, a very long one, or a change. */
function asksPam({ password, isChange }: AuthRequest): boolean {
  const length = password?.length ?? 0;
  return !isChange && length > 0 && length <= MAX_PASSWORD_BYTES;
}

/** Whether a client would be asked by PAM: sshd has no other way. */
function mayAsk({ submethods = "" }: AuthRequest): boolean {
  return submethods === "" || submethods.split(",").includes("pam");
}

/** The user without the style that may follow a colon. */
function userOf({ user }: AuthRequest): string {
  const [name = ""] = cText(user).split(":", 1);
  return name;
}

/** A text as C has it: a NUL at its end does not count. */
function cText(text: string): string {
  return text.replace(/\0$/, "");
}

/** Whether a text is missing or has a NUL before its last byte, at which sshd gives up. */
function isBroken(request: AuthRequest): boolean {
  const { userBytes, serviceBytes, methodBytes, isCutShort, key } = request;
  const isMissing = isCutShort && methodBytes.length === 0;
  const isOffered = request.method === "publickey" || request.method === HOSTBOUND;
  return isMissing || [userBytes, serviceBytes, methodBytes].some(hasNul) ||
    (isOffered && /\0[^]/.test(key?.algorithm ?? ""));
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function hasNul(bytes: Uint8Array | undefined): boolean {
  if (bytes === undefined) return false;
  const at = bytes.indexOf(0);
  return at >= 0 && at < bytes.length - 1;
}
