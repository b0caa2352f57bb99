// What a conformance suite runs: one line on standard error that says the code, and how it ended.

import { tufClient } from "./tuf-client-command.ts";

const { exit, said } = await tufClient(process.argv.slice(2), Date.now);
process.stderr.write(said);
process.exitCode = exit;
