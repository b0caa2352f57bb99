import type { JSX } from "preact";
import { useComputed } from "@preact/signals";
import { controlsShownMax } from "../live/limits.ts";
import { useLive } from "../live/live-context.ts";
import { filterText } from "../shell/filter.ts";
import { Section } from "../shell/section.tsx";
import { type ControlGroup, controlList } from "./control-list.ts";
import { HoldChoice } from "./hold-choice.tsx";
import { InputControl } from "./input-control.tsx";
import { useInputHandle } from "./input-handle.ts";

/** Everything that can be set by hand. */
export function Inputs(): JSX.Element {
  const live = useLive();
  const list = useComputed(() => controlList(live.nodes.value, filterText.value, controlsShownMax));
  const { groups, hidden } = list.value;
  return (
    <Section id="inputs" title="Inputs" tools={<HoldChoice />}>
      {groups.length === 0 ? <NoInputs /> : groups.map((group) => <Group key={group.name} group={group} />)}
      {hidden === 0 ? null : <p class="quiet">{hidden} more inputs: use the filter to find them</p>}
    </Section>
  );
}

function NoInputs(): JSX.Element {
  return filterText.value === "" ? (
    <p class="empty">
      Nothing can be set by hand yet. Inputs appear as soon as a node runs a module that takes something, such
      as <code>dmx</code>.
    </p>
  ) : (
    <p class="empty">No input matches “{filterText.value}”.</p>
  );
}

function Group({ group }: { readonly group: ControlGroup }): JSX.Element {
  return (
    <div class="group">
      <h3>{group.name}</h3>
      <ul class="inputs">
        {group.controls.map((control) => (
          <Control key={control.address.port} control={control} />
        ))}
      </ul>
    </div>
  );
}

function Control({ control }: { readonly control: ControlGroup["controls"][number] }): JSX.Element {
  const handle = useInputHandle(control.address, control.spec);
  return <InputControl handle={handle} label={control.label} />;
}
