import { readMonitor } from "@interactor/shared/site/fixtures/universe-monitor";
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { isNodeHere } from "../live/node-record.ts";
import { useLive } from "../live/live-context.ts";
import { universesIn } from "./universes-in.ts";

/** On every screen while a universe is black: a room that stays dark is looked into from wherever one is. */
export function BlackoutBanner(): JSX.Element | null {
  const live = useLive();
  const black = useComputed(() => {
    void live.beats.value;
    return universesIn(live.nodes.value)
      .filter(
        ({ node, instance }) =>
          isNodeHere(live.stateOf(node)) &&
          readMonitor(live.values.get(node, instance, "monitor")?.value)?.isBlack === true,
      )
      .map(({ node, instance }) => `${node}/${instance}`)
      .join(", ");
  });
  if (black.value === "") return null;
  return (
    <p class="blackout-banner dimmed" data-testid="blackout-banner" role="status">
      <strong class="blackout">BLACKOUT</strong> {black}
    </p>
  );
}
