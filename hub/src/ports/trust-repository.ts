/** What nodes are served to believe in: signed documents and the files they speak of. */
import type { TrustStanding } from "@interactor/shared/bundle/trust-api";

export interface TrustRepository {
  standing(): TrustStanding;
  /**
   * The next root: the first one, or one that the last one's keys have signed too. Throws a Fault `TRUST_SIGNATURE,
   * TRUST_VERSION, TRUST_KEYS` (it does not name the hub's key) or `TRUST_MALFORMED`, and nothing has changed then. With
   * `targets` both come into force or none, whatever is cut. The same one again is taken. `before`: roots that lead to it,
   * in order, of which this hub may have lost some; what it has lost of them is there again afterwards.
   */
  putRoot(document: Uint8Array, targets?: Uint8Array, before?: readonly Uint8Array[]): Promise<void>;
  /** Who may publish what. Throws like `putRoot`. */
  putTargets(document: Uint8Array): Promise<void>;
  /**
   * A publisher's word, with the files that are new in it. Throws like `putRoot`, and `TRUST_PATH` (a file that is not his
   * to name), `TRUST_MISMATCH` (other bytes than he signed), `TRUST_CHANGED` (a version that was published as something
   * else).
   */
  putPublisher(
    publisher: string,
    document: Uint8Array,
    files: ReadonlyMap<string, Uint8Array>,
  ): Promise<void>;
  /** Without a signature of anybody's: by the hub's own development key. Throws `TRUST_REAL_ROOT` once there is a real root. */
  putDevelopment(file: DevelopmentFile): Promise<void>;
  /** What a node shall run; `undefined`: nothing. */
  assign(node: string, assignment: Uint8Array | undefined): Promise<void>;
  /** Signs anew what would expire soon. Whether there was something to sign. */
  renew(): Promise<boolean>;
  /** What a publisher's document says of each file it names. Throws `TRUST_MALFORMED`. */
  customOf(document: Uint8Array): ReadonlyMap<string, unknown>;
  /** The next key of the hub, made when it is asked for first: a root that names it makes it the one that signs. */
  nextOnlineKey(): Promise<TrustStanding["online"]>;
  /** The newest document of a role that is believed; `undefined`: there is none. */
  newest(role: string): Promise<Uint8Array | undefined>;
  /** By the name that a client asks for; `undefined`: there is none. */
  read(kind: "metadata" | "file", path: string): Promise<Uint8Array | undefined>;
  /** A published file by its digest, whoever names it. */
  content(digest: string): Promise<Uint8Array | undefined>;
  /** Under which name a file is published that has this digest. */
  pathOf(digest: string): string | undefined;
  /** What a publisher has named before, with what he said of it. */
  published(path: string): PublishedFile | undefined;
  /** All of whoever may publish now, in the order they said it. */
  files(): readonly NamedFile[];
}

export interface DevelopmentFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly custom: object;
}

export interface NamedFile extends PublishedFile {
  readonly publisher: string;
  readonly path: string;
}

export interface PublishedFile {
  readonly bytes: number;
  readonly digest: string;
  readonly custom: unknown;
}
