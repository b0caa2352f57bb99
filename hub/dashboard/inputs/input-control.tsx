import type { JSX } from "preact";
import { unreachable } from "@interactor/shared/kernel/assert";
import { useComputed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { quantityOf, quantityText, signOf } from "../format/quantity.ts";
import { type ControlKind, controlKind } from "./control-kind.ts";
import { EventButtons } from "./event-buttons.tsx";
import { Field } from "./field.tsx";
import type { InputHandle } from "./input-handle.ts";
import { Slider } from "./slider.tsx";
import { Switch } from "./switch.tsx";
import { useSteering } from "./use-steering.ts";

interface InputControlProps {
  readonly handle: InputHandle;
  readonly label: string;
}

/** One input: what it holds, the control that sets it, who owns it, and how it is given back. */
export function InputControl({ handle, label }: InputControlProps): JSX.Element {
  const kind = useMemo(() => controlKind(handle.spec), [handle]);
  const holds = useComputed(() => {
    const held = handle.held.value;
    if (held === undefined) return handle.isKept ? "not set" : "";
    return quantityText(quantityOf(held, handle.spec));
  });
  const sign = signOf(handle.spec.unit ?? "");
  return (
    <li class="input">
      <div class="input-head">
        <span class="input-label" title={handle.address.port}>
          {label}
        </span>
        {sign === "" ? null : <span class="unit">{sign}</span>}
        <span class="holds" data-testid={`holds-${handle.id}`}>
          {holds}
        </span>
      </div>
      <Steered handle={handle} kind={kind} label={label} />
    </li>
  );
}

function Steered({ handle, kind, label }: InputControlProps & { readonly kind: ControlKind }): JSX.Element {
  const numberHand = useSteering<number>(handle);
  const switchHand = useSteering<boolean>(handle);
  const giveBack = kind.kind === "switch" ? switchHand.giveBack : numberHand.giveBack;
  return (
    <>
      {control()}
      <Ownership
        handle={handle}
        label={label}
        giveBack={giveBack}
        isSteered={kind.kind === "slider" && handle.spec.actuator === true}
      />
    </>
  );

  function control(): JSX.Element {
    switch (kind.kind) {
      case "slider":
        return <Slider handle={handle} hand={numberHand} kind={kind} label={label} />;
      case "switch":
        return <Switch handle={handle} hand={switchHand} label={label} />;
      case "events":
        return <EventButtons handle={handle} label={label} />;
      case "number":
        return <Field handle={handle} label={label} isNumber />;
      case "text":
        return <Field handle={handle} label={label} isNumber={false} />;
      case "none":
        return <p class="quiet">takes {handle.spec.type}, which cannot be set by hand</p>;
      default:
        return unreachable(kind);
    }
  }
}

interface OwnershipProps extends InputControlProps {
  readonly giveBack: () => void;
  /** It moves between two ends, and a hand can stop it there. */
  readonly isSteered: boolean;
}

function Ownership({ handle, label, giveBack, isSteered }: OwnershipProps): JSX.Element {
  const owner = handle.owner.value?.kind;
  const isBlocked = handle.blocked.value !== "";
  return (
    <div class="ownership">
      <span
        class={`owner owner-${isBlocked ? "unknown" : (owner ?? "none")}`}
        data-testid={`owner-${handle.id}`}
      >
        {handle.ownerLine}
      </span>
      {handle.notice.value === "" ? null : (
        <span class="notice" role="alert">
          {handle.notice}
        </span>
      )}
      {owner === "manual" ? (
        <button
          type="button"
          class="button give-back"
          data-testid={`give-back-${handle.id}`}
          aria-label={`give back ${label}`}
          disabled={isBlocked}
          onClick={giveBack}
        >
          give back
        </button>
      ) : isSteered ? (
        <TakeOver handle={handle} label={label} />
      ) : null}
    </div>
  );
}

/** Holds the input where it is now. */
function TakeOver({ handle, label }: InputControlProps): JSX.Element {
  const isBlocked = handle.blocked.value !== "";
  const hasValue = useComputed(() => handle.held.value !== undefined && handle.held.value !== null);
  return (
    <button
      type="button"
      class="button"
      data-testid={`take-over-${handle.id}`}
      aria-label={`take over ${label} as it is`}
      disabled={isBlocked || !hasValue.value}
      onClick={() => {
        const value = handle.holds();
        if (value !== undefined && value !== null) handle.set(value);
      }}
    >
      take over
    </button>
  );
}
