/**
 * The smallest set of Deno permissions with which a config works: the sandbox around the sensor.
 *
 * No right to run programs, to load libraries, or to dial anything but sinks and, for the local
 * commands, the sensor's own encrypted service on the loopback.
 * @module
 */
import type { Config } from "../config/config.ts";
import { findDecoyKind, speaksTls } from "../decoys/registry.ts";
import { formatHostPort, type HostPort } from "../net/address.ts";
import { authorityKeyPath } from "../net/certificates.ts";
import { findCollectorKind } from "../collect/registry.ts";
import { findSinkKind } from "../sinks/registry.ts";
import { findSecrets } from "../sinks/secrets.ts";
import { DEFAULT_CONFIG_FILE } from "./init.ts";

/** Loopback addresses that a listener on every address also answers. */
const LOOPBACKS: Record<string, readonly string[]> = {
  "0.0.0.0": ["127.0.0.1"],
  "::": ["::1", "127.0.0.1"],
};

/**
 * The flags for a sensor.
 * @param config what it is to run.
 * @param configPath where it reads that config; without it, the one that is compiled in, and then
 * `init` may write its file.
 * @returns flags of `deno run` and `deno compile`, not quoted for a shell.
 */
export function permissionFlags(config: Config, configPath?: string): string[] {
  const own = configPath === undefined ? [DEFAULT_CONFIG_FILE] : [];
  const folders = [config.sensor.data, ...certificateFolders(config), ...sinkFiles(config), ...own];
  const read = [
    ...(configPath === undefined ? [] : [configPath]),
    ...certificateFiles(config),
    ...[config.tls.cert, config.tls.key].filter((path) => path !== ""),
    ...config.decoys.flatMap(({ kind, options }) => findDecoyKind(kind)?.paths?.(options) ?? []),
    ...config.sinks.flatMap(({ kind, options }) => findSinkKind(kind)?.reads?.(options) ?? []),
    ...config.collect.flatMap(({ kind, options }) => findCollectorKind(kind)!.reads(options)),
    ...sinkSecrets(config, "file:"),
  ];
  return formatFlags({
    net: netAddresses(config),
    read: [...folders, ...read],
    write: folders,
    sys: ["hostname"],
    env: sinkSecrets(config, "env:"),
  });
}

/**
 * The flags for a copy that only asks a remote sensor: an operator's workstation.
 * @param remote the sensor's encrypted service.
 * @param files certificate of the authority, token, and whatever else is read.
 * @returns flags of `deno run` and `deno compile`, not quoted for a shell.
 */
export function remotePermissionFlags(remote: HostPort, files: readonly string[]): string[] {
  return formatFlags({ net: [formatHostPort(remote)], read: files, write: [], sys: [] });
}

/**
 * Quotes a word for a POSIX shell, only if need be.
 * @param word of any characters.
 */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Where the sensor listens, and what it dials. */
function netAddresses(config: Config): string[] {
  const { listen: outer, inner, enabled } = config.service;
  const service = enabled ? [...outer, inner] : [];
  const local = service.flatMap(({ hostname, port }) =>
    (LOOPBACKS[hostname] ?? []).map((hostname) => ({ hostname, port }))
  );
  const listen = config.decoys.flatMap(({ listen }) => listen);
  const relay = config.decoys.some(speaksTls) ? [config.tls.inner] : [];
  return [
    ...[...listen, ...relay, ...service, ...local].map(formatHostPort),
    ...config.sinks.flatMap(({ kind, options }) => findSinkKind(kind)?.hosts?.(options) ?? []),
    ...config.collect.flatMap(({ kind, options }) => findCollectorKind(kind)!.hosts(options)),
  ];
}

/** Folders in which certificates are made: those below the folder that the sensor runs in. */
function certificateFolders(config: Config): string[] {
  return certificateFiles(config).filter((path) => !path.startsWith("/")).map(folderOf);
}

function certificateFiles({ service }: Config): string[] {
  if (!service.enabled) return [];
  return [service.cert, service.key, service.ca, authorityKeyPath(service.ca)];
}

/** Files of sinks, old ones that rotation leaves included. */
function sinkFiles(config: Config): string[] {
  return config.sinks.flatMap(({ kind, options }) => findSinkKind(kind)?.paths?.(options) ?? []);
}

/** Where the secrets of sinks and collectors are: names of variables, or paths. */
function sinkSecrets(config: Config, scheme: "env:" | "file:"): string[] {
  return [...config.sinks, ...config.collect].flatMap(({ options }) => findSecrets(options))
    .filter((reference) => reference.startsWith(scheme))
    .map((reference) => reference.slice(scheme.length));
}

/** A file's folder; the file itself where that would be the whole working folder, or everything. */
function folderOf(path: string): string {
  const normal = normalizePath(path);
  const folder = normal.split("/").slice(0, -1).join("/");
  return folder === "" || /(^|\/)\.\.$/.test(folder) ? normal : folder;
}

/** A path without `.` and empty parts. */
function normalizePath(path: string): string {
  const root = path.startsWith("/") ? "/" : "";
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return root + parts.join("/") || ".";
}

/** Whether a right to one path, both normalized, covers another. */
function covers(folder: string, path: string): boolean {
  if (folder === path) return false;
  if (folder === ".") return !path.startsWith("/") && path.split("/")[0] !== "..";
  return path.startsWith(folder === "/" ? folder : folder + "/");
}

function formatFlags(
  rights: {
    readonly net: readonly string[];
    readonly read: readonly string[];
    readonly write: readonly string[];
    readonly sys: readonly string[];
    readonly env?: readonly string[];
  },
): string[] {
  const flag = (name: string, values: readonly string[]) =>
    values.length === 0 ? [] : [`--allow-${name}=${[...new Set(values)].join(",")}`];
  return [
    "--no-prompt",
    ...flag("net", rights.net),
    ...flag("read", reducePaths(rights.read)),
    ...flag("write", reducePaths(rights.write)),
    ...flag("sys", rights.sys),
    ...flag("env", ["NO_COLOR", ...rights.env ?? []]),
  ];
}

/** Paths without those that lie in another of them; a comma in one is doubled, as Deno wants it. */
function reducePaths(paths: readonly string[]): string[] {
  const all = [...new Set(paths.map(normalizePath))];
  return all
    .filter((path) => !all.some((other) => covers(other, path)))
    .map((path) => path.replaceAll(",", ",,"));
}
