/** What the life of a line is to who sends or hears by it: why it is of no use now, and what is to be told. */
import type { ModuleLog } from "@interactor/shared/sdk/define-module";
import type { LineShell } from "../../serial-line/kept-line.ts";
import type { DeviceState } from "@interactor/shared/sdk/devices";

/** What lines need of an instance. */
export interface Lines extends LineShell {
  readonly log: ModuleLog;
  /** Where old firmware is kept. Default: the agent's place for it. */
  readonly folder?: string;
  /** One of them may be of use now, or of no use any more. */
  changed(): void;
}

export class LineHealth {
  readonly #lines: Lines;
  readonly #onError: (error: Error) => void;
  #kind: DeviceState["kind"] | undefined;
  #failure: Error | undefined = new Error("nothing has answered yet");

  constructor(lines: Lines, onError: (error: Error) => void) {
    this.#lines = lines;
    this.#onError = onError;
  }

  /** `undefined` while it is in use. What is tried once more has the failure of before. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  changed({ kind }: DeviceState, complaint: string | undefined): void {
    const error = complaint === undefined ? undefined : new Error(complaint);
    if (kind === "absent" || kind === "lost") this.#failure = error;
    // One that works badly is used for as long as it lasts.
    else if (kind === "ready" || kind === "degraded") this.#failure = undefined;
    if (error !== undefined && kind !== this.#kind) this.#onError(error);
    this.#kind = kind;
    this.#lines.changed();
  }
}
