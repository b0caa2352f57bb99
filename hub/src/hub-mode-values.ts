/** The mode of a zone is an output of the hub like any other: `hub/mode/<zone>`, to routes and whoever watches. */
import { quality } from "@interactor/shared/wire/entry";
import { hubNode, modeInstance, type SiteAddress } from "@interactor/shared/wire/names";
import type { Feed } from "./core/feed/feed.ts";
import type { Router, RouterNow } from "./core/routing/router.ts";

export interface ModeListeners {
  readonly router: Router;
  readonly feed: Feed;
}

/** `news`: the zones whose mode is another one; of a zone that is not among `modes` nothing is kept. */
export function sayModes(
  { router, feed }: ModeListeners,
  { instant, wall }: RouterNow,
  modes: ReadonlyMap<string, string>,
  news: readonly string[],
): void {
  const isThere = ({ port }: SiteAddress): boolean => modes.has(port);
  for (const gone of feed.keep(hubNode, isThere)) router.forgetLatest(gone);
  for (const zone of news) {
    const address = `${hubNode}/${modeInstance}/${zone}`;
    const value = { value: modes.get(zone) ?? null, at: wall, quality: quality.good };
    router.values(address, [{ ...value, unit: "" }], instant, wall);
    feed.offer({ node: hubNode, address }, [{ ...value, flags: 0 }], instant);
  }
}
