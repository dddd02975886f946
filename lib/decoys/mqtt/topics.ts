/**
 * Names of topics and filters: MQTT 5 §4.7.
 * @module
 */

/** Most levels that the broker takes. */
const MAX_LEVELS = 201;

/** Whether a message may be published to it. */
export function isTopic(topic: string): boolean {
  return topic !== "" && !/[#+]/.test(topic) && hasFewLevels(topic);
}

/** Whether one may subscribe to it. */
export function isFilter(filter: string): boolean {
  if (filter === "" || !hasFewLevels(filter)) return false;
  const levels = filter.split("/");
  return levels.every((level, i) =>
    level === "+" || (level === "#" && i === levels.length - 1) || !/[#+]/.test(level)
  );
}

/** The filter itself of a subscription that may be shared, and its group. */
export function sharedFilter(filter: string): { group: string | undefined; filter: string } {
  const match = /^\$share\/([^/]*)\/(.*)$/s.exec(filter);
  return match === null
    ? { group: filter.startsWith("$share/") ? filter : undefined, filter }
    : { group: match[1]!, filter: match[2]! };
}

/** Whether a filter takes in a topic. */
export function matches(filter: string, topic: string): boolean {
  if (topic.startsWith("$") !== filter.startsWith("$")) return false;
  const [wanted, levels] = [filter.split("/"), topic.split("/")];
  for (const [i, level] of wanted.entries()) {
    if (level === "#") return true;
    if (i >= levels.length || (level !== "+" && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}

/** The order in which the broker finds filters: at each level names, then `+`, then `#`. */
export function compareFilters(a: string, b: string): number {
  const [left, right] = [a.split("/"), b.split("/")];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = rank(left[i]!) - rank(right[i]!);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function rank(level: string): number {
  return level === "#" ? 2 : level === "+" ? 1 : 0;
}

function hasFewLevels(topic: string): boolean {
  return (topic.match(/\//g)?.length ?? 0) < MAX_LEVELS;
}
