/**
 * Aligned columns.
 * @module
 */

/**
 * Formats rows in columns as wide as their widest cell; columns of numbers stand to the right.
 * @param rows the first is the heading.
 * @param isColor whether the heading is bold.
 * @returns lines without trailing spaces.
 */
export function formatTable(
  rows: readonly (readonly (string | number)[])[],
  isColor: boolean,
): string[] {
  const [heading = [], ...body] = rows;
  const isNumeric = heading.map((_, i) =>
    body.length > 0 && body.every((row) => typeof row[i] === "number" || row[i] === "")
  );
  const widths = heading.map((_, i) => Math.max(...rows.map((row) => String(row[i] ?? "").length)));
  return rows.map((row, at) => {
    const line = row.map((cell, i) =>
      isNumeric[i] ? String(cell).padStart(widths[i]!) : String(cell).padEnd(widths[i]!)
    ).join("  ").trimEnd();
    return isColor && at === 0 ? `\x1b[1m${line}\x1b[0m` : line;
  });
}
