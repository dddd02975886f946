/**
 * One request on the way: what of its body is kept, which credentials it has, and its events.
 * @module
 */
import type { Session } from "../decoy.ts";
import { Capture } from "../../net/digest.ts";
import { isAttack } from "./attacks.ts";
import { type Credential, findCredentials } from "./credentials.ts";
import { headerValue, type RequestHead } from "./head.ts";
import { boundaryOf, MultipartReader } from "./multipart.ts";
import { escapeOctets } from "../../net/latin1.ts";

/** Most files of one request that become events. */
const MAX_PAYLOADS = 16;
const NOTHING = new Uint8Array(0);

/** A request's content and report. */
export class RequestRecord {
  readonly head: RequestHead;
  readonly #captureBytes: number;
  readonly #parts: MultipartReader | undefined;
  #body: Capture | undefined;
  #credentials: readonly Credential[] | undefined;
  #isReported = false;

  /**
   * @param head the request's.
   * @param captureBytes how much of the body and of each file is kept.
   */
  constructor(head: RequestHead, captureBytes: number) {
    this.head = head;
    this.#captureBytes = captureBytes;
    const type = headerValue(head, "content-type");
    const boundary = type === undefined ? undefined : boundaryOf(type);
    if (boundary !== undefined) this.#parts = new MultipartReader(boundary, captureBytes);
  }

  /** Takes content of the body. */
  add(content: Uint8Array): void {
    this.#body ??= new Capture(this.#captureBytes);
    this.#body.add(content);
    this.#parts?.add(content);
  }

  /** The credentials, once all of the body is there. */
  credentials(): readonly Credential[] {
    return this.#credentials ??= findCredentials(this.head, {
      type: headerValue(this.head, "content-type") ?? "",
      body: this.#body?.bytes() ?? NOTHING,
      parts: this.#parts?.parts ?? [],
    });
  }

  /**
   * Reports the request, once.
   * @param session whose request it is.
   * @param status of the answer; 0 for none.
   */
  report(session: Session, status: number): void {
    if (this.#isReported) return;
    this.#isReported = true;
    const { head } = this;
    const credentials = this.credentials();
    const body = this.#body;
    session.emit("http.request", {
      method: escapeOctets(head.method),
      target: escapeOctets(head.target),
      version: head.version,
      headers: head.headers.map(([name, value]) =>
        [escapeOctets(name), escapeOctets(value)] as const
      ),
      body: body?.bytes() ?? NOTHING,
      bodyBytes: body?.size ?? 0,
      ...(body === undefined || body.size === 0 ? {} : { bodySha256: body.sha256() }),
      status,
      ...(isAttack(head.target, head.headers) ? { attack: true } : {}),
      ...(credentials.length > 0 ? { credentials: true } : {}),
    });
    for (const credential of credentials) session.emit("auth.attempt", credential);
    const files = this.#parts?.parts.filter((part) => part.fileName !== undefined) ?? [];
    for (const { fileName = "", type, content } of files.slice(0, MAX_PAYLOADS)) {
      if (fileName === "" && content.size === 0) continue; // a file field that was left empty
      session.emit("payload", {
        name: escapeOctets(fileName),
        ...(type === undefined ? {} : { mimeType: escapeOctets(type) }),
        bytes: content.bytes(),
        size: content.size,
        sha256: content.sha256(),
      });
    }
  }
}
