/**
 * Parameters of MAIL and RCPT (RFC 1870, 3461, 4954, 6152, 6531) as Postfix reads them.
 * @module
 */

/** What MAIL's parameters say; kept over a MAIL that was refused, as Postfix does. */
export interface MailParameters {
  /** Size that the message will have, in bytes. */
  size: number;
  isUtf8: boolean;
}

/**
 * Reads MAIL's parameters.
 * @param words behind the address; octets.
 * @param parameters where what they say is put.
 * @returns what is wrong, as an answer.
 */
export function readMailParameters(
  words: readonly string[],
  parameters: MailParameters,
): string | undefined {
  let hasReturn = false;
  let hasEnvelopeId = false;
  for (const word of words) {
    const [, name = "", value = ""] = /^([^=]*=?)([^]*)$/.exec(word)!;
    switch (name.toUpperCase()) {
      case "BODY=":
        if (!/^(?:8BITMIME|7BIT)$/i.test(value)) return unsupported(word);
        break;
      case "SIZE=":
        if (!/^\d+$/.test(value)) return "501 5.5.4 Bad message size syntax";
        if (BigInt(value) >= 2n ** 63n) {
          return "552 5.3.4 Message size exceeds file system imposed limit";
        }
        parameters.size = Number(value);
        break;
      case "SMTPUTF8":
        parameters.isUtf8 = true;
        break;
      case "AUTH=":
        break; // of no use to who has not logged in
      case "RET=":
        if (hasReturn || !/^(?:FULL|HDRS)$/i.test(value)) {
          return "501 5.5.4 Bad RET parameter syntax";
        }
        hasReturn = true;
        break;
      case "ENVID=": {
        const id = decodeXtext(value);
        if (hasEnvelopeId || !id || !/^[ -~]+$/.test(id)) {
          return "501 5.5.4 Bad ENVID parameter syntax";
        }
        hasEnvelopeId = true;
        break;
      }
      default:
        return unsupported(word);
    }
  }
  return undefined;
}

/**
 * Reads RCPT's parameters.
 * @param words behind the address; octets.
 * @returns what is wrong, as an answer.
 */
export function readRcptParameters(words: readonly string[]): string | undefined {
  let hasNotify = false;
  let hasOriginal = false;
  for (const word of words) {
    const [, name = "", value = ""] = /^([^=]*=?)([^]*)$/.exec(word)!;
    switch (name.toUpperCase()) {
      case "NOTIFY=":
        if (hasNotify || !isNotify(value)) {
          return "501 5.5.4 Error: Bad NOTIFY parameter syntax";
        }
        hasNotify = true;
        break;
      case "ORCPT=": {
        const [, type, address = ""] = /^([^;]+);([^]*)$/.exec(value) ?? [];
        if (hasOriginal || type === undefined || decodeXtext(address) === undefined) {
          return "501 5.5.4 Error: Bad ORCPT parameter syntax";
        }
        hasOriginal = true;
        break;
      }
      default:
        return unsupported(word);
    }
  }
  return undefined;
}

/** RFC 3461 §4.1, with empty entries passed over. */
function isNotify(value: string): boolean {
  const words = value.toUpperCase().split(",").filter((word) => word !== "");
  if (words.length === 1 && words[0] === "NEVER") return true;
  return words.length > 0 && words.every((word) => /^(?:SUCCESS|FAILURE|DELAY)$/.test(word));
}

function unsupported(word: string): string {
  return `555 5.5.4 Unsupported option: ${word}`;
}

/** RFC 3461 §4: `+XX` for a byte. */
function decodeXtext(text: string): string | undefined {
  if (/\+(?![0-9A-F]{2})/i.test(text)) return undefined;
  return text.replace(/\+([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}
