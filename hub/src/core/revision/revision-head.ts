import type { Micros } from "@interactor/shared/kernel/units";

/** All about a revision but what is in it. */
export interface RevisionHead {
  readonly number: number;
  /** SHA-256 of the content, in hex: revisions of one content share it. */
  readonly digest: string;
  readonly bytes: number;
  readonly author: string;
  readonly at: Micros;
  readonly message: string;
  /** It ran, and was well, where it was meant to. */
  readonly isConfirmed: boolean;
  /** The revision whose content was taken up again. */
  readonly rollbackOf: number | undefined;
}
