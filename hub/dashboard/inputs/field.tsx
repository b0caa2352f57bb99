import type { Value } from "@interactor/shared/wire/value";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { paintWhileVisible } from "../drawing/frame.ts";
import { numberText } from "../format/quantity.ts";
import { numberFrom } from "./control-kind.ts";
import type { InputHandle } from "./input-handle.ts";

interface FieldProps {
  readonly handle: InputHandle;
  readonly label: string;
  readonly isNumber: boolean;
}

/** Matches the wire: a longer text would be refused there. */
const textMax = 1000;
const followInterval = 250;

/** A text, or a number without a range: typed, then set. */
export function Field({ handle, label, isNumber }: FieldProps): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const isEdited = useRef(false);
  useEffect(() => {
    const element = field.current;
    if (element === null) return undefined;
    return paintWhileVisible(element, followInterval, () => {
      const text = fieldText(handle.holds());
      if (isEdited.current || element === document.activeElement || element.value === text) return;
      element.value = text;
    });
  }, [handle]);
  const submit = (): void => {
    const element = field.current;
    if (element === null) return;
    const value = isNumber ? numberFrom(element.value, handle.spec) : element.value;
    element.setAttribute("aria-invalid", String(value === undefined));
    if (value === undefined || !handle.set(value)) return;
    isEdited.current = false;
    element.blur();
  };
  const isBlocked = handle.blocked.value !== "";
  return (
    <form
      class="field"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <input
        ref={field}
        data-testid={`input-${handle.id}`}
        aria-label={label}
        inputMode={isNumber ? "decimal" : "text"}
        autocomplete="off"
        maxLength={textMax}
        disabled={isBlocked}
        onInput={() => {
          isEdited.current = true;
        }}
      />
      <button type="submit" class="button" disabled={isBlocked}>
        set
      </button>
    </form>
  );
}

function fieldText(value: Value | undefined): string {
  if (typeof value === "number") return numberText(value);
  return typeof value === "string" ? value : "";
}
