/** One way out of a universe. It fails by itself: nothing here throws or waits, and no output knows of another. */
import type { Instant } from "@interactor/shared/sdk/define-module";
import type { Settings } from "../settings.ts";
import type { SyncGroup } from "./sync-group.ts";

export interface Output {
  /** For logs and states. */
  readonly name: string;
  /** Why nothing gets out at the moment; `undefined` while something does. */
  readonly failure: Error | undefined;
  /** What of it does not get out, while the rest does. */
  readonly trouble?: string | undefined;
  /** Whom it reaches, in a few words for people: `multicast`, `2 nodes`. */
  readonly reaches: string;
  /** The same by address or serial number; not the addresses of settings, which may be secrets. */
  readonly to: readonly string[];
  /** Those with whom its looks change. */
  readonly sync?: SyncGroup | undefined;
  /** Resolves when it is open or has failed; never rejects. */
  open(): Promise<void>;
  /**
   * What is wrong with it; that there is nobody to send to yet (a widget that is not plugged in, a node that has not
   * asked) is not. `tried`: by then it has sent a look, and what failed was tried once more.
   */
  selfTest(tried: Promise<void>): Promise<string | undefined>;
  /** Returns whether the frame was handed on. The levels are good during the call only. */
  send(levels: Uint8Array): boolean;
  /** Says that this source leaves, where there is a word for it. */
  sendTerminated(levels: Uint8Array): void;
  /** Whether who starts with these settings goes on as the same source, to all that listen to this one. */
  goesOnWith(next: Settings): boolean;
  /** Once a second: what failed is tried again, and what is said at times is said. */
  tick(at: Instant): void;
  /** Whether packets from this port of the node are this output's. */
  isOwnPort(port: number): boolean;
  close(): Promise<void>;
}

/** Called with every failure. */
export type OnError = (error: Error) => void;
