/** Asks the hub how messages ended, slowly, while the page is looked at. The last answer stays until there is another. */
import { apiPaths, ledgerResponse, type NodeLedgerView } from "@interactor/shared/wire/api";
import { type ReadonlySignal, signal } from "@preact/signals";
import { ledgerInterval } from "./limits.ts";

export type Ledgers = ReadonlyMap<string, NodeLedgerView>;

const shown = signal<Ledgers>(new Map());

export const ledgers: ReadonlySignal<Ledgers> = shown;

/** `isThere`: whether the hub answers; else the browser would complain of it every time. */
export function watchLedger(isThere: () => boolean): void {
  const look = async (): Promise<void> => {
    if (document.hidden || !isThere()) return;
    try {
      const response = await fetch(apiPaths.ledger, { signal: AbortSignal.timeout(ledgerInterval) });
      const answer = response.ok ? ledgerResponse.safeParse(await response.json()) : undefined;
      if (answer?.success === true) shown.value = new Map(answer.data.nodes.map((view) => [view.node, view]));
    } catch {
      // The page says already that the hub is lost.
    }
  };
  setInterval(() => void look(), ledgerInterval);
  void look();
}
