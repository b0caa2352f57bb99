/** What whoever runs the site may ask of the hub: over HTTP, by the command line and the dashboard. */
import type { Result } from "@interactor/shared/kernel/result";
import type {
  AppliedResponse,
  ApplyRequest,
  ModeRequest,
  ModesResponse,
  PlanResponse,
  RevisionResponse,
  RevisionView,
  RollbackRequest,
  RolloutActionRequest,
  RolloutView,
  SiteFilesBody,
  SwapRequest,
  SwapResponse,
} from "@interactor/shared/wire/api-config";
import type { Refusal } from "../core/revision/refusal.ts";
import type { RolloutAction } from "../core/rollout/rollout-state.ts";

export type { Refusal } from "../core/revision/refusal.ts";
export type { RolloutAction } from "../core/rollout/rollout-state.ts";

/** Who asks, by HTTP's Basic scheme; `undefined`: it does not say. */
export type Asker = { readonly name: string; readonly password: Uint8Array } | undefined;

export interface SiteControl {
  mayChange(asker: Asker): boolean;
  /** What its nodes say, and what is written of it. */
  mayRead(asker: Asker): boolean;
  /** Who did it, of one that may: what it says, and what it has proven. */
  signedBy(asker: Asker, claimed: string): string;
  plan(files: SiteFilesBody): Promise<Result<PlanResponse, Refusal>>;
  apply(request: ApplyRequest): Promise<Result<AppliedResponse, Refusal>>;
  rollback(revision: number, request: RollbackRequest): Promise<Result<AppliedResponse, Refusal>>;
  /** Newest first. */
  revisions(count: number): readonly RevisionView[];
  revision(number: number): Promise<Result<RevisionResponse, Refusal>>;
  diff(before: number, after: number): Promise<Result<Pick<PlanResponse, "changes">, Refusal>>;
  /** Newest first. */
  rollouts(): readonly RolloutView[];
  rollout(revision: number): Result<RolloutView, Refusal>;
  act(revision: number, action: RolloutAction, request: RolloutActionRequest): Result<RolloutView, Refusal>;
  modes(): ModesResponse;
  swap(node: string, request: SwapRequest): Result<SwapResponse, Refusal>;
  setMode(request: ModeRequest): Promise<Result<ModesResponse, Refusal>>;
}
