import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { paintWhileVisible } from "../drawing/frame.ts";
import type { InputHandle } from "./input-handle.ts";
import { type Hand } from "./use-steering.ts";

interface SwitchProps {
  readonly handle: InputHandle;
  readonly hand: Hand<boolean>;
  readonly label: string;
}

const followInterval = 50;

/** On and off, and beside it a button that is on while it is pressed and then gives the input back. */
export function Switch({ handle, hand, label }: SwitchProps): JSX.Element {
  const button = useRef<HTMLButtonElement>(null);
  const shown = (): boolean => hand.shown(handle.holds() === true) === true;
  useEffect(() => {
    const element = button.current;
    if (element === null) return undefined;
    return paintWhileVisible(element, followInterval, () => {
      const isOn = String(hand.shown(handle.holds() === true) === true);
      if (element.ariaChecked !== isOn) element.ariaChecked = isOn;
    });
  }, [handle, hand]);
  const isBlocked = handle.blocked.value !== "";
  return (
    <div class="switch-line">
      <button
        ref={button}
        type="button"
        class="switch"
        role="switch"
        aria-checked="false"
        aria-label={label}
        data-testid={`input-${handle.id}`}
        disabled={isBlocked}
        onClick={() => hand.move(!shown())}
      >
        <span class="knob" />
      </button>
      <PressButton handle={handle} hand={hand} label={label} isBlocked={isBlocked} />
    </div>
  );
}

function PressButton({
  handle,
  hand,
  label,
  isBlocked,
}: SwitchProps & { readonly isBlocked: boolean }): JSX.Element {
  const isPressed = useRef(false);
  const press = (): void => {
    isPressed.current = true;
    hand.move(true);
  };
  const letGo = (): void => {
    if (!isPressed.current) return;
    isPressed.current = false;
    hand.giveBack();
  };
  return (
    <button
      type="button"
      class="button"
      data-testid={`press-${handle.id}`}
      aria-label={`${label}: on while pressed`}
      title="on while pressed, then given back"
      disabled={isBlocked}
      onPointerDown={(event) => {
        // Without capture a finger that slides off would leave it on.
        event.currentTarget.setPointerCapture(event.pointerId);
        press();
      }}
      onPointerUp={letGo}
      onPointerCancel={letGo}
      onBlur={letGo}
      onKeyDown={(event) => {
        if ((event.key === " " || event.key === "Enter") && !event.repeat) press();
      }}
      onKeyUp={letGo}
      onContextMenu={(event) => event.preventDefault()}
    >
      press
    </button>
  );
}
