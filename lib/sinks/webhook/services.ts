/**
 * The services that people read, by the name of their preset.
 * @module
 */
import type { PresetName } from "./address.ts";
import { discord } from "./discord.ts";
import { mattermost } from "./mattermost.ts";
import { ntfy } from "./ntfy.ts";
import { pagerduty } from "./pagerduty.ts";
import type { Service } from "./service.ts";
import { slack } from "./slack.ts";
import { teams } from "./teams.ts";
import { telegram } from "./telegram.ts";

/** Every service. */
export const SERVICES: Readonly<Record<PresetName, Service>> = {
  slack,
  teams,
  discord,
  mattermost,
  telegram,
  ntfy,
  pagerduty,
};
