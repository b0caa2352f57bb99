import type { JSX } from "preact";
import type { InputHandle } from "./input-handle.ts";

interface EventButtonsProps {
  readonly handle: InputHandle;
  readonly label: string;
}

/** An input that takes on and off as they happen and keeps neither: each is said by a button of its own. */
export function EventButtons({ handle, label }: EventButtonsProps): JSX.Element {
  const isBlocked = handle.blocked.value !== "";
  return (
    <div class="switch-line">
      {[true, false].map((value) => (
        <button
          key={String(value)}
          type="button"
          class="button"
          data-testid={`say-${value ? "on" : "off"}-${handle.id}`}
          aria-label={`${label}: ${value ? "on" : "off"}, once`}
          disabled={isBlocked}
          onClick={() => handle.set(value)}
        >
          {value ? "on" : "off"}
        </button>
      ))}
    </div>
  );
}
