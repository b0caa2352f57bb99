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
  const hub = view.hub?.state === "held" ? `, the hub's own part held: ${printable(view.hub.why ?? "")}` : "";
  return `revision ${view.revision}: ${view.kind}${why}${wave}, ${sumOf(view)}${hub}${by}`;
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
  /** It may be so for a moment only: when it stays so, it is the end. */
  readonly isTentative?: boolean;
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
  if (view.kind === "running") return endOfRunning(view, held, away);
  const done = `${revision} runs on ${counted(named("done").length, "node")}`;
  if (failed.length > 0) return { kind: "not-everywhere", words: `${done}${failedWords(view)}; ${next}` };
  if (view.hub?.state === "held") return endOfHeldHub(view);
  return { kind: "everywhere", words: `${done}${awayWords(away)}` };
}

const awayWords = (away: readonly string[]): string =>
  away.length === 0 ? "" : `; ${listed(away)} ${away.length === 1 ? "is" : "are"} away: later`;

/** Nothing moves any more until a mode changes, or somebody comes. */
function endOfRunning(
  view: RolloutView,
  held: ReadonlySet<string>,
  away: readonly string[],
): RolloutEnd | undefined {
  const { revision, nodes, wave, waves, override } = view;
  const begun = nodes.filter((node) => node.wave <= wave && node.state !== "done");
  const isHeld = ({ node, state }: NodeProgress): boolean => state === "held" && held.has(node);
  const moves = begun.filter(
    (node) => node.state !== "scheduled" && node.state !== "failed" && !isHeld(node),
  );
  if (moves.length > 0) return undefined;
  const waits = begun.filter(isHeld).map(({ node }) => node);
  if (waits.length > 0) {
    if (override !== undefined) return undefined;
    const words = `revision ${revision} waits for the mode on ${listed(waits)}; it goes on by itself when the mode allows it, or now by \`interactor rollout override ${revision} --reason …\``;
    return { kind: "not-everywhere", words, isTentative: true };
  }
  if (view.hub?.state === "held") return override === undefined ? endOfHeldHub(view) : undefined;
  const isLast = wave >= waves - 1 && begun.length > 0 && begun.every(({ state }) => state === "scheduled");
  if (!isLast) return undefined;
  const done = nodes.filter(({ state }) => state === "done").length;
  const words = `revision ${revision} runs on ${counted(done, "node")}${awayWords(away)}`;
  return { kind: "everywhere", words, isTentative: true };
}

function endOfHeldHub({ revision, hub }: RolloutView): RolloutEnd {
  const words = `the hub's own part of revision ${revision} waits: ${hub?.why ?? "for the mode"}; it goes on by itself when the mode allows it, or now by \`interactor rollout override ${revision} --reason …\``;
  return { kind: "not-everywhere", words, isTentative: true };
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
