/** The package's judge of metadata, with what we must add to it: what time it is, why it said no, and that a key counts once. */
import { Metadata, MetadataKind, type Root } from "@tufjs/models";
import { BadVersionError, EqualVersionError, RepositoryError } from "tuf-js/dist/error.js";
import { TrustedMetadataStore } from "tuf-js/dist/store.js";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { mending } from "./mending.ts";
import { checkDelegatedKeys, checkRootKeys } from "./one-key-once.ts";

export class Judge extends TrustedMetadataStore {
  readonly #timeUnder: (root: Root) => Date;
  readonly #refused: (error: unknown) => void;

  /** `root` is believed as it stands, if it is signed by its own keys. `timeUnder`: what time it is for such a root. */
  constructor(root: Buffer, timeUnder: (root: Root) => Date, refused: (error: unknown) => void) {
    super(root);
    checkRootKeys(root);
    this.#timeUnder = timeUnder;
    this.#refused = refused;
    this.#setTime();
  }

  override updateRoot(bytes: Buffer): Metadata<Root> {
    const root = this.#watch(() => {
      checkRootKeys(bytes);
      return super.updateRoot(bytes);
    });
    this.#setTime();
    return root;
  }

  /** There is no option for it, and a clock that is not synchronised must not judge what has expired. */
  #setTime(): void {
    Reflect.set(this, "referenceTime", this.#timeUnder(this.root.signed));
  }

  override updateTimestamp(bytes: Buffer): ReturnType<TrustedMetadataStore["updateTimestamp"]> {
    return this.#watch(
      () => super.updateTimestamp(bytes),
      (error) => (error instanceof BadVersionError ? "timestamp" : undefined),
    );
  }

  override updateSnapshot(
    bytes: Buffer,
    isTrusted?: boolean,
  ): ReturnType<TrustedMetadataStore["updateSnapshot"]> {
    return this.#watch(
      () => super.updateSnapshot(bytes, isTrusted),
      (error) => (error instanceof RepositoryError ? this.#olderIn(bytes) : undefined),
    );
  }

  override updateDelegatedTargets(bytes: Buffer, role: string, delegator: string): void {
    this.#watch(() => {
      checkDelegatedKeys(bytes);
      super.updateDelegatedTargets(bytes, role, delegator);
    });
  }

  /** What is older in a snapshot than in the one that is believed, or not in it any more. */
  #olderIn(bytes: Buffer): string | undefined {
    const known = Object.entries(this.snapshot?.signed.meta ?? {});
    const given = Metadata.fromJSON(MetadataKind.Snapshot, JSON.parse(bytes.toString("utf8"))).signed.meta;
    return known.find(([name, { version }]) => (given[name]?.version ?? 0) < version)?.[0];
  }

  /**
   * The updater tells of some refusals in words only: their cause is kept here. `olderOf`: what is older than it was, if that
   * is what is wrong.
   */
  #watch<Result>(
    judge: () => Result,
    olderOf: (error: unknown) => string | undefined = () => undefined,
  ): Result {
    try {
      return judge();
    } catch (error) {
      // Nothing came since, which the updater takes for what it is: no reason of whatever fails later.
      if (error instanceof EqualVersionError) throw error;
      const older = olderOf(error);
      const words = `older than what was believed before: ${messageOf(error)}; `;
      this.#refused(
        older === undefined ? error : new Fault("TRUST_ROLLBACK", words + mending(older), { cause: error }),
      );
      throw error;
    }
  }
}
