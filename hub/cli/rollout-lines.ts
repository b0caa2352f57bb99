/** How a revision comes to its nodes, for people: what is new since the last look, a picture of now, and how it ended. */
import type { RolloutView } from "@interactor/shared/wire/api-config";
import { counted } from "./config-check.ts";
import { formatSpan, type Painter, printable, tableLines } from "./output.ts";

type NodeProgress = RolloutView["nodes"][number];

/** Nodes that a picture of now lists. More are counted: it must stay on the screen. */
const nodesShownMax = 12;
/** Names that an end lists. */
const namesShownMax = 8;

/** A line for each node that is in another state than at the last look, for a log. */
export class RolloutLog {
  readonly #painter: Painter;
  readonly #known = new Map<string, string>();
  #wave = -1;

  constructor(painter: Painter) {
    this.#painter = painter;
  }

  next(view: RolloutView): readonly string[] {
    const lines: string[] = [];
    if (view.waves > 1 && view.wave !== this.#wave && view.wave < view.waves) {
      this.#wave = view.wave;
      lines.push(`wave ${view.wave + 1} of ${view.waves}`);
    }
    for (const node of view.nodes) {
      const words = nodeWords(node);
      const known = this.#known.get(node.node) ?? "waits for its wave";
      if (words === known) continue;
      this.#known.set(node.node, words);
      lines.push(`${printable(node.node)}  ${paintedState(node, printable(words), this.#painter)}`);
    }
    return lines;
  }
}

function nodeWords({ state, phase, code, reason }: NodeProgress): string {
  const why = [reason, code === undefined ? undefined : `(${code})`].filter((part) => part !== undefined);
  switch (state) {
    case "waiting":
      return "waits for its wave";
    case "scheduled":
      return "is away: it gets it when it is back";
    case "under-way":
      return phase ?? "under way";
    case "held":
      return ["held", ...(reason === undefined ? [] : [`back: ${reason}`])].join(" ");
    case "done":
      return "done";
    case "failed":
      return why.length === 0 ? "failed" : `failed: ${why.join(" ")}`;
  }
}

function paintedState({ state }: NodeProgress, words: string, painter: Painter): string {
  if (state === "done") return painter.good(words);
  if (state === "failed") return painter.bad(words);
  return state === "held" || state === "scheduled" ? painter.warn(words) : words;
}

/** What somebody may have to do something about comes first. */
const ranks = ["failed", "held", "under-way", "scheduled", "waiting", "done"] as const;

/** A picture of now: sums, then the nodes that matter most. */
export function rolloutPicture(view: RolloutView, painter: Painter): readonly string[] {
  const nodes = view.nodes.toSorted(
    (left, right) =>
      ranks.indexOf(left.state) - ranks.indexOf(right.state) || (left.node < right.node ? -1 : 1),
  );
  const shown = nodes.slice(0, nodesShownMax);
  const rows = shown.map((node) => [node.node, formatSpan(node.since_ms), nodeWords(node)].map(printable));
  const table = tableLines(["NODE", "SINCE", "STATE"], rows, (text, column, row) => {
    if (row < 0) return painter.faint(text);
    const node = shown[row];
    return column === 2 && node !== undefined ? paintedState(node, text, painter) : text;
  });
  const more = nodes.length - shown.length;
  return [headOf(view), ...table, ...(more > 0 ? [painter.faint(`and ${more} more`)] : [])];
}

export function headOf(view: RolloutView): string {
  const wave = view.waves > 1 && view.wave < view.waves ? `, wave ${view.wave + 1} of ${view.waves}` : "";
  const why = view.why === undefined ? "" : ` (${printable(view.why)})`;
  const by =
    view.override === undefined
      ? ""
      : `, whatever the mode says: ${printable(view.override.reason)} (${printable(view.override.by)})`;
  return `revision ${view.revision}: ${view.kind}${why}${wave}, ${sumOf(view)}${by}`;
}

function sumOf({ nodes }: RolloutView): string {
  const counts = Map.groupBy(nodes, ({ state }) => state);
  const parts = ["done", "failed", "held", "under-way", "scheduled", "waiting"] as const;
  const told = parts.flatMap((state) => {
    const count = counts.get(state)?.length ?? 0;
    return count === 0
      ? []
      : [`${count} ${state === "scheduled" ? "away" : state === "under-way" ? "under way" : state}`];
  });
  return `${counted(nodes.length, "node")}${told.length === 0 ? "" : ` (${told.join(", ")})`}`;
}

/** How it came out, as far as it goes by itself. */
export interface RolloutEnd {
  /** `everywhere`: on all nodes that are here. */
  readonly kind: "everywhere" | "not-everywhere";
  readonly words: string;
}

/** `undefined`: it goes on. `held`: nodes that a mode holds back, which only somebody can change. */
export function endOf(view: RolloutView, held: ReadonlySet<string>): RolloutEnd | undefined {
  const named = (state: NodeProgress["state"]) =>
    view.nodes.filter((node) => node.state === state).map(({ node }) => node);
  const [failed, away] = [named("failed"), named("scheduled")];
  const revision = `revision ${view.revision}`;
  const next = `interactor rollout show ${view.revision}`;
  if (view.kind === "paused" || view.kind === "aborted") {
    const why = view.why === undefined ? "" : `: ${view.why}`;
    const words = `${revision} is ${view.kind}${why}${failedWords(view)}; ${next}`;
    return { kind: "not-everywhere", words };
  }
  if (view.kind === "running") {
    const begun = view.nodes.filter(({ wave, state }) => wave <= view.wave && state !== "done");
    const waits = begun.filter(({ node, state }) => state === "held" && held.has(node));
    const isStuck = begun.every(
      ({ node, state }) =>
        state === "scheduled" || state === "failed" || (state === "held" && held.has(node)),
    );
    if (waits.length === 0 || !isStuck || view.override !== undefined) return undefined;
    const words = `${revision} waits for the mode on ${listed(waits.map(({ node }) => node))}; it goes on by itself when the mode allows it, or now by \`interactor rollout override ${view.revision} --reason …\``;
    return { kind: "not-everywhere", words };
  }
  const done = `${revision} runs on ${counted(named("done").length, "node")}`;
  if (failed.length > 0) return { kind: "not-everywhere", words: `${done}${failedWords(view)}; ${next}` };
  const rest = away.length === 0 ? "" : `; ${listed(away)} ${away.length === 1 ? "is" : "are"} away: later`;
  return { kind: "everywhere", words: `${done}${rest}` };
}

function failedWords({ nodes }: RolloutView): string {
  const failed = nodes.filter(({ state }) => state === "failed");
  const [first] = failed;
  if (first === undefined) return "";
  const why = first.reason === undefined ? "" : `, ${first.node}: ${first.reason}`;
  return `; ${failed.length} failed (${listed(failed.map(({ node }) => node))}${why})`;
}

function listed(names: readonly string[]): string {
  const more = names.length - namesShownMax;
  return `${names.slice(0, namesShownMax).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
