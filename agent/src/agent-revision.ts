/** How a node comes to revisions: what its hub says of them, what it answers, and what acts on them. */
import { messageOf } from "@interactor/shared/kernel/fault";
import { decodeRoundWord, encodeMemberWord } from "@interactor/shared/wire/messages/group-words";
import { decodeTarget } from "@interactor/shared/wire/messages/plan";
import { AgentApply } from "./agent-apply.ts";
import { AgentBundles } from "./agent-bundles.ts";
import type { AgentClock } from "./agent-clock.ts";
import { AgentPlanRunner, type PlanRunnerParts } from "./agent-plan-runner.ts";
import type { AgentReport } from "./agent-report.ts";
import type { AgentWorld } from "./agent-world.ts";
import type { Content, Phase } from "./core/apply/apply-state.ts";

export interface RevisionParts extends Omit<PlanRunnerParts, "secrets" | "clock" | "bundles"> {
  readonly siteClock: Pick<AgentClock, "known">;
  readonly reporting: AgentReport;
  /** To the hub, on the topic of votes. */
  readonly vote: (payload: Uint8Array) => void;
  readonly refused: (reason: string) => void;
}

export class AgentRevision {
  readonly #parts: RevisionParts;
  readonly #bundles: AgentBundles;
  readonly #runner: AgentPlanRunner;
  readonly #apply: AgentApply;
  readonly #log: AgentWorld["log"];

  constructor(parts: RevisionParts, world: AgentWorld) {
    const { clock, secrets, applyStore, files, allow, log } = world;
    this.#parts = parts;
    this.#log = log;
    this.#bundles = new AgentBundles(world);
    this.#runner = new AgentPlanRunner({ ...parts, clock, secrets, bundles: this.#bundles });
    this.#apply = new AgentApply({
      clock,
      store: applyStore,
      files,
      ...(allow && { allow }),
      untouched: (digest) => this.#bundles.idle(digest),
      log,
      runner: this.#runner,
      knownClock: () => parts.siteClock.known,
      say: (word) => parts.vote(encodeMemberWord(word)),
      phaseChanged: (phase) => this.#phaseChanged(phase),
      restart: (reason) => world.restart(reason),
    });
  }

  /** Begins with what the last life left on disk. */
  async start(): Promise<void> {
    const willRun = await this.#apply.start();
    if (!willRun) this.#parts.firstWords.planned([]);
  }

  get runs(): Content | undefined {
    return this.#apply.runs;
  }

  get phase(): Phase {
    return this.#apply.phase;
  }

  desired(payload: Uint8Array): void {
    const target = decodeTarget(payload);
    if (target.ok) this.#apply.target(target.value);
    else this.#parts.refused(`desired ${target.error}`);
  }

  round(payload: Uint8Array): void {
    const word = decodeRoundWord(payload);
    if (word.ok) this.#apply.word(word.value);
    else this.#parts.refused(`round ${word.error}`);
  }

  escalated(instance: string, reason: string): void {
    void this.#apply.escalated(instance, reason).catch((error: unknown) => {
      this.#log.error("what ran before this revision cannot be read", { cause: messageOf(error) });
    });
  }

  connected(): void {
    this.#apply.connected();
  }

  end(): void {
    this.#apply.stop();
    this.#runner.stop();
    this.#bundles.end();
  }

  #phaseChanged(phase: Phase): void {
    // What it kept may be damaged: then nobody is waited for.
    if (phase.kind === "rolled-back") this.#parts.firstWords.planned([]);
    this.#parts.after(() => this.#parts.reporting.phase(phase));
  }
}
