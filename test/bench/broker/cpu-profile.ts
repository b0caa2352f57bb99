/** Reads what `node --cpu-prof` writes: where the time of one thread went. */
import * as z from "zod/mini";

const profile = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({
        functionName: z.string(),
        url: z.string(),
        lineNumber: z.number(),
        columnNumber: z.number(),
      }),
    }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

/** Where a function begins; from 1, as editors count. */
export interface SourcePlace {
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

export interface ProfiledFunction {
  readonly name: string;
  /** Of the time in which the thread did anything, 0 to 1. */
  readonly share: number;
  readonly milliseconds: number;
  readonly place: SourcePlace;
}

/** What V8 calls the time in which nothing ran. */
const idle = "(idle)";

/** Functions by the time spent in themselves and not in what they called, most first. */
export function busiestFunctions(text: string, count: number): readonly ProfiledFunction[] {
  const { nodes, samples, timeDeltas } = profile.parse(JSON.parse(text));
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const spent = new Map<string, { name: string; place: SourcePlace; micros: number }>();
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    const micros = timeDeltas[index] ?? 0;
    if (frame === undefined || frame.functionName === idle) continue;
    busy += micros;
    const place = { url: frame.url, line: frame.lineNumber + 1, column: frame.columnNumber + 1 };
    const name = frame.functionName === "" ? "(anonymous)" : frame.functionName;
    const key = JSON.stringify([name, place]);
    const known = spent.get(key) ?? { name, place, micros: 0 };
    known.micros += micros;
    spent.set(key, known);
  }
  if (busy === 0) throw new Error("the profile has no sample in which anything ran");
  return [...spent.values()]
    .toSorted((a, b) => b.micros - a.micros)
    .slice(0, count)
    .map(({ name, place, micros }) => ({ name, place, share: micros / busy, milliseconds: micros / 1000 }));
}
