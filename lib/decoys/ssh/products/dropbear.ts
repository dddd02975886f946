/**
 * Dropbear 2022.83 as Debian 12 has it: the server of routers and other small devices. It closes
 * without a word whatever is wrong.
 *
 * From recordings of the genuine program, whose behaviour the differential tests check.
 * @module
 */
import type { AuthAnswer, AuthOptions, AuthProfile, AuthState } from "../auth_profile.ts";
import type { AuthRequest } from "../auth_request.ts";
import { randomInt } from "node:crypto";
import { dropbearLines } from "../identification.ts";
import type { KexLists } from "../kex_init.ts";
import { MESSAGE } from "../messages.ts";
import type { Product, Reaction, Situation } from "../product.ts";

/** Longest version line that is kept, in bytes. */
const MAX_LINE_BYTES = 255;
/** Greatest packet with its tag, in bytes (RECV_MAX_PACKET_LEN). */
const MAX_PACKET_BYTES = 35_000;
/** Greatest payload, and longest text of a peer, in bytes. */
const MAX_PAYLOAD_BYTES = 32_789;
const MAX_TEXT_BYTES = 9000;
/** Greatest message number before the login (MAX_UNAUTH_PACKET_TYPE). */
const LAST_EARLY_MESSAGE = 60;
/** How far the pause after a failure is from its mean, in parts of it: 300 ms and 50 either way. */
const PAUSE_SPREAD = 50 / 300;
/** Longest user name that is looked at, in bytes. */
const MAX_NAME_BYTES = 100;
/** Names that are read of a list (MAX_PROPOSED_ALGO), and its greatest length, in bytes. */
const MAX_NAMES = 50;
const MAX_LIST_BYTES = MAX_TEXT_BYTES;
/** Numbers that a pause is drawn from. */
const DRAWS = 1_000_000;

const EMPTY = new Uint8Array(0);
const CIPHERS = ["chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-ctr"];
const MACS = ["hmac-sha1", "hmac-sha2-256"];
const COMPRESSION = ["zlib@openssh.com", "none"];
const GUESS = "kexguess2@matt.ucc.asn.au";

const LISTS: KexLists = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp521",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp256",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group14-sha1",
    GUESS,
    "kex-strict-s-v00@openssh.com",
  ],
  hostKey: ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-256", "ssh-rsa"],
  ciphersIn: CIPHERS,
  ciphersOut: CIPHERS,
  macsIn: MACS,
  macsOut: MACS,
  compressionIn: COMPRESSION,
  compressionOut: COMPRESSION,
  languagesIn: [],
  languagesOut: [],
};

const auth: AuthProfile = {
  userOf: ({ user }) => user,
  refuseService: () => "silence",
  methods: () => "publickey,password",
  answer,
  answerPrompt: () => "silence", // it never prompts
  bannerLanguage: "en",
  tooMany: "silence",
  prompt: "",
  extendsInAuth: false,
};

/** `dropbear-2022.83`. */
export const DROPBEAR: Product = {
  identification: "SSH-2.0-dropbear_2022.83",
  greetsWithKexInit: true,
  lists: () => LISTS,
  lineRules: () => dropbearLines(MAX_LINE_BYTES),
  judgeLine: (line) => {
    // C's texts end at a NUL.
    const [text = ""] = line.split("\0", 1);
    return text.startsWith("SSH-2.") || text.startsWith("SSH-1.99-") ? undefined : "silence";
  },
  packets: {
    minLength: 4,
    maxLength: MAX_PACKET_BYTES,
    maxPayload: MAX_PAYLOAD_BYTES,
    limitsWhole: true,
    minSentBytes: 16,
    isClearPaddingRandom: true,
    checksPadding: false,
  },
  fault: () => "silence",
  react,
  lateStrictness: "silence",
  readsNotices: false,
  allowsTrailing: true,
  readNames: (text, list) => {
    if (list === "languagesIn" || list === "languagesOut") return text.split(",");
    const isRefused = text.length > MAX_LIST_BYTES || text.includes("\0");
    return isRefused ? undefined : text.split(",").slice(0, MAX_NAMES);
  },
  readsCTexts: false,
  swallows: (type, reaction) => reaction === "take" && type !== MESSAGE.DISCONNECT,
  minDhBits: 1,
  isGuessRight: (client, server, agreed) =>
    client.kex.includes(GUESS)
      ? client.kex[0] === agreed
      : client.kex[0] === server.kex[0] && client.hostKey[0] === server.hostKey[0],
  extensions: [
    [
      "server-sig-algs",
      "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384," +
      "ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-256,ssh-rsa,ssh-dss",
    ],
  ],
  badValue: "silence",
  auth,
};

function react(type: number, situation: Situation): Reaction {
  const { stage, isStrict, isInitial } = situation;
  if (type === MESSAGE.DISCONNECT) return "take";
  const isNarrow = isStrict && isInitial && stage === "exchange";
  if (!isNarrow && NOTICES.includes(type)) return "ignore";
  if (stage !== "open") {
    if (requiredAt(situation).includes(type)) return "take";
    // What RFC 4253 §7.1 allows during an exchange is refused, and all else ends the talk.
    return isNarrow || !isForExchanges(type) ? "silence" : "unimplemented";
  }
  if (type > LAST_EARLY_MESSAGE) return "silence";
  if (type === MESSAGE.KEXINIT || type === MESSAGE.SERVICE_REQUEST) return "take";
  if (type === MESSAGE.USERAUTH_REQUEST) return "take"; // also before the service was asked for
  // Parts of an exchange that nobody began.
  if (type === MESSAGE.NEWKEYS || type === MESSAGE.KEX_INIT) return "silence";
  return "unimplemented";
}

const NOTICES: readonly number[] = [MESSAGE.IGNORE, MESSAGE.DEBUG, MESSAGE.UNIMPLEMENTED];

function requiredAt({ stage, expected }: Situation): readonly number[] {
  if (stage === "exchange") return expected;
  return [stage === "kexinit" ? MESSAGE.KEXINIT : MESSAGE.NEWKEYS];
}

function isForExchanges(type: number): boolean {
  return type > MESSAGE.SERVICE_ACCEPT && type < MESSAGE.USERAUTH_REQUEST &&
    type !== MESSAGE.KEXINIT;
}

function answer(request: AuthRequest, state: AuthState, options: AuthOptions): AuthAnswer {
  const { user, service, method, userBytes, methodBytes, key } = request;
  const isMissing = request.isCutShort && methodBytes.length === 0;
  const texts = [userBytes, methodBytes, request.password ?? EMPTY, key?.blob ?? EMPTY];
  if (isMissing || texts.some((text) => text.length > MAX_TEXT_BYTES)) return "silence";
  if (service !== "ssh-connection") return "silence";
  if (userBytes.length <= MAX_NAME_BYTES) {
    if (userBytes.includes(0)) return "silence";
    if (state.first !== undefined && user !== state.first.user) return "silence";
  }
  if (method === "none") return { reply: "failure", pauseMs: 0, counts: false };
  if (method === "publickey") {
    // No key is known, so signatures are not looked at, nor does it count.
    return key === undefined ? "silence" : { reply: "failure", pauseMs: 0, counts: false };
  }
  if (method === "password" && request.password === undefined && !request.isChange) {
    return "silence";
  }
  return { reply: "failure", pauseMs: pauseMs(options), counts: true };
}

function pauseMs({ failDelayMs }: AuthOptions): number {
  return failDelayMs * (1 + PAUSE_SPREAD * (2 * randomInt(DRAWS) / DRAWS - 1));
}
