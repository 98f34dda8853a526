/** Where is measured: a star around the first value of each axis, or the whole grid. */

export interface Place {
  /** ggml's name of the weights' type; "files" for given models. */
  type: string;
  prefix: number;
  topK: number;
  slots: number;
}

export type Axes = { readonly [Axis in keyof Place]: readonly Place[Axis][] };

export function star(axes: Axes): Place[] {
  const base = placeOf(axes);
  const others = (Object.keys(axes) as (keyof Place)[]).flatMap((axis) => axes[axis].slice(1).map((value) => ({ ...base, [axis]: value })));
  return [base, ...others];
}

export function grid({ type, prefix, topK, slots }: Axes): Place[] {
  return type.flatMap((t) => prefix.flatMap((p) => topK.flatMap((k) => slots.map((s) => ({ type: t, prefix: p, topK: k, slots: s })))));
}

function placeOf({ type: [type = ""], prefix: [prefix = 0], topK: [topK = 0], slots: [slots = 0] }: Axes): Place {
  return { type, prefix, topK, slots };
}
