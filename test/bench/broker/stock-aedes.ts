// The broker that ours is built on, as its README starts it: default options, no rules. Ends on a signal.
import { once } from "node:events";
import { createServer } from "node:net";
import { Aedes } from "aedes";

const broker = await Aedes.createBroker();
const server = createServer(broker.handle).listen(Number(process.argv[2] ?? 0), "127.0.0.1");
await once(server, "listening");
