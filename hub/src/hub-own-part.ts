/** What the hub itself does of a revision: whom that concerns, what would change of it, and why it must wait. */
import { routeChanges } from "@interactor/shared/site/plan-changes";
import type { SiteInHand } from "@interactor/shared/site/site-in-hand";
import type { PlanResponse } from "@interactor/shared/wire/api-config";
import { nodesConcerned } from "./core/rollout/hub-part.ts";
import type { HubModes } from "./hub-modes.ts";

export interface OwnParts {
  /** What is in force. */
  readonly inForce: () => SiteInHand | undefined;
  readonly modes: () => HubModes;
}

type OwnChanges = NonNullable<PlanResponse["hub"]>;

interface Compared {
  readonly was: SiteInHand | undefined;
  readonly is: SiteInHand;
  readonly concerned: ReadonlySet<string> | undefined;
}

export class HubOwnPart {
  readonly #parts: OwnParts;
  #compared: Compared | undefined;

  constructor(parts: OwnParts) {
    this.#parts = parts;
  }

  /**
   * Why it must not come into force beside what these nodes get. Its modes may allow the whole and not the nodes that it
   * is about: then their routes stay as they are too.
   */
  closed(is: SiteInHand | undefined, nodes: readonly string[]): string | undefined {
    const concerned = is === undefined ? undefined : this.#concernedBy(is);
    if (concerned === undefined) return undefined;
    const modes = this.#parts.modes();
    const closed = modes.closed([...nodes, ...concerned]);
    return modes.whyClosed([]) ?? Object.values(closed)[0];
  }

  /** What a site would change of it, told before anybody applies it; `undefined`: nothing. */
  changes(is: SiteInHand, nodes: readonly string[]): OwnChanges | undefined {
    const was = this.#parts.inForce();
    if (nodesConcerned(was?.hub, is.hub) === undefined) return undefined;
    const held = this.closed(is, nodes);
    const { added, removed, changed } = routeChanges(byName(was), byName(is));
    const routes = { added: [...added], removed: [...removed], changed: [...changed] };
    return { routes, ...(held === undefined ? {} : { held }) };
  }

  /** It is asked with every word of a node, and large sites take milliseconds to compare. */
  #concernedBy(is: SiteInHand): ReadonlySet<string> | undefined {
    const was = this.#parts.inForce();
    if (this.#compared?.was !== was || this.#compared?.is !== is)
      this.#compared = { was, is, concerned: nodesConcerned(was?.hub, is.hub) };
    return this.#compared.concerned;
  }
}

const byName = (site: SiteInHand | undefined) => new Map(Object.entries(site?.hub.routes ?? {}));
