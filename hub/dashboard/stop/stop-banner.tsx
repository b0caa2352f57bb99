import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { releaseHold } from "../live/limits.ts";
import { useLive } from "../live/live-context.ts";
import { lineText, type StopLine, stopLines } from "./stop-view.ts";

/** On every screen while something is stopped: where, by whom, since when, and who has not said so. Many lines scroll. */
export function StopBanner(): JSX.Element | null {
  const live = useLive();
  void live.beats.value;
  const isHubConnected = live.link.value === "connected";
  const lines = stopLines(live.stops.value, live.nodes.value);
  if (lines.length === 0) return null;
  return (
    <ul class="stop-banner" data-testid="stop-banner" aria-label="show stop">
      {lines.map((line) => (
        <li key={line.where}>
          <strong role="alert">SHOW STOP</strong>
          <span class="stop-text">{lineText(line, live.clock.now(), isHubConnected)}</span>
          {line.silent.length === 0 ? null : (
            <span class="stop-silent">no word from {line.silent.join(", ")}</span>
          )}
          {line.away.length === 0 ? null : <span class="stop-away">away: {line.away.join(", ")}</span>}
          <Releasing line={line} />
          <Release line={line} />
        </li>
      ))}
    </ul>
  );
}

/** What became of a release, until the line goes. */
function Releasing({ line }: { readonly line: StopLine }): JSX.Element | null {
  const live = useLive();
  void live.beats.value;
  const ask = live.asks.value.find(
    ({ kind, zone, ids }) =>
      kind === "release" && zone === line.zone && ids.some((id) => line.ids.includes(id)),
  );
  if (ask === undefined) return null;
  return (
    <span class="stop-silent" role="alert" data-testid={`releasing-${line.where}`}>
      {live.askText(ask)}
    </span>
  );
}

/** Held for a moment: a show must not start again because somebody brushed a screen. */
function Release({ line }: { readonly line: StopLine }): JSX.Element {
  const live = useLive();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [isHeld, setHeld] = useState(false);
  const letGo = (): void => {
    clearTimeout(timer.current);
    timer.current = undefined;
    setHeld(false);
  };
  useEffect(() => letGo, []);
  const hold = (): void => {
    if (timer.current !== undefined) return;
    setHeld(true);
    timer.current = setTimeout(() => {
      letGo();
      live.release(line.zone, line.ids);
    }, releaseHold);
  };
  return (
    <button
      type="button"
      class={`button release${isHeld ? " release-held" : ""}`}
      data-testid={`release-${line.where}`}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        hold();
      }}
      onPointerUp={letGo}
      onPointerCancel={letGo}
      onBlur={letGo}
      onKeyDown={(event) => {
        if ((event.key === " " || event.key === "Enter") && !event.repeat) hold();
      }}
      onKeyUp={letGo}
      onContextMenu={(event) => event.preventDefault()}
    >
      hold to release
    </button>
  );
}
