/** `interactor devices`: what is plugged into this computer, or a node's, and what could drive it. */
import { isHere } from "@interactor/shared/wire/node-state";
import { type PluggedIn, pluggedIn } from "@interactor/shared/wire/plugged-in";
import { askAgent } from "./ask-agent.ts";
import { type Suggestion, suggestionsFor } from "./device-drivers.ts";
import { commandFault } from "./exit.ts";
import { fetchNode, findHub, type HubOptions } from "./hub-client.ts";
import { painterFor, type Painter, printable } from "./output.ts";

export interface DevicesOptions extends HubOptions {
  readonly node?: string;
  readonly json?: boolean;
  readonly color: boolean;
}

export async function runDevices(options: DevicesOptions): Promise<void> {
  const { node, json = false, color } = options;
  const found = node === undefined ? await askAgent(["devices"], pluggedIn) : await askNode(node, options);
  const suggestions = suggestionsFor(found);
  const painter = painterFor(process.stdout, color, process.env);
  process.stdout.write(json ? `${JSON.stringify(suggestions)}\n` : devicesInWords(suggestions, painter));
}

/** What its agent last said. */
async function askNode(name: string, options: HubOptions): Promise<PluggedIn> {
  const { state, devices } = await fetchNode(await findHub(options, process.env), name);
  if (devices === undefined) {
    const words = "its agent looks 10 s after its start; an older one never does";
    throw commandFault("FAILED", `node ${name} (${state}) has not said what is plugged in: ${words}`);
  }
  if (!isHere(state))
    process.stderr.write(`node ${name} is ${state}: this is what its agent said before that\n`);
  return devices;
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
