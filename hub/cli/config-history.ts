/** `interactor config history` and `config show`: the revisions there are, and the files of one. */
import { nearest } from "@interactor/shared/kernel/nearest";
import type { RevisionResponse, RevisionView } from "@interactor/shared/wire/api-config";
import { fetchHistory, fetchRevision } from "./config-client.ts";
import { commandFault } from "./exit.ts";
import { findHub, type HubOptions } from "./hub-client.ts";
import { formatAge, formatDay, painterFor, type Painter, printable, tableLines } from "./output.ts";

export interface HistoryOptions extends HubOptions {
  readonly count: number;
  readonly json?: boolean;
  readonly color: boolean;
}

export interface ShowOptions extends HubOptions {
  readonly file?: string;
  readonly json?: boolean;
  readonly color: boolean;
}

export async function runHistory(options: HistoryOptions): Promise<void> {
  const revisions = await fetchHistory(await findHub(options, process.env), options.count);
  const painter = painterFor(process.stdout, options.color, process.env);
  const lines =
    options.json === true ? [JSON.stringify({ revisions })] : historyLines(revisions, new Date(), painter);
  process.stdout.write(`${lines.join("\n")}\n`);
}

export function historyLines(
  revisions: readonly RevisionView[],
  now: Date,
  painter: Painter,
): readonly string[] {
  if (revisions.length === 0) return ["no revisions yet: interactor config apply site.yaml -m …"];
  const rows = revisions.map((revision) =>
    [
      String(revision.number),
      revision.confirmed ? "confirmed" : "–",
      formatAge(new Date(revision.at), now),
      revision.author,
      `${revision.message}${ofRollback(revision)}`,
    ].map(printable),
  );
  const headings = ["REVISION", "STATE", "MADE", "BY", "MESSAGE"];
  return tableLines(headings, rows, (text, _column, row) => (row < 0 ? painter.faint(text) : text));
}

const ofRollback = ({ rollback_of }: RevisionView): string =>
  rollback_of === undefined ? "" : ` (as revision ${rollback_of} was)`;

/** The texts go to stdout as they are, so that they can be put into files; what is said of them to stderr. */
export async function runShow(number: number, options: ShowOptions): Promise<void> {
  const answer = await fetchRevision(await findHub(options, process.env), number);
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(answer)}\n`);
    return;
  }
  const painter = painterFor(process.stderr, options.color, process.env);
  for (const line of headLines(answer)) process.stderr.write(`${painter.faint(line)}\n`);
  const texts = textsOf(answer, options.file);
  process.stdout.write(process.stdout.isTTY ? harmless(texts) : texts);
}

/** For whoever looks at it: what somebody has written into a site must not move the cursor. Tabs may. */
export const harmless = (texts: string): string => texts.replaceAll(/[^\n\t]+/g, printable);

function headLines({ revision, root, files }: RevisionResponse): readonly string[] {
  const { number, author, at, message, digest } = revision;
  const names = Object.keys(files);
  const told = names.length === 0 ? "made of routes.yaml: it has no site file" : `files: ${names.join(", ")}`;
  const lines = [
    `revision ${number}, ${formatDay(new Date(at))}, by ${author}: ${message}${ofRollback(revision)}`,
    `digest ${digest}`,
    names.length > 1 ? `${told}; the first one is ${root}` : told,
  ];
  return lines.map(printable);
}

/** Of several files each stands under its name. */
function textsOf({ root, files }: RevisionResponse, wanted: string | undefined): string {
  if (wanted !== undefined) {
    if (Object.hasOwn(files, wanted)) return files[wanted] ?? "";
    const names = Object.keys(files);
    const hint = nearest(wanted, names) ?? `there are ${names.join(", ") || "none"}`;
    throw commandFault("NOT_FOUND", printable(`the revision has no file "${wanted}"; ${hint}`));
  }
  const all = Object.entries(files).toSorted(([left], [right]) =>
    left === root ? -1 : right === root ? 1 : left < right ? -1 : 1,
  );
  const [only] = all;
  if (all.length <= 1) return only?.[1] ?? "";
  return all.map(([name, text]) => `# ── ${printable(name)} ──\n${text}`).join("\n");
}
