import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import type { HubLink } from "../live/hub-link.ts";
import { useLive } from "../live/live-context.ts";
import { StopBanner } from "../stop/stop-banner.tsx";
import { StopControl } from "../stop/stop-control.tsx";
import { BlackoutBanner } from "../universe/blackout-banner.tsx";
import { chooseTheme, themeChoice, themeChoices } from "./theme.ts";

const linkWords = {
  connecting: "connecting",
  connected: "connected",
  lost: "hub lost",
} as const satisfies Record<HubLink, string>;

/** What concerns everything: which site, whether the hub is heard, how fast messages come. */
export function Header(): JSX.Element {
  const live = useLive();
  const { link, metric, version } = live.hub.value;
  const { unreadable, refused } = live.troubles.value;
  const isFresh = link === "connected" && metric !== undefined;
  return (
    <header class="top">
      <div class="brand">
        <h1>{live.site}</h1>
        <span class="quiet">Interactor{version === undefined ? "" : ` ${version}`}</span>
      </div>
      <span class={`state state-${link}`} data-testid="hub-state" role="status">
        {linkWords[link]}
      </span>
      <dl class="measures">
        <Measure
          name="messages"
          testId="message-rate"
          text={isFresh ? `${rateText(metric.messagesPerSecond)}/s` : "–"}
        />
        <Measure
          name="latency p50"
          testId="latency-p50"
          text={isFresh ? latencyText(metric.latencyP50Ms) : "–"}
        />
        <Measure name="p99" testId="latency-p99" text={isFresh ? latencyText(metric.latencyP99Ms) : "–"} />
      </dl>
      {unreadable + refused === 0 ? null : (
        <span
          class="trouble"
          title="messages that could not be read · messages of values beyond what a page keeps"
        >
          {unreadable} unreadable · {refused} refused
        </span>
      )}
      <HubProblems problems={isFresh ? metric.problems : undefined} />
      <ThemeChoice />
      <StopControl />
      <StopBanner />
      <BlackoutBanner />
    </header>
  );
}

/** What the hub cannot do now, such as keep what it should: whoever looks has to know it before the next power cut. */
function HubProblems({
  problems = [],
}: {
  readonly problems?: readonly string[] | undefined;
}): JSX.Element | null {
  if (problems.length === 0) return null;
  return (
    <ul class="hub-problems" role="alert" data-testid="hub-problems" aria-label="problems of the hub">
      {problems.map((words) => (
        <li key={words}>{words}</li>
      ))}
    </ul>
  );
}

function Measure(props: {
  readonly name: string;
  readonly testId: string;
  readonly text: string;
}): JSX.Element {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd data-testid={props.testId}>{props.text}</dd>
    </div>
  );
}

const rateText = (rate: number): string => (rate < 10 && rate > 0 ? rate.toFixed(1) : rate.toFixed(0));

function latencyText(latency: number | null): string {
  if (latency === null) return "–";
  return latency < 10 ? `${latency.toFixed(1)} ms` : `${latency.toFixed(0)} ms`;
}

function ThemeChoice(): JSX.Element {
  const next = useComputed(() => {
    const index = themeChoices.indexOf(themeChoice.value);
    return themeChoices[(index + 1) % themeChoices.length] ?? "system";
  });
  return (
    <button
      type="button"
      class="button theme"
      data-testid="theme"
      aria-label={`theme: ${themeChoice.value}; change to ${next.value}`}
      onClick={() => chooseTheme(next.value)}
    >
      <span aria-hidden="true">◐</span> {themeChoice.value}
    </button>
  );
}
