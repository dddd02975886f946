/**
 * The parts of an event's wire form (ECS JSON) that end-to-end tests look at.
 * @module
 */

/** An event as it is read from the journal, the feed or a file. */
export interface WireEvent {
  readonly "@timestamp": string;
  readonly message: string;
  readonly event: {
    readonly action: string;
    readonly sequence: number;
    readonly severity: number;
    readonly provider: string;
    readonly id: string;
    readonly outcome?: string;
  };
  readonly source?: { readonly ip: string; readonly port: number; readonly bytes?: number };
  readonly user?: { readonly name?: string };
  readonly url?: { readonly original?: string };
  readonly http?: {
    readonly request?: {
      readonly method?: string;
      readonly body?: { readonly bytes?: number; readonly content?: string };
    };
    readonly response?: { readonly status_code?: number };
  };
  readonly file?: { readonly name?: string; readonly hash: { readonly sha256: string } };
  readonly process?: { readonly command_line?: string };
  readonly user_agent?: { readonly original?: string };
  // deno-lint-ignore no-explicit-any -- a test names the parts that it looks at
  readonly duckblind?: any;
}

/** Whether an event is a tried name and password. */
export function isAttempt(username: string, password: string) {
  return (event: WireEvent) =>
    event.event.action === "credential-attempt" && event.user?.name === username &&
    event.duckblind?.credential?.password === password;
}

/** How many of these events match. */
export function count(events: readonly WireEvent[], test: (event: WireEvent) => boolean): number {
  return events.filter(test).length;
}
