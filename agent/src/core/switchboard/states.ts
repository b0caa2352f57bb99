/**
 * Inputs that are a state and no actuator, such as a blackout, a master or a scene: they declare what they are at rest.
 * Nobody's word is stronger than another's there. The last one counts, and beneath what a person said lies what a route did,
 * so that it comes back when the person lets go. At rest such an input is nobody's.
 */
import type { Micros } from "@interactor/shared/kernel/units";
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import type { Applied } from "@interactor/shared/sdk/context";
import { type InputSpec, restOf } from "@interactor/shared/wire/messages/port";
import type { PortAddress } from "@interactor/shared/wire/names";
import type { Value } from "@interactor/shared/wire/value";
import { isSameValue, portNames } from "./input-values.ts";
import type { Claim, Owner, OwnershipStack } from "./ownership.ts";

/** What somebody says of a state: a person, a route, or its module, which has it from an earlier life. */
export type SpeakerKind = "manual" | "route" | "background";

const speakers = ["manual", "route", "background"] as const satisfies readonly SpeakerKind[];

/** The input is now as `kind` says, until anybody says otherwise. */
export function setState(
  stack: OwnershipStack,
  { kind, claim, rest }: { readonly kind: SpeakerKind; readonly claim: Claim; readonly rest: Value },
  at: Micros,
): void {
  stack.claim(kind, claim, at);
  for (const other of speakers) {
    // What a person has said a route may overtake. What a route says is still so when the person lets go.
    if (other !== kind && (other !== "route" || kind === "background")) stack.release(other, at);
  }
  settleRest(stack, rest, at);
}

/** The states among the inputs of an instance, at their rest. */
export function statesAtRest(
  instance: string,
  { inputs }: Pick<DeclaredPorts, "inputs">,
): readonly (readonly [address: PortAddress, rest: Value])[] {
  return Object.entries(inputs).flatMap(([port, spec]: readonly [string, InputSpec]) => {
    const rest = restOf(spec);
    if (rest === undefined) return [];
    return portNames(port, spec).map((each) => [{ instance, port: each }, rest] as const);
  });
}

/**
 * Lets go of what `kind` says, when that is what `by` said, if it is given. A state, which has a `rest`, is left to what a
 * route still says: `said`, the last word of those that are left. What holds it at its rest then is nobody's.
 */
export function giveBack(
  stack: OwnershipStack,
  {
    kind,
    by,
    said,
    rest,
  }: {
    readonly kind: SpeakerKind;
    readonly by: string | undefined;
    readonly said: Claim | undefined;
    readonly rest: Value | undefined;
  },
  at: Micros,
): void {
  const held = stack.claimOf(kind);
  if (held === undefined || (by !== undefined && held.by !== by)) return;
  if (rest !== undefined && said !== undefined && !isSameValue(said.value, rest)) {
    if (kind !== "route") stack.release(kind, at);
    stack.claim("route", said, at);
  } else stack.release(kind, at);
  if (rest !== undefined) settleRest(stack, rest, at);
}

/** What its module is told of an input; `rest`: it is a state. */
export function appliedOf(
  owner: Owner | undefined,
  rest: Value | undefined,
  at: Micros,
): Applied | undefined {
  if (owner !== undefined) return { value: owner.claim.value, at: owner.claim.at, owner: owner.kind };
  return rest === undefined ? undefined : { value: rest, at, owner: "background" };
}

function settleRest(stack: OwnershipStack, rest: Value, at: Micros): void {
  const isAtRest = speakers.every((each) => isSameValue(stack.claimOf(each)?.value ?? rest, rest));
  if (isAtRest) for (const each of speakers) stack.release(each, at);
}
