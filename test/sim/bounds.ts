/**
 * Bounds of the product that a world can have smaller, so that what people do in half a minute reaches them: the loader
 * lets `limits.ts` take them from here, and everybody reads them there.
 */

export const narrowBounds = {
  queueMessagesMax: 12,
  /** One picture, and not a second one. */
  queueBytesMax: 100 * 1024,
  nodeQueueMessagesMax: 12,
  nodeQueueBytesMax: 100 * 1024,
  /** What is on its way stands beside what waits, and shall not hide it. */
  batchEntriesMax: 4,
  nodeBatchEntriesMax: 4,
} as const;

type Bound = keyof typeof narrowBounds;
export type Bounds = Readonly<Partial<Record<Bound, number>>>;

let setInLimits: ((bounds: Bounds) => void) | undefined;

/**
 * For what the loader adds to `limits.ts`.
 * @public
 */
export function boundsAreSetBy(set: (bounds: Bounds) => void): void {
  setInLimits = set;
}

/** Of the world that begins; what is not said is as in the product. */
export function setBounds(bounds: Bounds): void {
  if (setInLimits === undefined) throw new Error(`bounds cannot be set: the loader is not in place`);
  setInLimits(bounds);
}

/** The source of `limits.ts`, with bounds that can be set. */
export function withBounds(source: string): string {
  let settable = source;
  const sets: string[] = [];
  for (const name of Object.keys(narrowBounds)) {
    const found = new RegExp(`^export const ${name} = ([^;]+);`, "m").exec(settable);
    if (found === null) throw new Error(`there is no bound ${name}`);
    settable = settable.replace(found[0], `export let ${name} = ${found[1]};`);
    sets.push(`${name} = to.${name} ?? ${found[1]};`);
  }
  const own = JSON.stringify(import.meta.url);
  return `import { boundsAreSetBy } from ${own};\n${settable}\nboundsAreSetBy((to) => { ${sets.join(" ")} });\n`;
}
