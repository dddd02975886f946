/**
 * The known fields as a tree, as their names lie within one another.
 * @module
 */
import { FIELDS, type FieldType } from "./fields.ts";

/** A known name: a field with its type, or an object with the names in it. */
export interface FieldNode {
  /** Its last part. */
  readonly name: string;
  /** Its dotted name; empty for the root. */
  readonly path: string;
  /** Absent for an object. */
  readonly type: FieldType | undefined;
  readonly names: Map<string, FieldNode>;
}

/** All known names, in the order of `FIELDS`. */
export const FIELD_TREE: FieldNode = { name: "", path: "", type: undefined, names: new Map() };

for (const [path, [type]] of Object.entries(FIELDS)) {
  let node = FIELD_TREE;
  const names = path.split(".");
  for (const [i, name] of names.entries()) {
    let next = node.names.get(name);
    if (next === undefined) {
      const isField = i === names.length - 1;
      next = {
        name,
        path: names.slice(0, i + 1).join("."),
        type: isField ? type : undefined,
        names: new Map(),
      };
      node.names.set(name, next);
    }
    node = next;
  }
}
