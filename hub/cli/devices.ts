/** `interactor devices`: what is plugged into this computer, and what could drive it. */
import { type Suggestion, suggestionsFor } from "./device-drivers.ts";
import { painterFor, type Painter, printable } from "./output.ts";
import { lookAround } from "./plugged-in.ts";

export interface DevicesOptions {
  readonly json?: boolean;
  readonly color: boolean;
}

export async function runDevices({ json = false, color }: DevicesOptions): Promise<void> {
  const suggestions = suggestionsFor(await lookAround());
  const painter = painterFor(process.stdout, color, process.env);
  process.stdout.write(json ? `${JSON.stringify(suggestions)}\n` : devicesInWords(suggestions, painter));
}

export function devicesInWords(suggestions: readonly Suggestion[], painter: Painter): string {
  if (suggestions.length === 0) return "nothing is plugged in that a module could drive\n";
  const parts = suggestions.map(({ what, path, serial, drivers }) =>
    [
      painter.good(printable(what)),
      `  ${printable(path)}${serial === "" ? "" : `, serial number ${printable(serial)}`}`,
      ...drivers.flatMap(({ module, why, line }) => [
        painter.faint(`  ${module}: ${why}`),
        `      ${printable(line)}`,
      ]),
    ].join("\n"),
  );
  return `${parts.join("\n\n")}\n`;
}
