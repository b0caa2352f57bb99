import { isNodeHere } from "../live/node-record.ts";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { freshContext, paintWhileVisible } from "../drawing/frame.ts";
import { drawLine, pointsBetween, scaleOf } from "../drawing/sparkline.ts";
import { sparklineSpan } from "../live/limits.ts";
import { useLive } from "../live/live-context.ts";
import type { Live } from "../live/live.ts";
import { palette } from "../shell/theme.ts";
import type { ValueRow } from "./value-list.ts";

/** A minute on some hundred pixels: half a second is one of them. */
const paintInterval = 500;

export function Sparkline({ row }: { readonly row: ValueRow }): JSX.Element {
  const live = useLive();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { node, instance, port } = row.address;
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    return paintWhileVisible(element, paintInterval, () => paint(element, live, row));
  }, [live, node, instance, port, row.spec]);
  return <canvas ref={canvas} class="sparkline" aria-hidden="true" />;
}

function paint(canvas: HTMLCanvasElement, live: Live, { address, spec, isInput }: ValueRow): void {
  const context = freshContext(canvas);
  const history = live.values.get(address.node, address.instance, address.port)?.history;
  if (context === null || history === undefined) return;
  const to = live.clock.now();
  const from = to - sparklineSpan;
  const points = pointsBetween(history, from, to);
  drawLine(context, canvas.clientWidth, canvas.clientHeight, {
    points,
    from,
    to,
    scale: scaleOf(points, {
      ...(spec?.min !== undefined && { min: spec.min }),
      ...(spec?.max !== undefined && { max: spec.max }),
    }),
    colour: isNodeHere(live.stateOf(address.node)) ? palette.peek().line : palette.peek().muted,
    isStepped: isInput || spec?.type === "bool",
  });
}
