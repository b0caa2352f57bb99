/** What became of a stop or its release, in lines or in JSON. */
import type { Result } from "@interactor/shared/kernel/result";
import type { LatchView, NodesResponse } from "@interactor/shared/wire/api";
import { commandFault } from "./exit.ts";
import { latchWords } from "./latch-words.ts";
import { painterFor } from "./output.ts";
import type { Asked, Given } from "./stop-answers.ts";

export interface ReportOptions {
  readonly json?: boolean;
  readonly color?: boolean;
}

export interface Outcome {
  readonly site: NodesResponse;
  readonly given: readonly Given[];
  /** Whether the hub has said that it holds, or holds no more. */
  readonly isAccepted: boolean;
}

/** What holds when a release was not heard. */
export const unchanged = "what was stopped may still be";

const isSilent = ({ answeredMs }: Given): boolean => answeredMs === undefined;

function unconfirmed({ kind, zone }: Asked): Error {
  const advice = kind === "stop" ? "use the wired emergency stop" : unchanged;
  return commandFault("TIMEOUT", `the hub did not confirm the ${kind} in ${zone} in time; ${advice}`);
}

/** It was sent, and that is all that can be told: an error now must not hide that it worked. */
export function reportUnseen(
  asked: Asked,
  { isAccepted, why }: { readonly isAccepted: boolean; readonly why: string },
  options: ReportOptions,
): void {
  const { kind, zone, id } = asked;
  const done = kind === "stop" ? "stopped" : "released";
  if (options.json === true) {
    process.stdout.write(
      `${JSON.stringify({ zone, stopped: kind === "stop", id, confirmed: isAccepted })}\n`,
    );
  }
  const held = isAccepted ? " and the hub holds it" : " and NOT CONFIRMED";
  throw commandFault(
    "FAILED",
    `the ${kind} in ${zone} was sent${held}; who has ${done} cannot be shown: ${why}`,
  );
}

export function report(asked: Asked, { site, given, isAccepted }: Outcome, options: ReportOptions): void {
  if (!isAccepted) throw unconfirmed(asked);
  const painter = painterFor(process.stdout, options.color !== false, process.env);
  const lines = options.json === true ? [jsonOf(asked, given)] : linesOf(asked, given);
  const left = options.json === true ? [] : leftLines(asked, site.stop?.latches ?? [], new Date());
  const [first = "", ...more] = [...lines, ...left];
  process.stdout.write(`${[asked.kind === "stop" ? painter.bad(first) : first, ...more].join("\n")}\n`);
  const silent = given.filter((each) => isSilent(each) && !each.wasAway).map(({ node }) => node);
  if (silent.length === 0) return;
  throw commandFault("FAILED", `no answer from ${silent.join(", ")}: whoever is away, ${whenBack(asked)}`);
}

export function linesOf(asked: Asked, given: readonly Given[]): readonly string[] {
  const { kind, zone } = asked;
  const answered = given.filter((each) => !isSilent(each));
  const awaited = given.filter((each) => !isSilent(each) || !each.wasAway);
  const slowest = answered.toSorted((left, right) => (right.answeredMs ?? 0) - (left.answeredMs ?? 0))[0];
  const done = kind === "stop" ? "stopped" : "released";
  const title = kind === "stop" ? `SHOW STOP in ${zone}` : `show stop released in ${zone}`;
  const nobody =
    kind === "stop"
      ? "no node is there; whoever comes is stopped, until `interactor stop release`"
      : "no node was held by it";
  const count =
    awaited.length === 0
      ? nobody
      : `${answered.length} of ${awaited.length} ${nodesWord(awaited.length)} ${done}`;
  const pace =
    slowest === undefined ? "" : `, the slowest, ${slowest.node}, after ${msText(slowest.answeredMs)}`;
  return [
    `${title}: ${count}${pace}`,
    ...answered.map(({ node, answeredMs, tookMs }) => {
      const own = tookMs === undefined ? "" : ` (${msText(tookMs)} of it on the node)`;
      return `  ${node}  ${done}, its word after ${msText(answeredMs)}${own}`;
    }),
    ...given
      .filter(isSilent)
      .map(
        ({ node, wasAway }) => `  ${node}  ${wasAway ? `was away before; ${whenBack(asked)}` : "NO ANSWER"}`,
      ),
  ];
}

const whenBack = ({ kind }: Asked): string =>
  kind === "stop" ? "it stops when it is back" : "it is released when it is back";
const nodesWord = (nodes: number): string => (nodes === 1 ? "node" : "nodes");
const msText = (span: number | undefined): string => (span === undefined ? "?" : `${span.toFixed(1)} ms`);

/** Other latches that still hold. */
function leftLines({ kind, zone }: Asked, latches: readonly LatchView[], now: Date): readonly string[] {
  if (kind === "stop") return [];
  return latches.filter((latch) => latch.zone !== zone).map((latch) => `still ${latchWords(latch, now)}`);
}

export function nothingHeld(
  asked: Asked,
  site: Result<NodesResponse, unknown>,
  options: ReportOptions,
): void {
  const others = site.ok ? (site.value.stop?.latches ?? []) : [];
  const still = others.map((latch) => `; still ${latchWords(latch, new Date())}`);
  const line =
    options.json === true ? jsonOf(asked, []) : `no show stop holds ${asked.zone}${still.join("")}`;
  process.stdout.write(`${line}\n`);
}

const jsonOf = ({ kind, zone, id }: Asked, given: readonly Given[]): string =>
  JSON.stringify({
    zone,
    stopped: kind === "stop",
    ...(kind === "stop" ? { id } : {}),
    nodes: given.map(({ node, answeredMs, tookMs, wasAway }) => ({
      node,
      was_away: wasAway,
      answered_ms: answeredMs ?? null,
      took_ms: tookMs ?? null,
    })),
  });
