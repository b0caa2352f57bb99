/**
 * What a node believes of files that come from a hub it does not trust: only what the keys of the pinned root, or those
 * that it handed on to, have signed. Asked when something is to be installed, never when what is installed starts.
 */
import type { SignedManifest } from "@interactor/shared/bundle/signed-module";

/** Where signed words and the files they speak of come from. Nobody there is trusted. */
export interface TrustSource {
  /**
   * The bytes from the first on, in pieces as they come. Throws a Fault `TRUST_FILE_MISSING` when there is no such file,
   * and any other when it cannot be reached. Who asks stops asking when it has had enough.
   */
  fetch(file: TrustFile, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface TrustFile {
  readonly kind: "metadata" | "file";
  /** As it stands in an address: `2.root.json`, `modules/acme/9f….blink-1.0.0.js`. */
  readonly path: string;
}

export interface Trust {
  /**
   * Brings what is believed up to date. Throws a Fault that says why not: `TRUST_NO_ROOT, TRUST_UNREACHABLE,
   * TRUST_SIGNATURE, TRUST_ROLLBACK, TRUST_EXPIRED, TRUST_MISMATCH, TRUST_TOO_LONG, TRUST_MALFORMED, TRUST_DISK,
   * TRUST_FILE_MISSING`, and of a hub that does not have the root that is believed `TRUST_HUB_BEHIND, TRUST_OTHER_ROOT`.
   * What was believed before is still there then. One at a time.
   */
  refresh(signal: AbortSignal): Promise<Believed>;
}

/** What is believed after a refresh. */
export interface Believed extends AsyncDisposable {
  /** Signed with a key that lies on the hub, for trying things out: said wherever trust is shown. */
  readonly isDevelopment: boolean;
  /** The file of this name, if somebody who may do so has signed it. Throws like `refresh`. */
  find(path: string): Promise<SignedFile | undefined>;
  /**
   * Its bytes, whole and as they were signed; they are kept in memory. Throws like `refresh`: `TRUST_TOO_LONG` also when
   * somebody has signed more than `bytesMax`.
   */
  read(file: SignedFile, bytesMax: number, signal: AbortSignal): Promise<Uint8Array>;
}

export interface SignedFile {
  readonly path: string;
  readonly bytes: number;
  /** Digests in hexadecimal, by algorithm. */
  readonly hashes: Readonly<Record<string, string>>;
  /** Where its source has it. */
  readonly location: string;
  /** What its signer says of it. */
  readonly custom: unknown;
}

/** The clock a refresh goes by, in milliseconds since 1970. */
export interface TrustTime {
  readonly wall: number;
  /** A Pi boots in 1970: without this its clock is not believed. */
  readonly isSynchronised: boolean;
}

/**
 * What their publishers signed of these bundles, by their digests. Throws a Fault that says which of them may not be
 * installed, and why.
 */
export type AllowBundles = (
  digests: readonly string[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, SignedManifest>>;
