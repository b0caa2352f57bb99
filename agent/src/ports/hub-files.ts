/** Files of the hub, by their digests: plans that are too large for a message, bundles, assets. */
export interface HubFiles {
  /**
   * The bytes from `offset` on, in pieces as they come. Ends when all have come; throws when the hub is away or does not
   * have it. Nobody checks them here.
   */
  fetch(digest: string, offset: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
