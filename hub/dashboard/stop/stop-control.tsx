import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { everyZone } from "@interactor/shared/wire/messages/stop";
import { useLive } from "../live/live-context.ts";
import { zonesOf } from "./stop-view.ts";

const zoneChoice = signal<string>(everyZone);

/** One press stops: nobody who needs it has time for a question. */
export function StopControl(): JSX.Element {
  const live = useLive();
  const zones = zonesOf(live.nodes.value, live.stops.value);
  const zone = zones.includes(zoneChoice.value) ? zoneChoice.value : everyZone;
  void live.beats.value;
  const presses = live.asks.value.filter(({ kind }) => kind === "stop");
  const press = (): void => {
    live.stop(zone);
    // The next press, in a hurry, must not be of the zone that somebody chose for this one.
    zoneChoice.value = everyZone;
  };
  return (
    <div class="stop-control">
      {zones.length < 2 ? null : (
        <select
          aria-label="zone to stop"
          data-testid="stop-zone"
          value={zone}
          onChange={(event) => {
            zoneChoice.value = event.currentTarget.value;
          }}
        >
          {zones.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      )}
      <button
        type="button"
        class="stop-button"
        data-testid="stop"
        title="show stop: not a safety function"
        // On the way down, not when the finger leaves.
        onPointerDown={press}
        onKeyDown={(event) => {
          if ((event.key === " " || event.key === "Enter") && !event.repeat) press();
        }}
      >
        STOP {zone === everyZone ? "ALL" : zone}
      </button>
      {presses.map((ask) => (
        <span key={ask.zone} class="notice" role="alert" data-testid="stop-notice">
          {live.askText(ask)}
        </span>
      ))}
    </div>
  );
}
