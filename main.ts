/**
 * Duckblind: network services that exist to be attacked, and an encrypted one that tells who did.
 * @module
 */
import { main } from "./lib/cli/main.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
