/** `interactor config diff`: what changes from one site file to another. */
import { changeLines, siteChanges } from "@interactor/shared/site/site-diff";
import { checkedSite } from "./config-check.ts";
import { exitCode } from "./exit.ts";
import { painterFor, printable } from "./output.ts";

export interface DiffOptions {
  readonly json?: boolean;
  readonly exitCode?: boolean;
  readonly color: boolean;
}

export function runDiff(before: string, after: string, options: DiffOptions): void {
  const { json = false, color } = options;
  const changes = siteChanges(checkedSite(before, options), checkedSite(after, options));
  const painter = painterFor(process.stdout, color, process.env);
  const paint = (line: string): string =>
    line.startsWith("+") ? painter.good(line) : line.startsWith("-") ? painter.bad(line) : line;
  const lines =
    changes.length === 0 ? ["nothing changes"] : changeLines(changes).map((line) => paint(printable(line)));
  process.stdout.write(`${json ? JSON.stringify({ changes }) : lines.join("\n")}\n`);
  // As with other programs that compare: 1 says that there is a difference.
  if (options.exitCode === true && changes.length > 0) process.exitCode = exitCode.failed;
}
