import { assertEquals } from "@std/assert";
import { isProofOf } from "../../lib/lures/proof.ts";

const DIGEST = "$sip$***Mufasa*testrealm@host.com*GET**/dir/index.html**" +
  "dcd98b7102dd2f0e8b11d0f600bfb0c093*0a4f113b*00000001*auth*MD5*6629fae49393a05397450978507c4ef1";
const OLD_DIGEST = "$sip$***Mufasa*testrealm@host.com*GET**/dir/index.html**" +
  "dcd98b7102dd2f0e8b11d0f600bfb0c093****MD5*670fd8c2df070c60b045671b8b24ff02";
const NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const SALT = "W22ZaJ0SNY7soEsUEjb6gQ==";
const SCRAM = [
  "$scram-sha-256$4096",
  SALT,
  btoa(`n=user,r=rOprNGfwEbeRWgbNEkqO,r=${NONCE},s=${SALT},i=4096,c=biws,r=${NONCE}`),
  "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
].join("$");

/** RFC 2195 section 2, RFC 2617 section 3.5, RFC 7677 section 3, and hashcat's own examples. */
const PUBLISHED: readonly (readonly [line: string, password: string, username: string])[] = [
  [
    "$cram_md5$" + btoa("<1896.697170952@postoffice.reston.mci.net>") + "$" +
    btoa("tim b913a602c7eda7a495b4e6e7334d3890"),
    "tanstaaftanstaaf",
    "tim",
  ],
  [DIGEST, "Circle Of Life", "Mufasa"],
  [OLD_DIGEST, "Circle Of Life", "Mufasa"],
  [SCRAM, "pencil", "user"],
  ["$postgres$postgres*f0784ea5*2091bb7d4725d1ca85e8de6ec349baf6", "hashcat", "postgres"],
  [
    "$postgres$$HEX[706f737467726573]*f0784ea5*2091bb7d4725d1ca85e8de6ec349baf6",
    "hashcat",
    "postgres",
  ],
  [
    "$mysqlna$1c24ab8d0ee94d70ab1f2e814d8f0948a14d10b9*437e93572f18ae44d9e779160c2505271f85821d",
    "hashcat",
    "root",
  ],
];

Deno.test("isProofOf() knows the password of published examples, and no other", () => {
  for (const [line, password, username] of PUBLISHED) {
    assertEquals(isProofOf(line, { password, username }, username), true, line);
    assertEquals(isProofOf(line, { password: password + "x", username }, username), false, line);
  }
});

Deno.test("isProofOf() tries SCRAM with the lure of that user only", () => {
  assertEquals(isProofOf(SCRAM, { username: "else", password: "pencil" }, "user"), false);
});

Deno.test("isProofOf() is not confused by a line that is cut", () => {
  for (const [line, password, username] of PUBLISHED) {
    // The last characters may be padding, which base64 does without.
    for (let length = 0; length < line.length - 3; length++) {
      assertEquals(isProofOf(line.slice(0, length), { password, username }, username), false);
    }
  }
});
