/**
 * What all connections of one SSH decoy share.
 * @module
 */
import type { AuthOptions } from "./auth_profile.ts";
import type { LongWork } from "./kex/long_work.ts";
import type { Moduli } from "./kex/moduli.ts";
import type { ShortWork } from "./kex/short_work.ts";
import type { HostKeys } from "./keys/host_keys.ts";
import type { PacketBudget } from "./packet.ts";
import type { Product } from "./product.ts";

/** One SSH server. */
export interface SshServer {
  readonly product: Product;
  readonly hostKeys: HostKeys;
  readonly longWork: LongWork;
  readonly shortWork: ShortWork;
  readonly auth: AuthOptions;
  readonly budget: PacketBudget;
  /** Loads the groups for group exchange, once. */
  moduli(): Promise<Moduli>;
}
