/**
 * What an SSH client says of itself before anything is encrypted.
 * @module
 */

/** The ten name lists of a KEXINIT (RFC 4253 §7.1); names are escaped, in the client's order. */
export interface SshNameLists {
  readonly kexAlgorithms: readonly string[];
  readonly hostKeyAlgorithms: readonly string[];
  readonly ciphersClientToServer: readonly string[];
  readonly ciphersServerToClient: readonly string[];
  readonly macsClientToServer: readonly string[];
  readonly macsServerToClient: readonly string[];
  readonly compressionClientToServer: readonly string[];
  readonly compressionServerToClient: readonly string[];
  readonly languagesClientToServer: readonly string[];
  readonly languagesServerToClient: readonly string[];
}

/** Algorithms that both sides agreed on; what they do not agree on is absent, as is a MAC not needed. */
export interface SshChosen {
  readonly kex?: string;
  readonly hostKey?: string;
  readonly cipherClientToServer?: string;
  readonly cipherServerToClient?: string;
  readonly macClientToServer?: string;
  readonly macServerToClient?: string;
}

/** A client's version and, once its KEXINIT has come, all of that. */
export interface SshClient extends Partial<SshNameLists> {
  /** Version line without its end, escaped. */
  readonly clientVersion: string;
  /** Hex MD5 of `hasshAlgorithms` as it came. */
  readonly hassh?: string;
  /** `kex;ciphers;macs;compression` from client to server, escaped. */
  readonly hasshAlgorithms?: string;
  /** Whether the client sent a packet for the key exchange that it guessed. */
  readonly firstKexPacketFollows?: boolean;
  readonly chosen?: SshChosen;
}
