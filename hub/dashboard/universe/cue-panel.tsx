import { findPort, type InputSpec } from "@interactor/shared/wire/messages/port";
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useInputHandle } from "../inputs/input-handle.ts";
import { useLive } from "../live/live-context.ts";
import { cueListsIn, type ShownList, textOf } from "./universe-words.ts";

export interface CueInputs {
  readonly go: InputSpec;
  readonly back: InputSpec;
  readonly pause: InputSpec;
  readonly resume: InputSpec;
  readonly release: InputSpec;
}

interface PlaceProps {
  readonly node: string;
  readonly instance: string;
}

/** The inputs that play cue lists; `undefined`: this instance has none. */
export function cueInputsIn(inputs: Readonly<Record<string, InputSpec>>): CueInputs | undefined {
  const [go, back, pause, resume, release] = ["go", "back", "pause", "resume", "release"].map((name) =>
    findPort(inputs, `cue-${name}`),
  );
  if (!go || !back || !pause || !resume || !release) return undefined;
  return { go, back, pause, resume, release };
}

/** What each cue list is at, and the buttons of an operator: by the inputs that everybody uses. */
export function CuePanel({
  node,
  instance,
  inputs,
}: PlaceProps & { readonly inputs: CueInputs }): JSX.Element | null {
  const live = useLive();
  const said = (output: string) => live.values.get(node, instance, output)?.value;
  const lists = useComputed(() => (void live.beats.value, cueListsIn(said("cue-lists"))));
  const refused = useComputed(() => (void live.beats.value, textOf(said("cue-refused"))));
  if (lists.value.length === 0) return null;
  return (
    <div class="cues" data-testid={`cues-${node}-${instance}`}>
      {lists.value.map((list) => (
        <CueListControl key={list.name} node={node} instance={instance} inputs={inputs} list={list} />
      ))}
      {refused.value === "" ? null : (
        <p class="notice" role="alert" data-testid={`cues-${node}-${instance}-refused`}>
          not played: {refused}
        </p>
      )}
    </div>
  );
}

interface ListProps extends PlaceProps {
  readonly inputs: CueInputs;
  readonly list: ShownList;
}

function CueListControl({ node, instance, inputs, list }: ListProps): JSX.Element {
  const { name, cue, isPaused, next, before } = list;
  const place = { node, instance, list: name };
  const isOff = cue === "";
  return (
    <div class="cue-list" role="group" aria-label={`cue list ${name}`}>
      <div class="cue-words" data-testid={`cues-${node}-${instance}-${name}`}>
        <strong class="cue-name">{name}</strong>
        <span class={isOff ? "quiet" : "cue-now"}>
          {isOff ? "off" : cue}
          {isPaused ? <b class="cue-paused"> paused</b> : null}
        </span>
        <span class="quiet">{next === "" ? "last cue" : `next ${next}`}</span>
      </div>
      <div class="cue-buttons">
        <CueButton {...place} port="cue-go" spec={inputs.go} words="GO" isOff={next === ""} isMain />
        <CueButton {...place} port="cue-back" spec={inputs.back} words="back" isOff={before === ""} />
        {isPaused ? (
          <CueButton {...place} port="cue-resume" spec={inputs.resume} words="resume" />
        ) : (
          <CueButton {...place} port="cue-pause" spec={inputs.pause} words="pause" isOff={isOff} />
        )}
        <CueButton {...place} port="cue-release" spec={inputs.release} words="release" isOff={isOff} />
      </div>
    </div>
  );
}

interface ButtonProps extends PlaceProps {
  readonly list: string;
  readonly port: string;
  readonly spec: InputSpec;
  readonly words: string;
  /** There is nothing for it to do. */
  readonly isOff?: boolean;
  readonly isMain?: boolean;
}

function CueButton({ node, instance, list, port, spec, words, isOff, isMain }: ButtonProps): JSX.Element {
  const handle = useInputHandle({ node, instance, port }, spec);
  const isBlocked = handle.blocked.value !== "";
  return (
    <>
      <button
        type="button"
        class={`button cue-button${isMain === true ? " cue-go" : ""}`}
        data-testid={`${port}-${node}-${instance}-${list}`}
        aria-label={`${words} ${list}`}
        disabled={isBlocked || isOff === true}
        onClick={() => handle.set(list)}
      >
        {words}
      </button>
      {handle.notice.value === "" ? null : (
        <span class="notice" role="alert">
          {words}: {handle.notice}
        </span>
      )}
    </>
  );
}
