import { isNodeHere } from "../live/node-record.ts";
import { type JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import { paintWhileVisible } from "../drawing/frame.ts";
import { quantityOf, quantityText } from "../format/quantity.ts";
import { historyStep, historySteps } from "../live/limits.ts";
import { useLive } from "../live/live-context.ts";
import type { Live } from "../live/live.ts";
import { palette } from "../shell/theme.ts";
import type { ValueRow } from "./value-list.ts";

const paintInterval = 250;
const height = 200;
/** A value that has just begun fills a minute, not a corner of five. */
const spanMin = 60_000;

/** Up to five minutes of one value: its line, and around it what it was in between. */
export function ValueChart({ row }: { readonly row: ValueRow }): JSX.Element {
  const live = useLive();
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const chart = new UPlot(optionsFor(row, element.clientWidth), dataOf(live, row), element);
    const resized = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    const stopPainting = paintWhileVisible(element, paintInterval, () => chart.setData(dataOf(live, row)));
    const stopColours = palette.subscribe(() => chart.redraw(false, true));
    return () => {
      stopColours();
      stopPainting();
      resized.disconnect();
      chart.destroy();
    };
  }, [live, row]);
  return (
    <div ref={frame} class="chart" role="img" aria-label={`${row.address.port} over the last five minutes`} />
  );
}

function optionsFor({ address, spec, isInput }: ValueRow, width: number): UPlot.Options {
  const line = (): string => palette.peek().line;
  const band = (): string => palette.peek().band;
  const axis = {
    stroke: () => palette.peek().muted,
    grid: { stroke: () => palette.peek().grid, width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  };
  const said = (_chart: UPlot, value: number | null): string =>
    value === null ? "–" : quantityText(quantityOf(value, spec));
  const paths = spec?.type === "bool" || isInput ? UPlot.paths.stepped?.({ align: 1 }) : undefined;
  const series = { points: { show: false }, spanGaps: true, ...(paths === undefined ? {} : { paths }) };
  return {
    width,
    height,
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: true } },
    axes: [
      { ...axis, values: (_chart, splits) => splits.map((at) => timeText(at, splits)) },
      { ...axis, size: 56 },
    ],
    legend: { markers: { show: false } },
    series: [
      {
        label: "at",
        value: (_chart: UPlot, at: number | null) => (at === null ? "–" : secondsText.format(at * 1000)),
      },
      { ...series, label: address.port, stroke: line, width: 1.5, value: said },
      { ...series, label: "least", stroke: band, width: 0, value: said },
      { ...series, label: "most", stroke: band, width: 0, value: said },
    ],
    bands: [{ series: [3, 2], fill: band }],
  };
}

const minutesText = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const secondsText = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** Seconds are told only where marks are nearer than a minute. */
function timeText(at: number, [first = 0, second = 60]: readonly number[]): string {
  return (second - first < 60 ? secondsText : minutesText).format(at * 1000);
}

/** In seconds, as uPlot wants them. The ends are pinned, so that time runs evenly from right to left. */
function dataOf(live: Live, { address }: ValueRow): UPlot.AlignedData {
  const to = live.clock.now();
  const value = live.values.get(address.node, address.instance, address.port);
  const oldest = to - historyStep * historySteps;
  const from = Math.max(oldest, Math.min(value?.history?.oldest() ?? to, to - spanMin));
  const times: number[] = [from / 1000];
  const lasts: (number | null)[] = [null];
  const lows: (number | null)[] = [null];
  const highs: (number | null)[] = [null];
  value?.history?.visit(from, (at, low, high, last) => {
    times.push(at / 1000);
    lasts.push(last);
    lows.push(low);
    highs.push(high);
  });
  const isHeld = isNodeHere(live.stateOf(address.node));
  const held = isHeld ? (lasts.at(-1) ?? value?.history?.before(from) ?? null) : null;
  times.push(to / 1000);
  for (const column of [lasts, lows, highs]) column.push(held);
  return [times, lasts, lows, highs];
}
