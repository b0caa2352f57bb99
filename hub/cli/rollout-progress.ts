/** Looks at a rollout until it goes on no more by itself: a line a change in a log, a picture on a terminal. */
import { setTimeout as wait } from "node:timers/promises";
import type { RolloutView } from "@interactor/shared/wire/api-config";
import { fetchRollout } from "./config-client.ts";
import { type HubAddress, isUnreachable } from "./hub-client.ts";
import { painterFor } from "./output.ts";
import { endOf, type RolloutEnd, RolloutLog, rolloutPicture } from "./rollout-lines.ts";

const lookEvery = 250; // ms
/** An end that may be one for a moment only must last so long, in ms. */
const settleMin = 1000;
/** A hub that does not answer for so long is gone, in ms: it may be restarting. */
const patience = 60_000;

export interface Followed {
  readonly revision: number;
  /** Nodes that a mode holds back; `undefined`: every node that says that it is held. */
  readonly held: ReadonlySet<string> | undefined;
}

interface FollowOptions {
  readonly json?: boolean;
  readonly color: boolean;
}

export async function followRollout(
  hub: HubAddress,
  { revision, held }: Followed,
  options: FollowOptions,
  signal: AbortSignal,
): Promise<{ readonly end: RolloutEnd; readonly view: RolloutView }> {
  const screen = screenFor(options);
  let heardAt = performance.now();
  let movedAt = heardAt;
  for (;;) {
    try {
      const view = await fetchRollout(hub, revision);
      heardAt = performance.now();
      screen.show(view);
      const end = endOf(view, held ?? heldNow(view));
      if (end?.isTentative !== true) movedAt = heardAt;
      const isOver = end?.isTentative !== true || heardAt - movedAt >= settleMin;
      if (end !== undefined && isOver) return { end, view };
    } catch (error) {
      if (!isUnreachable(error) || performance.now() - heardAt > patience) throw error;
      screen.say("the hub does not answer; trying again");
    }
    try {
      await wait(lookEvery, undefined, { signal });
    } catch (error) {
      process.stderr.write(`the rollout goes on; see \`interactor rollout show ${revision}\`\n`);
      throw error;
    }
  }
}

const heldNow = ({ nodes }: RolloutView): ReadonlySet<string> =>
  new Set(nodes.flatMap(({ node, state }) => (state === "held" ? [node] : [])));

interface Screen {
  show(view: RolloutView): void;
  say(words: string): void;
}

function screenFor({ json = false, color }: FollowOptions): Screen {
  if (json) return { show: () => undefined, say: () => undefined };
  const painter = painterFor(process.stderr, color, process.env);
  return process.stderr.isTTY ? new Picture(painter) : new Lines(painter);
}

class Lines implements Screen {
  readonly #log: RolloutLog;
  #said = "";

  constructor(painter: ConstructorParameters<typeof RolloutLog>[0]) {
    this.#log = new RolloutLog(painter);
  }

  show(view: RolloutView): void {
    this.#said = "";
    for (const line of this.#log.next(view)) process.stderr.write(`${line}\n`);
  }

  say(words: string): void {
    if (words !== this.#said) process.stderr.write(`${words}\n`);
    this.#said = words;
  }
}

/** Stays in its place: the lines of the one before are written over. */
class Picture implements Screen {
  readonly #painter: ConstructorParameters<typeof RolloutLog>[0];
  #height = 0;

  constructor(painter: ConstructorParameters<typeof RolloutLog>[0]) {
    this.#painter = painter;
  }

  show(view: RolloutView): void {
    this.#draw(rolloutPicture(view, this.#painter));
  }

  say(words: string): void {
    this.#draw([words]);
  }

  #draw(lines: readonly string[]): void {
    // Cursor up over what was drawn, then everything below it cleared.
    const start = this.#height === 0 ? "" : `\x1b[${this.#height}A\x1b[J`;
    // A terminal that does not say how wide it is says 0.
    const width = process.stderr.columns > 0 ? process.stderr.columns : Number.POSITIVE_INFINITY;
    const fitting = lines.map((line) => cutTo(line, width));
    process.stderr.write(`${start}${fitting.join("\n")}\n`);
    this.#height = lines.length;
  }
}

/** A line that wraps would take two of the screen's. One that is cut loses its colours. */
function cutTo(line: string, width: number): string {
  // oxlint-disable-next-line no-control-regex -- colours are what this looks for
  const plain = line.replaceAll(/\u001b\[\d+m/g, "");
  return plain.length <= width ? line : plain.slice(0, width);
}
