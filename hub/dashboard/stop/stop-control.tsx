import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { everyZone } from "@interactor/shared/wire/messages/stop";
import { useLive } from "../live/live-context.ts";
import { zonesOf } from "./stop-view.ts";

const zoneChoice = signal<string>(everyZone);
const notice = signal("");

/** One press stops: nobody who needs it has time for a question. */
export function StopControl(): JSX.Element {
  const live = useLive();
  const zones = zonesOf(live.nodes.value, live.stops.value);
  const zone = zones.includes(zoneChoice.value) ? zoneChoice.value : everyZone;
  const press = (): void => {
    const sent = live.stop(zone, { latched: true });
    notice.value = sent === "sent" ? "" : "NOT SENT: the hub is lost; use the wired emergency stop";
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
        STOP
      </button>
      {notice.value === "" ? null : (
        <span class="notice" role="alert">
          {notice}
        </span>
      )}
    </div>
  );
}
