/** The hub's HTTP API for the site: what it answers, or a Fault that says why it does not. */
import type * as z from "zod/mini";
import {
  type AppliedResponse,
  appliedResponse,
  type ApplyRequest,
  configPaths,
  diffPath,
  diffResponse,
  type InvalidResponse,
  invalidResponse,
  type ModeRequest,
  type ModesResponse,
  modesResponse,
  type PlanResponse,
  planResponse,
  type RevisionResponse,
  revisionResponse,
  type RevisionView,
  revisionsResponse,
  type RollbackRequest,
  rollbackPath,
  type RolloutActionRequest,
  type rolloutActions,
  rolloutsResponse,
  rolloutView,
  type RolloutView,
  type SiteFilesBody,
  swapPath,
  type SwapRequest,
  type SwapResponse,
  swapResponse,
} from "@interactor/shared/wire/api-config";
import { type Answer, answerIn, askHub, type HubAddress, parseJson } from "./hub-client.ts";

/** A large site takes a second to compile, and longer on a small machine that has other work; in ms. */
const compileTimeout = 60_000;

export type Judged<Answered> =
  | { readonly kind: "right"; readonly answer: Answered }
  | { readonly kind: "wrong"; readonly failure: InvalidResponse };

/** What would change, or everything that is wrong with the files. */
export const fetchPlan = (hub: HubAddress, files: SiteFilesBody): Promise<Judged<PlanResponse>> =>
  judged(hub, { path: configPaths.plan, body: files, schema: planResponse });

export const applySite = (hub: HubAddress, request: ApplyRequest): Promise<Judged<AppliedResponse>> =>
  judged(hub, { path: configPaths.revisions, body: request, schema: appliedResponse });

export const fetchRevision = (hub: HubAddress, number: number): Promise<RevisionResponse> =>
  asked(hub, { path: `${configPaths.revisions}/${number}`, schema: revisionResponse });

/** The newest first. */
export async function fetchHistory(hub: HubAddress, count: number): Promise<readonly RevisionView[]> {
  const path = `${configPaths.revisions}?count=${count}`;
  return (await asked(hub, { path, schema: revisionsResponse })).revisions;
}

export const fetchDiff = (hub: HubAddress, before: number, after: number) =>
  asked(hub, { path: diffPath(before, after), schema: diffResponse });

export const rollBack = (
  hub: HubAddress,
  number: number,
  request: RollbackRequest,
): Promise<AppliedResponse> =>
  asked(hub, { path: rollbackPath(number), body: request, schema: appliedResponse });

/** The newest first. */
export async function fetchRollouts(hub: HubAddress): Promise<readonly RolloutView[]> {
  return (await asked(hub, { path: configPaths.rollouts, schema: rolloutsResponse })).rollouts;
}

export const fetchRollout = (hub: HubAddress, revision: number): Promise<RolloutView> =>
  asked(hub, { path: `${configPaths.rollouts}/${revision}`, schema: rolloutView });

/** From now on another unit may fill the node, and the one that does now may not any more once it has. */
export const swapUnit = (hub: HubAddress, node: string, request: SwapRequest): Promise<SwapResponse> =>
  asked(hub, { path: swapPath(node), body: request, schema: swapResponse });

export type RolloutAction = (typeof rolloutActions)[number];

export const actOnRollout = (
  hub: HubAddress,
  { revision, action }: { readonly revision: number; readonly action: RolloutAction },
  request: RolloutActionRequest,
): Promise<RolloutView> =>
  asked(hub, {
    path: `${configPaths.rollouts}/${revision}/${action}`,
    body: request,
    schema: rolloutView,
  });

export const fetchModes = (hub: HubAddress): Promise<ModesResponse> =>
  asked(hub, { path: configPaths.modes, schema: modesResponse });

export const setMode = (hub: HubAddress, request: ModeRequest): Promise<ModesResponse> =>
  asked(hub, { path: configPaths.modes, body: request, schema: modesResponse });

interface Question<Answered> {
  readonly path: string;
  /** Left out: it is a GET. */
  readonly body?: unknown;
  readonly schema: z.ZodMiniType<Answered>;
}

async function asked<Answered>(hub: HubAddress, question: Question<Answered>): Promise<Answered> {
  return answerIn(hub, await ask(hub, question), question.schema);
}

async function judged<Answered>(hub: HubAddress, question: Question<Answered>): Promise<Judged<Answered>> {
  const answer = await ask(hub, question);
  const failure = answer.status === 422 ? invalidResponse.safeParse(parseJson(answer.text)) : undefined;
  if (failure?.success === true) return { kind: "wrong", failure: failure.data };
  return { kind: "right", answer: answerIn(hub, answer, question.schema) };
}

const ask = (hub: HubAddress, { path, body }: Question<unknown>): Promise<Answer> =>
  askHub(hub, path, { body, timeout: compileTimeout });
