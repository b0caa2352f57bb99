/** Files of the hub, by their digests: plans that are too large for a message, bundles, assets. */
export interface HubFiles {
  /**
   * The bytes from `offset` on, in pieces as they come. Ends when all have come; throws when the hub is away or does not
   * have it. Nobody checks them here.
   */
  fetch(digest: string, offset: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Whether the hub can be asked now. What is asked while it cannot waits until it can. */
  readonly isHubThere?: boolean;
  /** Of the file that is on its way: bytes that are there, and how many it has, when the hub has said so. */
  readonly progress?: FileProgress | undefined;
}

export interface FileProgress {
  readonly bytes: number;
  readonly total: number | undefined;
}
