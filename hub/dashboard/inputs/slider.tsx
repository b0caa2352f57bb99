import type { Value, ValueType } from "@interactor/shared/wire/value";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { paintWhileVisible } from "../drawing/frame.ts";
import { numberText } from "../format/quantity.ts";
import { type ControlKind, numberFrom } from "./control-kind.ts";
import type { InputHandle } from "./input-handle.ts";
import { type Hand } from "./use-steering.ts";

interface SliderProps {
  readonly handle: InputHandle;
  readonly hand: Hand<number>;
  readonly kind: Extract<ControlKind, { kind: "slider" }>;
  readonly label: string;
}

/** How often a slider follows its input, in ms. */
const followInterval = 50;

export function Slider({ handle, hand, kind, label }: SliderProps): JSX.Element {
  const range = useRef<HTMLInputElement>(null);
  const number = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const element = range.current;
    if (element === null) return undefined;
    return paintWhileVisible(element, followInterval, () => {
      followRange(element, kind, hand.shown(numberOf(handle.holds())));
      if (number.current !== null)
        followNumber(number.current, handle.spec.type, hand.shown(numberOf(handle.held.peek())));
    });
  }, [handle, hand, kind]);
  const isBlocked = handle.blocked.value !== "";
  return (
    <div class="slider">
      <input
        ref={range}
        type="range"
        data-testid={`input-${handle.id}`}
        aria-label={label}
        min={kind.min}
        max={kind.max}
        step={kind.step}
        disabled={isBlocked}
        onPointerDown={hand.take}
        onPointerUp={hand.leave}
        onPointerCancel={hand.leave}
        onLostPointerCapture={hand.leave}
        onInput={(event) => hand.move(event.currentTarget.valueAsNumber)}
      />
      <input
        ref={number}
        class="number"
        inputMode="decimal"
        aria-label={`${label}, as a number`}
        disabled={isBlocked}
        onChange={(event) => {
          const typed = numberFrom(event.currentTarget.value, handle.spec);
          if (typed !== undefined) hand.move(typed);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
        }}
      />
    </div>
  );
}

const numberOf = (value: Value | undefined): number | undefined =>
  typeof value === "number" ? value : undefined;

function followRange(range: HTMLInputElement, kind: SliderProps["kind"], shown: number | undefined): void {
  const value = Math.min(Math.max(shown ?? kind.min, kind.min), kind.max);
  const share = `${((value - kind.min) / (kind.max - kind.min)) * 100}%`;
  if (range.valueAsNumber !== value) range.valueAsNumber = value;
  if (range.style.getPropertyValue("--share") !== share) range.style.setProperty("--share", share);
}

function followNumber(field: HTMLInputElement, type: ValueType, shown: number | undefined): void {
  const text = shown === undefined ? "" : numberText(shown, type);
  if (field !== document.activeElement && field.value !== text) field.value = text;
}
