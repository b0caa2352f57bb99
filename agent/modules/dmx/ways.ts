/** The ways out of a universe and into it: what is wrong with each, and whether that leaves the instance of any use. Pure. */
import type { Value } from "@interactor/shared/sdk/define-module";

/** Named of one way. More: counted by `reaches` alone. */
const namesMax = 32;

export interface Way {
  /** For people: the protocol, or what is plugged in. */
  readonly name: string;
  /** Why nothing goes this way at the moment; `undefined` while something does. */
  readonly failure: string | undefined;
  /** What does not go this way, while the rest does. */
  readonly trouble?: string | undefined;
  /** Whom it reaches, in a few words: `multicast`, `2 nodes`. */
  readonly reaches?: string | undefined;
  /** The same by address or serial number. */
  readonly to?: readonly string[] | undefined;
}

export interface Ways {
  readonly out: readonly Way[];
  readonly in: readonly Way[];
}

export type Health =
  | { readonly kind: "running"; readonly reason: undefined }
  | { readonly kind: "degraded" | "waiting"; readonly reason: string };

/**
 * One that has a way left is of use by it: what else is wrong is told, and the rest goes on. `isNew`: those who were asked
 * may yet answer.
 */
export function healthOf(ways: Ways, isNew: boolean): Health {
  const problems = [...outProblems(ways.out), ...inProblems(ways.in)];
  const isOfUse = [...ways.out, ...ways.in].some(({ failure }) => failure === undefined);
  if (problems.length === 0 || (isOfUse && isNew)) return { kind: "running", reason: undefined };
  return { kind: isOfUse ? "degraded" : "waiting", reason: problems.join("; ") };
}

function outProblems(ways: readonly Way[]): readonly string[] {
  const problems = ways.flatMap((way) => {
    const problem = problemOf(way);
    return problem === undefined ? [] : [`${way.name}: ${problem}`];
  });
  const isDumb = ways.length > 0 && ways.every(({ failure }) => failure !== undefined);
  return isDumb ? [`no output can send (${problems.join("; ")})`] : problems;
}

const inProblems = (ways: readonly Way[]): readonly string[] =>
  ways.flatMap(({ name, failure }) => (failure === undefined ? [] : [unheard(name, failure)]));

export const unheard = (name: string, reason: string): string => `${name} cannot be received: ${reason}`;

const problemOf = ({ failure, trouble }: Way): string | undefined => failure ?? trouble;

/** As an output tells them. */
export const recordOf = (ways: Ways): Value => ({ out: ways.out.map(told), in: ways.in.map(told) });

function told(way: Way): Value {
  const problem = problemOf(way);
  return {
    name: way.name,
    ...(way.reaches !== undefined && { reaches: way.reaches }),
    ...(way.to !== undefined && way.to.length > 0 && { to: way.to.slice(0, namesMax) }),
    ...(problem !== undefined && { problem }),
  };
}

/** `2 nodes`, `1 address`. */
export const counted = (count: number, one: string, several: string): string =>
  `${count} ${count === 1 ? one : several}`;
