/**
 * The TLS that decoys speak: one certificate, as of one host, and one relay for all of them.
 *
 * The certificate has nothing to do with the encrypted service's. It is the operator's own, or made once
 * as Debian's ssl-cert package makes it, and kept with the decoys' secrets.
 * @module
 */
import { readKeyPair } from "../net/key_pair.ts";
import type { HostPort } from "../net/address.ts";
import type { Stream } from "../net/stream.ts";
import { type KeyPair, RelayError, TlsRelay, type TlsStream } from "../net/tls_relay.ts";
import { logger } from "../log.ts";
import type { SecretStore } from "./decoy.ts";

const log = logger("decoys");

/** Files in the store. */
const CERT = "tls.pem";
const KEY = "tls.key";
const DAY_MS = 86_400_000;
/** Between how many days ago the host may seem to have been installed. */
const MIN_AGE_DAYS = 40;
const AGE_SPAN_DAYS = 400;

/** What it is made of. */
export interface DecoyTlsOptions {
  /** Where TLS ends, on the loopback. */
  readonly address: HostPort;
  /** Files of the operator's certificate and key; empty for one of our own. */
  readonly cert: string;
  readonly key: string;
  /** Name in a certificate of our own. */
  readonly hostname: string;
  readonly store: SecretStore;
  /** Stable bytes, for the day on which the certificate seems to have been made. */
  readonly seed: Uint8Array;
}

/** TLS for the connections of decoys. */
export class DecoyTls {
  readonly #options: DecoyTlsOptions;
  #relay: Promise<TlsRelay> | undefined;

  /** @param options nothing is opened or made before the first `prepare` or `wrap`. */
  constructor(options: DecoyTlsOptions) {
    this.#options = options;
  }

  /**
   * Makes ready, without waiting for it: a new certificate takes up to a second.
   * @throws when the operator's certificate cannot be read or used.
   */
  async prepare(): Promise<void> {
    const relay = this.#open();
    if (this.#options.cert !== "") await relay;
    relay.catch((error) => {
      log.error("Decoys have no TLS: {error}", {
        error: error instanceof Error ? error.message : String(error),
      });
    });
  }

  /**
   * Puts TLS into a connection.
   * @param peer the connection; read and closed by nobody else from now on.
   * @param first what was read of it already.
   * @throws {RelayError} when there is no TLS at the moment.
   */
  async wrap(peer: Stream, first: Uint8Array): Promise<TlsStream> {
    let relay: TlsRelay;
    try {
      relay = await this.#open();
    } catch (error) {
      throw new RelayError(error instanceof Error ? error.message : String(error), {
        cause: error,
      });
    }
    return await relay.wrap(peer, first);
  }

  /** Closes the relay; connections go on. */
  async close(): Promise<void> {
    const relay = await this.#relay?.catch(() => undefined);
    await relay?.close();
  }

  #open(): Promise<TlsRelay> {
    return this.#relay ??= this.#keys().then((keys) => {
      const { address } = this.#options;
      const relay = new TlsRelay({ address, label: "tls.inner", ...keys });
      if (relay.trouble !== "") {
        log.error("Decoys have no TLS: {trouble}; trying again", { trouble: relay.trouble });
      }
      return relay;
    });
  }

  async #keys(): Promise<KeyPair> {
    const { cert, key, store } = this.#options;
    if (cert !== "") return await readKeyPair({ cert, key });
    const decoder = new TextDecoder();
    const kept = { cert: await store.read(CERT), key: await store.read(KEY) };
    if (kept.cert !== undefined && kept.key !== undefined) {
      return { cert: decoder.decode(kept.cert), key: decoder.decode(kept.key) };
    }
    return await this.#make();
  }

  async #make(): Promise<KeyPair> {
    const { hostname, store, seed } = this.#options;
    const share = new DataView(seed.buffer, seed.byteOffset).getUint32(0) / 2 ** 32;
    const ageMs = (MIN_AGE_DAYS + AGE_SPAN_DAYS * share) * DAY_MS;
    // Loaded only to make one: the library is heavy.
    const { createSelfSigned } = await import("../net/certificate_authority.ts");
    const keys = await createSelfSigned(hostname, Date.now() - ageMs);
    const encoder = new TextEncoder();
    await store.write(KEY, encoder.encode(keys.key));
    await store.write(CERT, encoder.encode(keys.cert));
    return keys;
  }
}
