/**
 * Addresses as an operator writes them: `host:port`, `[::1]:port`, and CIDR blocks.
 * @module
 */

/** An address to listen on or to dial. */
export interface HostPort {
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** A block of addresses. */
export interface Cidr {
  /** 4 or 16 bytes. */
  readonly bytes: Uint8Array;
  /** Leading bits that must agree. */
  readonly bits: number;
}

/**
 * Parses `host:port`.
 * @param text `127.0.0.1:80`, `[::1]:80` or `name:80`; port 1 to 65535, or 0 where the system is to
 * choose.
 * @returns `undefined` when it is not of that form.
 */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const hostname = match[1] ?? match[2]!;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  if (match[1] !== undefined && parseIp(hostname)?.length !== 16) return undefined;
  if (/^[\d.]+$/.test(hostname) && parseIp(hostname) === undefined) return undefined;
  return { hostname, port };
}

/**
 * Formats an address.
 * @param address host and port.
 * @returns with brackets around IPv6.
 */
export function formatHostPort(address: HostPort): string {
  const { hostname, port } = address;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/**
 * Parses an address.
 * @param text IPv4 in four decimal parts, or IPv6.
 * @returns 4 or 16 bytes; `undefined` when it is neither.
 */
export function parseIp(text: string): Uint8Array | undefined {
  if (!text.includes(":")) return parseIpv4(text);
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, i) => parseGroups(half, i === halves.length - 1));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const length = head.length + (tail?.length ?? 0);
  if (halves.length === 1 ? length !== 16 : length > 14) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  if (tail !== undefined) bytes.set(tail, 16 - tail.length);
  return bytes;
}

/**
 * Parses `address/bits`; a bare address is a block of one.
 * @param text such as `10.0.0.0/8` or `2001:db8::/32`.
 * @returns `undefined` when it is not of that form.
 */
export function parseCidr(text: string): Cidr | undefined {
  const [address = "", bitsText, ...rest] = text.split("/");
  const bytes = parseIp(address);
  if (bytes === undefined || rest.length > 0) return undefined;
  const most = bytes.length * 8;
  if (bitsText === undefined) return { bytes, bits: most };
  if (!/^\d{1,3}$/.test(bitsText) || Number(bitsText) > most) return undefined;
  return { bytes, bits: Number(bitsText) };
}

/**
 * Whether a block holds an address. IPv4 addresses are in IPv4 blocks only.
 * @param cidr the block.
 * @param address 4 or 16 bytes.
 */
export function cidrHolds(cidr: Cidr, address: Uint8Array): boolean {
  if (cidr.bytes.length !== address.length) return false;
  const whole = cidr.bits >> 3;
  for (let i = 0; i < whole; i++) if (cidr.bytes[i] !== address[i]) return false;
  const rest = cidr.bits & 7;
  if (rest === 0) return true;
  const mask = 0xff << (8 - rest);
  return ((cidr.bytes[whole]! ^ address[whole]!) & mask) === 0;
}

/**
 * An address as events have it: IPv4 that is mapped into IPv6 becomes IPv4, a zone is dropped.
 * @param ip as the system gives it.
 */
export function normalizeIp(ip: string): string {
  const bare = ip.split("%", 1)[0]!.toLowerCase();
  return bare.startsWith("::ffff:") && bare.includes(".") ? bare.slice(7) : bare;
}

/**
 * What counts as one source: an IPv4 address, or the /64 of an IPv6 one.
 * @param ip as `normalizeIp` gives it.
 * @returns a key.
 */
export function sourceKey(ip: string): string {
  if (!ip.includes(":")) return ip;
  const bytes = parseIp(ip);
  return bytes === undefined
    ? ip
    : Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Four decimal numbers; on the path of every connection, hence by hand. No leading zeros, which some
 * programs read as octal: RFC 6943 §3.1.1.
 */
function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  let part = 0;
  let digits = 0;
  let value = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? 0x2e : text.charCodeAt(at);
    if (code === 0x2e) {
      if (digits === 0 || value > 255 || part > 3) return undefined;
      bytes[part++] = value;
      digits = value = 0;
    } else if (code >= 0x30 && code <= 0x39 && digits < 3 && (digits === 0 || value > 0)) {
      value = value * 10 + code - 0x30;
      digits++;
    } else {
      return undefined;
    }
  }
  return part === 4 ? bytes : undefined;
}

/** Hex groups of one side of `::`; the last of the whole address may be IPv4. */
function parseGroups(text: string, isLastSide: boolean): number[] | undefined {
  const bytes: number[] = [];
  if (text === "") return bytes;
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    if (group.includes(".") && isLastSide && i === groups.length - 1) {
      const ipv4 = parseIp(group);
      if (ipv4?.length !== 4) return undefined;
      bytes.push(...ipv4);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else {
      return undefined;
    }
  }
  return bytes;
}
