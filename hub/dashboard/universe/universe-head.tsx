import { channelWords, dimmedWords, readMonitor } from "@interactor/shared/site/fixtures/universe-monitor";
import { type ReadonlySignal, useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { ageText } from "../format/age.ts";
import { useLive } from "../live/live-context.ts";
import { isNodeHere } from "../live/node-record.ts";
import { cueWords, deskLines, numberWords } from "./universe-words.ts";
import { wayWords, type WayWords } from "./ways.ts";

interface HeadProps {
  readonly node: string;
  readonly instance: string;
  readonly slots: () => Uint8Array;
  /** The channel under the mouse, and the one that a finger or the keys chose. */
  readonly pointed: ReadonlySignal<number | undefined>;
  readonly chosen: ReadonlySignal<number>;
}

/** What is to be known of a universe at a glance: above all what keeps it dark. */
export function UniverseHead({ node, instance, slots, pointed, chosen }: HeadProps): JSX.Element {
  const live = useLive();
  const id = `${node}-${instance}`;
  const said = (output: string) => live.values.get(node, instance, output)?.value;
  const monitor = useComputed(() => (void live.beats.value, readMonitor(said("monitor"))));
  const isKnown = useComputed(() => isNodeHere(live.stateOf(node)));
  const number = useComputed(() => numberWords(monitor.value));
  const cue = useComputed(() => (void live.beats.value, cueWords(said("cue"), said("cue-paused"))));
  const ways = useComputed(() => (void live.beats.value, wayWords(said("ways"))));
  const dimmed = useComputed(() => (monitor.value === undefined ? [] : dimmedWords(monitor.value)));
  const wordsOf = (channel: number): string => (
    void live.beats.value,
    channelWords(slots(), channel, monitor.value)
  );
  const pointedText = useComputed(() => (pointed.value === undefined ? "" : wordsOf(pointed.value)));
  const chosenText = useComputed(() => wordsOf(chosen.value));
  const summary = useComputed(() => {
    void live.beats.value;
    const at = live.values.get(node, instance, "universe")?.at;
    if (at === undefined) return "nothing sent yet";
    const lit = slots().reduce((count, level) => count + (level > 0 ? 1 : 0), 0);
    const age = ageText(live.clock.now() - at);
    return `${lit} of ${slots().length} lit · ${isKnown.value ? "changed" : "last known"} ${age}`;
  });
  return (
    <div class="universe-head">
      <h3>
        {node}/{instance}
      </h3>
      <span class="dimmed" role="status" data-testid={`universe-${id}-dimmed`}>
        {dimmed.value.map((words) => (
          <strong key={words} class={words === "BLACKOUT" ? "blackout" : "master"}>
            {words}
          </strong>
        ))}
      </span>
      <span class="quiet" data-testid={`universe-${id}-number`}>
        {number}
      </span>
      <span data-testid={`universe-${id}-cue`}>{cue}</span>
      <span class="quiet">{summary}</span>
      <span data-testid={`universe-${id}-ways`}>
        <WayList ways={ways} />
      </span>
      <span class="pointed" data-testid={`universe-${id}-pointed`}>
        {pointedText}
      </span>
      <span class="chosen" data-testid={`universe-${id}-chosen`}>
        {chosenText}
      </span>
    </div>
  );
}

function WayList({ ways }: { readonly ways: ReadonlySignal<readonly WayWords[]> }): JSX.Element {
  return (
    <>
      {ways.value.map(({ words, isIll }, index) => (
        <span key={words} class={isIll ? "tone-warn" : "quiet"}>
          {index === 0 ? words : ` · ${words}`}
        </span>
      ))}
    </>
  );
}

/** The desks that are heard; nothing where none is. */
export function Desks({ node, instance }: Pick<HeadProps, "node" | "instance">): JSX.Element | null {
  const live = useLive();
  const lines = useComputed(() => {
    void live.beats.value;
    return deskLines(live.values.get(node, instance, "desk-list")?.value);
  });
  if (lines.value.length === 0) return null;
  return (
    <div class="desks" data-testid={`universe-${node}-${instance}-desks`}>
      <h4>Desks that are heard</h4>
      <ul>
        {lines.value.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}
