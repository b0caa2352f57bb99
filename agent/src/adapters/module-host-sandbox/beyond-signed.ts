/** What a guest declares, held to what the publisher of its bundle has signed. */
import { declaredPorts, type DeclaredPorts, type ManifestPorts } from "@interactor/shared/bundle/manifest";
import type { LoadedCode } from "@interactor/shared/sdk/guest-messages";
import type { InputSpec, OutputSpec, Ports } from "@interactor/shared/wire/messages/port";

export interface SignedPorts extends ManifestPorts {
  readonly id: string;
  readonly version: string;
}

/** In which way it goes beyond that; `undefined`: in none. */
export function beyondSigned(
  signed: SignedPorts,
  settings: unknown,
  { inputs, outputs }: DeclaredPorts,
  code: LoadedCode,
): string | undefined {
  if (code.module !== signed.id || code.version !== signed.version)
    return `it says that it is ${code.module} ${code.version}, and its publisher signed ${signed.id} ${signed.version}`;
  const known = declaredPorts(signed, settings);
  const given = known.ok ? known.value : signed;
  // What its settings leave out their schema may have filled in, which nobody here has.
  const wrongInput = firstWrong(inputs, given.inputs, signed.inputsFrom !== undefined, sameInput);
  if (wrongInput !== undefined)
    return `its publisher did not sign the input "${wrongInput}" as it declares it`;
  const isUrgent = signed.outputsLike?.urgent === true;
  const wrongOutput = firstWrong(outputs, given.outputs, signed.outputsFrom !== undefined, (declared, own) =>
    own === undefined ? declared.urgent !== true || isUrgent : sameOutput(declared, own),
  );
  if (wrongOutput !== undefined)
    return `its publisher did not sign the output "${wrongOutput}" as it declares it`;
  return undefined;
}

function firstWrong<Spec>(
  declared: Ports<Spec>,
  signed: Ports<Spec>,
  isOpen: boolean,
  fits: (declared: Spec, signed: Spec | undefined) => boolean,
): string | undefined {
  const names = Object.keys(declared);
  return names.find((name) => {
    const [own, other] = [declared[name], Object.hasOwn(signed, name) ? signed[name] : undefined];
    return own === undefined || (other === undefined && !isOpen) || !fits(own, other);
  });
}

/** What is for people may differ. */
const sameInput = (declared: InputSpec, signed: InputSpec | undefined): boolean =>
  signed === undefined ||
  (declared.type === signed.type &&
    declared.count === signed.count &&
    (declared.actuator ?? false) === (signed.actuator ?? false) &&
    (declared.once ?? false) === (signed.once ?? false));

const sameOutput = (declared: OutputSpec, signed: OutputSpec): boolean =>
  declared.type === signed.type &&
  declared.count === signed.count &&
  (declared.deliver ?? "latest") === (signed.deliver ?? "latest") &&
  (declared.urgent ?? false) === (signed.urgent ?? false) &&
  (declared.level ?? false) === (signed.level ?? false);
