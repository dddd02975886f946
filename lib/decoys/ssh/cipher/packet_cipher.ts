/**
 * What protects packets, seen from the packet layer: one object for each direction and set of keys.
 *
 * A packet in clear is `u32 packet_length ‖ u8 padding_length ‖ payload ‖ padding` (RFC 4253 §6); on
 * the wire `tagBytes` of MAC or AEAD tag follow. Sequence numbers are the caller's.
 * @module
 */

/** What sealing and opening have in common. */
export interface PacketCipherShape {
  /** Padding makes this many bytes' multiples (RFC 4253 §6): at least 8. */
  readonly blockBytes: number;
  /** MAC or tag behind each packet, in bytes. */
  readonly tagBytes: number;
  /**
   * Whether `packet_length` stands outside of what is padded and encrypted with the rest: with AES-GCM
   * (RFC 5647), ChaCha20-Poly1305 and the encrypt-then-MAC forms.
   */
  readonly isLengthApart: boolean;
}

/** Protects what we send. */
export interface Sealer extends PacketCipherShape {
  /**
   * @param packet the packet in clear; may be overwritten.
   * @param sequence its number, 0 to 2^32-1.
   * @returns what goes out: the packet and its tag.
   */
  seal(packet: Uint8Array, sequence: number): Uint8Array;
}

/** Takes the protection off what arrives. First `openLength`, then `open`, for each packet. */
export interface Opener extends PacketCipherShape {
  /** How many of a packet's first bytes `openLength` takes: 4, or a block when it is encrypted too. */
  readonly headBytes: number;
  /**
   * Learns `packet_length` of the next packet.
   * @param head its first `headBytes` bytes, as they came; unchanged.
   * @param sequence its number.
   */
  openLength(head: Uint8Array, sequence: number): number;
  /**
   * Checks and decrypts the packet of the last `openLength`.
   * @param sealed all of it as it came, from its first byte, with the tag; may be overwritten.
   * @param sequence its number.
   * @returns the packet in clear, without tag; `null` when the tag is wrong.
   */
  open(sealed: Uint8Array, sequence: number): Uint8Array | null;
}
