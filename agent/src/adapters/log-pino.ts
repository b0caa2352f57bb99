/** Log lines in the Elastic Common Schema (8), so that any collector reads them without a parser. */
import pino from "pino";
import type { Log } from "../ports/log.ts";

export function pinoLog(service: {
  readonly name: string;
  readonly version: string;
  readonly node: string;
}): Log {
  const logger = pino(
    {
      messageKey: "message",
      timestamp: () => `,"@timestamp":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ "log.level": label }),
        bindings: () => ({
          "ecs.version": "8.11.0",
          "service.name": service.name,
          "service.version": service.version,
          "service.node.name": service.node,
          "process.pid": process.pid,
        }),
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
  return {
    info: (message, details) => logger.info({ interactor: details }, message),
    warn: (message, details) => logger.warn({ interactor: details }, message),
    error: (message, details) => logger.error({ interactor: details }, message),
  };
}
