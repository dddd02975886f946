/**
 * Reads answers of Redis: RESP2, and RESP3's maps and sets as arrays.
 * @module
 */

/** An answer; statuses and errors with their mark in front. */
export type Answer = string | number | null | Answer[];

/**
 * Reads one answer.
 * @param text one character a byte, and nothing behind the answer.
 */
export function readAnswer(text: string): Answer {
  const { value, end } = readAt(text, 0);
  if (end !== text.length) throw new Error(`${text.length - end} bytes are left`);
  return value;
}

function readAt(text: string, start: number): { value: Answer; end: number } {
  const head = text.indexOf("\r\n", start);
  if (head < 0) throw new Error(`No end of line behind ${start}`);
  const rest = text.slice(start + 1, head);
  const mark = text[start]!;
  if (mark === ":") return { value: Number(rest), end: head + 2 };
  if (mark === "_") return { value: null, end: head + 2 };
  const length = Number(rest);
  if ("$=".includes(mark)) {
    if (length < 0) return { value: null, end: head + 2 };
    return { value: text.slice(head + 2, head + 2 + length), end: head + 4 + length };
  }
  if (!"*~%>".includes(mark)) return { value: mark + rest, end: head + 2 };
  if (length < 0) return { value: null, end: head + 2 };
  const values: Answer[] = [];
  let at = head + 2;
  for (let i = mark === "%" ? length * 2 : length; i > 0; i--) {
    const next = readAt(text, at);
    values.push(next.value);
    at = next.end;
  }
  return { value: values, end: at };
}

/** The same with all that is in arrays sorted, for what comes in no order. */
export function inOrder(answer: Answer): Answer {
  if (!Array.isArray(answer)) return answer;
  const parts = answer.map(inOrder);
  return parts.map((part) => [JSON.stringify(part), part] as const)
    .sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)
    .map(([, part]) => part);
}
