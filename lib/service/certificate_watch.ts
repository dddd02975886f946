/**
 * Warns of a certificate that runs out.
 * @module
 */
import { logger } from "../log.ts";
import { certificateInfo } from "../net/certificate_info.ts";

const log = logger("service");

const DAY_MS = 86_400_000;
/** How long before its end a certificate is warned of, in ms. */
const WARN_MS = 30 * DAY_MS;

/**
 * How long a certificate is good for, in whole days.
 * @param pem the certificate.
 * @param nowMs wall clock, in ms since 1970.
 * @returns `undefined` while there is no need to care; below 0 when it has run out.
 */
export function daysLeft(pem: string, nowMs: number): number | undefined {
  const leftMs = certificateInfo(pem).expiresAt - nowMs;
  return leftMs > WARN_MS ? undefined : Math.floor(leftMs / DAY_MS);
}

/** Looks at a certificate's file once a day. */
export class CertificateWatch {
  readonly #timer: ReturnType<typeof setInterval>;
  /** The file; may change at a reload. */
  path: string;

  /** @param path of the certificate; looked at now, and then daily. */
  constructor(path: string) {
    this.path = path;
    this.look();
    this.#timer = setInterval(() => this.look(), DAY_MS);
  }

  /** Looks now. */
  look(): void {
    try {
      const days = daysLeft(Deno.readTextFileSync(this.path), Date.now());
      if (days === undefined) return;
      log.warn(
        "Certificate {path} {state}: duckblind certs --renew makes a new one, SIGHUP uses it",
        {
          path: this.path,
          state: days < 0 ? "has run out" : `runs out in ${days} days`,
        },
      );
    } catch (error) {
      log.warn("Cannot tell until when certificate {path} is good: {error}", {
        path: this.path,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** Ends; twice is fine. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
