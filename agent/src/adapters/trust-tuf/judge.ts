/** The package's judge of metadata, with the two things that we must add to it: what time it is, and why it said no. */
import type { Metadata, Root } from "@tufjs/models";
import { TrustedMetadataStore } from "tuf-js/dist/store.js";

export class Judge extends TrustedMetadataStore {
  readonly #timeUnder: (root: Root) => Date;
  readonly #refused: (error: unknown) => void;

  /** `root` is believed as it stands, if it is signed by its own keys. `timeUnder`: what time it is for such a root. */
  constructor(root: Buffer, timeUnder: (root: Root) => Date, refused: (error: unknown) => void) {
    super(root);
    this.#timeUnder = timeUnder;
    this.#refused = refused;
    this.#setTime();
  }

  override updateRoot(bytes: Buffer): Metadata<Root> {
    const root = this.#watch(() => super.updateRoot(bytes));
    this.#setTime();
    return root;
  }

  /** There is no option for it, and a clock that is not synchronised must not judge what has expired. */
  #setTime(): void {
    Reflect.set(this, "referenceTime", this.#timeUnder(this.root.signed));
  }

  override updateTimestamp(bytes: Buffer): ReturnType<TrustedMetadataStore["updateTimestamp"]> {
    return this.#watch(() => super.updateTimestamp(bytes));
  }

  override updateSnapshot(
    bytes: Buffer,
    isTrusted?: boolean,
  ): ReturnType<TrustedMetadataStore["updateSnapshot"]> {
    return this.#watch(() => super.updateSnapshot(bytes, isTrusted));
  }

  override updateDelegatedTargets(bytes: Buffer, role: string, delegator: string): void {
    this.#watch(() => super.updateDelegatedTargets(bytes, role, delegator));
  }

  /** The updater tells of some refusals in words only: their cause is kept here. */
  #watch<Result>(judge: () => Result): Result {
    try {
      return judge();
    } catch (error) {
      this.#refused(error);
      throw error;
    }
  }
}
