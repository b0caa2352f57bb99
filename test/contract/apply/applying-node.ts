// A node in a process of its own that applies one revision after the other, to be killed. Its argument: the folder.

import { nodeIn, targetOf } from "./small-node.ts";

const node = await nodeIn(process.argv[2] ?? "");
process.stdout.write("begun\n");
for (;;) for (const revision of [2, 3, 1]) await node.come(targetOf(revision));
