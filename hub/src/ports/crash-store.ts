/** Crash reports of all nodes: one for each kind of crash, the last of each. */
import type { Micros } from "@interactor/shared/kernel/units";
import type { CrashReport } from "@interactor/shared/wire/messages/crash";
import type { Written } from "./written.ts";

/** Reports of one node. More: the one that came longest ago is evicted. A node keeps half as many. */
export const crashesOfNodeMax = 64;
/** Reports of all nodes, of at most 20 KB and mostly 3. More: the same. */
export const crashesMax = 2000;

export interface CrashOfNode {
  readonly node: string;
  readonly report: CrashReport;
}

export interface CrashWanted {
  /** Left out: of all. */
  readonly node?: string | undefined;
  readonly instance?: string | undefined;
  readonly from: number;
  readonly max: number;
}

export interface CrashStore extends AsyncDisposable {
  readonly written: Written;
  /** Takes the place of the one that its node told under this id. `at`: when it came. */
  add(crash: CrashOfNode, at: Micros): void;
  /** Those that came last first. */
  list(wanted: CrashWanted): Promise<readonly CrashOfNode[]>;
  /** One at most, but where a node says an id that is another's. */
  find(id: string, node?: string): Promise<readonly CrashOfNode[]>;
}
