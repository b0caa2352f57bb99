/**
 * What a module declares of itself: enough for the hub and the agent to know its settings and its ports
 * without running any of its code.
 */
import { isOfType } from "../wire/value.ts";
import { isName } from "../wire/names.ts";
import { type InputSpec, inputSpec, type OutputSpec, outputSpec, type Ports } from "../wire/messages/port.ts";
import { portsMax } from "../wire/limits.ts";
import { failed, ok, type Result } from "../kernel/result.ts";

export interface Manifest {
  /** Of the contract between agent and module. */
  readonly apiVersion: 1;
  readonly id: string;
  readonly version: string;
  readonly title: string;
  /** Light modules share one worker thread. `own`: a worker for the instances of this module alone. */
  readonly worker: "shared" | "own";
  readonly inputs: Ports<InputSpec>;
  readonly outputs: Ports<OutputSpec>;
  /** JSON pointer into the settings to more inputs, a map of name → InputSpec. */
  readonly inputsFrom?: string;
  /** JSON pointer into the settings to more outputs, a map of name → OutputSpec. */
  readonly outputsFrom?: string;
}

export interface DeclaredPorts {
  readonly inputs: Ports<InputSpec>;
  readonly outputs: Ports<OutputSpec>;
}

/**
 * The ports of an instance with these settings. Fails with words for people when a settings map that
 * `inputsFrom` or `outputsFrom` names holds something that is no port, or one name serves twice:
 * an input and an output of an instance share their names' space, because what an input holds is a value too.
 */
export function declaredPorts(manifest: Manifest, settings: unknown): Result<DeclaredPorts, string> {
  const inputs = portsAt(manifest.inputsFrom, settings, inputSpec);
  if (!inputs.ok) return inputs;
  const outputs = portsAt(manifest.outputsFrom, settings, outputSpec);
  if (!outputs.ok) return outputs;
  const declared = {
    inputs: { ...manifest.inputs, ...inputs.value },
    outputs: { ...manifest.outputs, ...outputs.value },
  };
  const names = [
    ...Object.keys(manifest.inputs),
    ...Object.keys(inputs.value),
    ...Object.keys(manifest.outputs),
    ...Object.keys(outputs.value),
  ];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return failed(`the name "${twice}" is used by two ports`);
  return names.length > portsMax ? failed(`more than ${portsMax} ports`) : ok(declared);
}

interface Schema<Spec> {
  safeParse(value: unknown): { success: true; data: Spec } | { success: false };
}

function portsAt<Spec>(
  pointer: string | undefined,
  settings: unknown,
  schema: Schema<Spec>,
): Result<Ports<Spec>, string> {
  const found = pointer === undefined ? undefined : at(settings, pointer);
  if (found === undefined) return ok({});
  if (typeof found !== "object" || found === null) return failed(`settings${pointer} is no map of ports`);
  const ports: Record<string, Spec> = {};
  for (const [name, value] of Object.entries(found)) {
    if (!isName(name)) return failed(`settings${pointer}: "${name}" is not a name (a-z, 0-9, - and _)`);
    const parsed = schema.safeParse(value);
    if (!parsed.success) return failed(`settings${pointer}/${name} is no port: it needs at least a type`);
    ports[name] = parsed.data;
  }
  return ok(ports);
}

/** What stands at a JSON pointer (RFC 6901), own properties only. */
function at(document: unknown, pointer: string): unknown {
  let found = document;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = Object.entries(found).find(([each]) => each === key)?.[1];
  }
  return found;
}

/** What an input goes to on a show stop: what it declares, else its least, else off. */
export function stopValue(spec: InputSpec): boolean | number | string | null {
  if (spec.stop !== undefined && isOfType(spec.stop, spec.type)) return spec.stop;
  switch (spec.type) {
    case "bool":
      return false;
    case "int":
    case "float":
      return spec.min ?? 0;
    case "text":
      return "";
    default:
      return null;
  }
}
