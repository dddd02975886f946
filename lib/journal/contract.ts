/**
 * What a journal is told when it is opened, and what it tells.
 * @module
 */

/** How a journal is kept. */
export interface JournalOptions {
  /** Events that may wait in memory while the disk fails; not more than 64 MiB of them in any case. */
  readonly ringEvents?: number;
  /** Size of the file at which the disk counts as full, in pages (for tests). */
  readonly maxPages?: number;
  /** Told when writing fails, and what is the matter. */
  readonly onDegraded?: (detail: string) => void;
  /** Told when writing works again, and how many events were lost meanwhile. */
  readonly onRecovered?: (detail: string, lost: number) => void;
}

/** Where a reader of the journal stands. */
export interface Cursor {
  /** It has dealt with everything up to here. */
  readonly sequence: number;
  /** Whatever else it wants to find again; empty for nothing. */
  readonly state: string;
}

/** How the journal is doing. */
export interface JournalStatus {
  readonly lastSequence: number;
  readonly committedSequence: number;
  readonly firstSequence: number;
  /** Events waiting for the disk. */
  readonly waiting: number;
  /** Events lost since the start. */
  readonly lost: number;
  /** Size of the file's used part, in bytes. */
  readonly bytes: number;
  /** What is wrong; absent when all is well. */
  readonly trouble?: string;
}
