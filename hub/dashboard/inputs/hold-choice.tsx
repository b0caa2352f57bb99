import type { JSX } from "preact";
import { holdChoices, holdFor } from "./hold.ts";

/** Chooses how long a manual value holds before the input goes back by itself. */
export function HoldChoice(): JSX.Element {
  return (
    <fieldset class="choice">
      <legend>hold for</legend>
      {holdChoices.map(({ label, span }) => (
        <label key={label}>
          <input
            type="radio"
            name="hold"
            checked={holdFor.value === span}
            onChange={() => {
              holdFor.value = span;
            }}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
