/**
 * Favicons, drawn by code.
 *
 * An ICO file: header (0..1 zero, 2..3 type 1, 4..5 count), one entry of 16 bytes an image, then each
 * image as a bitmap without file header, 32 bits a pixel, bottom row first, and its mask.
 * @module
 */

/** A colour: red, green, blue. */
export type Colour = readonly [number, number, number];

/** Whether a point of the unit square is painted, and by which of the two colours. */
export type Drawing = (x: number, y: number) => "ground" | "figure" | "none";

const SIZES = [16, 32];

/**
 * Draws a favicon of 16 and 32 pixels.
 * @param drawing the shape, from the top left corner.
 * @param colours of ground and figure.
 */
export function drawIcon(
  drawing: Drawing,
  colours: { ground: Colour; figure: Colour },
): Uint8Array<ArrayBuffer> {
  const images = SIZES.map((size) => bitmap(size, drawing, colours));
  const head = 6 + 16 * images.length;
  const out = new Uint8Array(head + images.reduce((sum, image) => sum + image.length, 0));
  const view = new DataView(out.buffer);
  view.setUint16(2, 1, true);
  view.setUint16(4, images.length, true);
  let at = head;
  for (const [i, image] of images.entries()) {
    const entry = 6 + 16 * i;
    out[entry] = out[entry + 1] = SIZES[i]!;
    view.setUint16(entry + 4, 1, true);
    view.setUint16(entry + 6, 32, true);
    view.setUint32(entry + 8, image.length, true);
    view.setUint32(entry + 12, at, true);
    out.set(image, at);
    at += image.length;
  }
  return out;
}

function bitmap(
  size: number,
  drawing: Drawing,
  { ground, figure }: { ground: Colour; figure: Colour },
): Uint8Array {
  const maskRow = Math.ceil(size / 32) * 4;
  const out = new Uint8Array(40 + size * size * 4 + maskRow * size);
  const view = new DataView(out.buffer);
  view.setUint32(0, 40, true);
  view.setInt32(4, size, true);
  view.setInt32(8, size * 2, true); // colours and mask
  view.setUint16(12, 1, true);
  view.setUint16(14, 32, true);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [colour, alpha] = pixel(column, size - 1 - row, size);
      const at = 40 + (row * size + column) * 4;
      out.set([colour[2], colour[1], colour[0], alpha], at);
    }
  }
  return out;

  /** Four samples a pixel make the edges smooth. */
  function pixel(column: number, row: number, of: number): [Colour, number] {
    let [red, green, blue, painted] = [0, 0, 0, 0];
    for (const [dx, dy] of [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]] as const) {
      const what = drawing((column + dx) / of, (row + dy) / of);
      if (what === "none") continue;
      const colour = what === "ground" ? ground : figure;
      red += colour[0];
      green += colour[1];
      blue += colour[2];
      painted++;
    }
    if (painted === 0) return [[0, 0, 0], 0];
    const mean = (sum: number) => Math.round(sum / painted);
    return [[mean(red), mean(green), mean(blue)], Math.round(painted * 63.75)];
  }
}
