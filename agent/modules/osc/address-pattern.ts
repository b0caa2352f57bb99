/**
 * Address patterns of OSC 1.0: `?` is any character, `*` any number of them, `[a-f]` and `[!a-f]` one of a set,
 * `{foo,bar}` one of some texts; none of them reaches over a `/`.
 *
 * They come from the network, so matching has no way back: all places that a pattern may have come to are followed at
 * once, which takes pattern length times address length at the most.
 */

/** What one step of a pattern takes. */
type Step =
  | { readonly kind: "one"; readonly takes: (character: string) => boolean }
  | { readonly kind: "many" }
  | { readonly kind: "choice"; readonly texts: readonly string[] };

export type AddressPattern = readonly Step[];

export const isPattern = (address: string): boolean => /[*?[\]{}]/u.test(address);

/** Returns `undefined` when a bracket is not closed, or stands in another. */
export function parseAddressPattern(text: string): AddressPattern | undefined {
  const steps: Step[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if (character === "[" || character === "{") {
      const end = text.indexOf(character === "[" ? "]" : "}", index);
      const inside = text.slice(index + 1, end);
      if (end < 0 || /[[\]{}*?/]/u.test(inside)) return undefined;
      steps.push(character === "[" ? setOf(inside) : { kind: "choice", texts: inside.split(",") });
      index = end;
    } else if (character === "]" || character === "}") return undefined;
    else if (character === "*") steps.push({ kind: "many" });
    else if (character === "?") steps.push({ kind: "one", takes: (each) => each !== "/" });
    else steps.push({ kind: "one", takes: (each) => each === character });
  }
  return steps;
}

export function matchesAddress(pattern: AddressPattern, address: string): boolean {
  let places = new Set([0]);
  for (const step of pattern) {
    const next = new Set<number>();
    for (const place of places) for (const reached of reach(step, address, place)) next.add(reached);
    if (next.size === 0) return false;
    places = next;
  }
  return places.has(address.length);
}

function* reach(step: Step, address: string, from: number): Generator<number> {
  switch (step.kind) {
    case "one":
      if (from < address.length && step.takes(address[from] ?? "")) yield from + 1;
      return;
    case "choice":
      for (const text of step.texts) if (address.startsWith(text, from)) yield from + text.length;
      return;
    case "many": {
      const slash = address.indexOf("/", from);
      const end = slash < 0 ? address.length : slash;
      for (let place = from; place <= end; place += 1) yield place;
    }
  }
}

/** `a-f0-9`; `!` in front turns it round. A `-` at an end stands for itself. */
function setOf(text: string): Step {
  const isTurned = text.startsWith("!");
  const members = isTurned ? text.slice(1) : text;
  const ranges: { readonly from: string; readonly to: string }[] = [];
  for (let index = 0; index < members.length; index += 1) {
    const from = members[index] ?? "";
    const isRange = members[index + 1] === "-" && index + 2 < members.length;
    ranges.push({ from, to: isRange ? (members[index + 2] ?? from) : from });
    if (isRange) index += 2;
  }
  const takes = (character: string): boolean =>
    character !== "/" && ranges.some(({ from, to }) => character >= from && character <= to) !== isTurned;
  return { kind: "one", takes };
}
