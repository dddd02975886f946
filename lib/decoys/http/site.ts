/**
 * What a web server serves: files, and an application behind some paths.
 * @module
 */
import { extensionOf } from "./mime.ts";
import type { Session } from "../decoy.ts";
import { gzip } from "./gzip.ts";

/** Something planted to be taken. */
export interface Lure {
  /** Where it is, such as `/.env`. */
  readonly path: string;
  /** Media type of a page that is made for each request; a file's comes of its name. */
  readonly pageType?: string;
  /** Its content; a page's is asked for at each request. */
  content(nowMs: number): Uint8Array;
  /** When the file was changed, in ms since 1970; the site's own time when absent. */
  readonly modifiedMs?: number;
  /**
   * Told when all or part of it is given away.
   * @param session of the peer that takes it.
   */
  taken(session: Session): void;
}

/** A file of a site. */
export class SiteFile {
  readonly extension: string;
  /** When it was changed, as a header has it. */
  readonly lastModified: string;
  /** When it was changed, in seconds since 1970. */
  readonly modified: number;
  readonly #gzipped: Uint8Array[] = [];

  /**
   * @param name such as `/assets/site.css`.
   * @param bytes its content.
   * @param modifiedMs when it was changed, in ms since 1970.
   * @param lure what it is planted as.
   */
  constructor(
    readonly name: string,
    readonly bytes: Uint8Array,
    readonly modifiedMs: number,
    readonly lure?: Lure,
  ) {
    this.extension = extensionOf(name);
    this.lastModified = new Date(modifiedMs).toUTCString();
    this.modified = Math.floor(modifiedMs / 1000);
  }

  /** Its content compressed; made once. */
  gzipped(extraFlags: 0 | 4): Uint8Array {
    return this.#gzipped[extraFlags] ??= gzip(this.bytes, extraFlags);
  }
}

/** A request to the application. Texts are octet strings. */
export interface AppRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string | undefined;
  /** Whether a user name or a password came with it. */
  readonly hasCredentials: boolean;
  /** Whether TLS is spoken. */
  readonly isSecure: boolean;
  /** In ms since 1970. */
  readonly nowMs: number;
  /** A fresh value for a session cookie: 32 hex digits. */
  readonly sessionId: string;
}

/** What the application says. */
export interface AppReply {
  readonly status: number;
  /** Fields of the application's own, in its order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Media type with its parameters. */
  readonly type: string;
  readonly body: Uint8Array;
  /** How long it thinks, in ms: from and to. */
  readonly pauseMs: readonly [number, number];
  readonly lure?: Lure;
}

/** An application behind some paths. */
export interface App {
  /** Whether a path is one of its own. */
  owns(path: string): boolean;
  answer(request: AppRequest): AppReply;
}

/** Files by path, the directories that they make, and an application. */
export class Site {
  readonly #files = new Map<string, SiteFile>();
  readonly #directories = new Map<string, number>([["/", 0]]);
  readonly #pages = new Map<string, Lure>();
  readonly #app: App | undefined;

  /**
   * @param files names begin with a slash.
   * @param app answers some paths, before files are looked for.
   */
  constructor(files: Iterable<SiteFile>, app?: App) {
    this.#app = app;
    for (const file of files) this.#add(file);
  }

  /**
   * Plants things that are worth stealing. What the site has at their paths is no more.
   * @param lures few.
   */
  plant(lures: Iterable<Lure>): void {
    const newest = Math.max(0, ...[...this.#files.values()].map(({ modifiedMs }) => modifiedMs));
    for (const lure of lures) {
      const { path, pageType, modifiedMs = newest } = lure;
      if (pageType !== undefined) this.#pages.set(path, lure);
      else this.#add(new SiteFile(path, lure.content(modifiedMs), modifiedMs, lure));
    }
  }

  /** The file of a path, as UTF-8 octets. */
  file(path: string): SiteFile | undefined {
    return this.#files.get(path);
  }

  /** Whether a path that ends with a slash is a directory. */
  isDirectory(path: string): boolean {
    return this.#directories.has(path);
  }

  /** What is directly in a directory, by name; directories end with a slash. */
  entries(directory: string): { name: string; file: SiteFile | undefined; modifiedMs: number }[] {
    const found = new Map<string, { file: SiteFile | undefined; modifiedMs: number }>();
    for (const file of this.#files.values()) {
      if (!file.name.startsWith(directory)) continue;
      const rest = file.name.slice(directory.length);
      const slash = rest.indexOf("/");
      if (slash < 0) found.set(rest, { file, modifiedMs: file.modifiedMs });
      else {
        const name = rest.slice(0, slash + 1);
        const modifiedMs = this.#directories.get(directory + name) ?? file.modifiedMs;
        found.set(name, { file: undefined, modifiedMs });
      }
    }
    return [...found].map(([name, entry]) => ({ name, ...entry }))
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** Whether a path is answered by a program. */
  isApp(path: string): boolean {
    return this.#pages.has(path) || (this.#app?.owns(path) ?? false);
  }

  /** The answer of the program behind a path. */
  answer(request: AppRequest): AppReply {
    const page = this.#pages.get(request.path);
    if (page === undefined) return this.#app!.answer(request);
    const type = page.pageType!;
    const body = page.content(request.nowMs);
    return { status: 200, headers: [], type, body, pauseMs: [0, 0], lure: page };
  }

  #add(file: SiteFile): void {
    this.#files.set(file.name, file);
    for (let at = file.name.lastIndexOf("/"); at >= 0; at = file.name.lastIndexOf("/", at - 1)) {
      const directory = file.name.slice(0, at + 1);
      const before = this.#directories.get(directory) ?? 0;
      this.#directories.set(directory, Math.max(before, file.modifiedMs));
      if (at === 0) break;
    }
  }
}
