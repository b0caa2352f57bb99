import type { ReadonlySignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { paintWhileVisible } from "../drawing/frame.ts";
import { type Palette, palette } from "../shell/theme.ts";
import { channelAt, channelByKey, type GridShape, narrowGrid, placeOf, wideGrid } from "./grid-shape.ts";
import { levelColours, paintLevels } from "./level-colours.ts";

interface UniverseGridProps {
  readonly id: string;
  readonly name: string;
  readonly slots: () => Uint8Array;
  readonly chosen: ReadonlySignal<number>;
  readonly choose: (channel: number) => void;
  /** The channel under the mouse, or none. */
  readonly point: (channel: number | undefined) => void;
}

const narrow = matchMedia("(max-width: 760px)");

/** One pixel a channel, scaled up by the style sheet: a frame costs one small image. */
export function UniverseGrid({ id, name, slots, chosen, choose, point }: UniverseGridProps): JSX.Element {
  const shape = useGridShape();
  const canvas = useRef<HTMLCanvasElement>(null);
  const mark = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    return paintWhileVisible(element, 0, gridPainter(element, shape, slots));
  }, [shape, slots]);
  useEffect(() => {
    const { column, row } = placeOf(shape, chosen.value);
    mark.current?.style.setProperty("--column", String(column));
    mark.current?.style.setProperty("--row", String(row));
  }, [shape, chosen.value]);
  const at = (event: PointerEvent & { readonly currentTarget: HTMLCanvasElement }): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return channelAt(shape, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  return (
    <div class={`grid grid-${shape.columns}`}>
      <RowLabels shape={shape} />
      <div class="grid-cells">
        <canvas
          ref={canvas}
          width={shape.columns}
          height={shape.rows}
          tabIndex={0}
          role="img"
          aria-label={`Channels of ${name} as they are sent. Arrow keys choose one; its level is told below.`}
          data-testid={`universe-${id}`}
          onPointerDown={(event) => choose(at(event))}
          onPointerMove={(event) => {
            point(at(event));
            // A finger on small cells seldom meets the right one at once: it may look for it.
            if (event.buttons > 0) choose(at(event));
          }}
          onPointerLeave={() => point(undefined)}
          onKeyDown={(event) => {
            const next = channelByKey(shape, chosen.value, event.key);
            if (next === undefined) return;
            event.preventDefault();
            choose(next);
          }}
        />
        <div class="grid-lines" />
        <div class="grid-mark" ref={mark} />
      </div>
    </div>
  );
}

function RowLabels({ shape }: { readonly shape: GridShape }): JSX.Element {
  return (
    <div class="grid-labels" aria-hidden="true">
      {Array.from({ length: shape.rows }, (_, row) => (
        <span key={row}>{row * shape.columns + 1}</span>
      ))}
    </div>
  );
}

function useGridShape(): GridShape {
  const [shape, setShape] = useState(narrow.matches ? narrowGrid : wideGrid);
  useEffect(() => {
    const follow = (): void => setShape(narrow.matches ? narrowGrid : wideGrid);
    narrow.addEventListener("change", follow);
    return () => narrow.removeEventListener("change", follow);
  }, []);
  return shape;
}

/** Paints only what is new: another frame or other colours. */
function gridPainter(canvas: HTMLCanvasElement, shape: GridShape, slots: () => Uint8Array): () => void {
  const context = canvas.getContext("2d");
  const image = new ImageData(shape.columns, shape.rows);
  let colours: Uint8ClampedArray = new Uint8ClampedArray();
  let paintedSlots: Uint8Array | undefined;
  let paintedPalette: Palette | undefined;
  return () => {
    const frame = slots();
    const wanted = palette.peek();
    if (frame === paintedSlots && wanted === paintedPalette) return;
    if (wanted !== paintedPalette) {
      colours = levelColours(wanted.levelNone, wanted.levelLeast, wanted.levelFull);
    }
    paintedSlots = frame;
    paintedPalette = wanted;
    paintLevels(image.data, frame, colours);
    context?.putImageData(image, 0, 0);
  };
}
