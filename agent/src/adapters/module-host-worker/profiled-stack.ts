/** Where a thread was for most of a CPU profile, as a stack: of one that hangs it is where it hangs. */
import * as z from "zod/mini";

const profile = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      hitCount: z.optional(z.number()),
      children: z.optional(z.array(z.number())),
      /** From 1; the frame has the place of its function. */
      positionTicks: z.optional(z.array(z.object({ line: z.number(), ticks: z.number() }))),
      callFrame: z.object({
        functionName: z.string(),
        url: z.string(),
        lineNumber: z.number(),
        columnNumber: z.number(),
      }),
    }),
  ),
});
type Node = z.infer<typeof profile>["nodes"][number];

/** As many as a stack of V8's. */
const framesMax = 10;

/** `text`: as V8 writes a profile. Empty: it is none, or the thread was nowhere. */
export function profiledStack(text: string): string {
  const parsed = profile.safeParse(parsedJson(text));
  if (!parsed.success) return "";
  const { nodes } = parsed.data;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callers = new Map<Node, Node>();
  for (const node of nodes)
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) callers.set(child, node);
    }
  let at = nodes.toSorted((left, right) => (right.hitCount ?? 0) - (left.hitCount ?? 0))[0];
  const frames: string[] = [];
  for (; at !== undefined && frames.length < framesMax; at = callers.get(at)) frames.push(...frameOf(at));
  return frames.length === 0 ? "" : ["where it was for most of a moment:", ...frames].join("\n");
}

/** What stands for no code, such as `(root)`, has no place. Lines and columns count from 0 there. */
function frameOf({ callFrame, positionTicks = [] }: Node): readonly string[] {
  const { functionName, url, lineNumber, columnNumber } = callFrame;
  if (url === "") return [];
  const [most] = positionTicks.toSorted((left, right) => right.ticks - left.ticks);
  const place = most === undefined ? `${lineNumber + 1}:${columnNumber + 1}` : `${most.line}`;
  return [`    at ${functionName || "<anonymous>"} (${url}:${place})`];
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
