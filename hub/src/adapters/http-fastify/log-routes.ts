/**
 * What modules log, over HTTP: begun, taken again and again, and ended. All by POST, which is for those who may change the
 * site: a module may log whatever it was told.
 */
import type { FastifyInstance } from "fastify";
import { Fault } from "@interactor/shared/kernel/fault";
import { logRequest, logsPath } from "@interactor/shared/wire/api-log";
import type { LogDesk } from "../../ports/log-desk.ts";
import type { Signed } from "./asker.ts";

interface OfOne {
  readonly Params: { readonly id: string };
}

export function routeLogs(app: FastifyInstance, desk: LogDesk, signed: Signed): void {
  app.post(logsPath, async (request, reply) => {
    const parsed = logRequest.safeParse(request.body);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return reply.code(400).send({ error: `${issue?.path.join(".")}: ${issue?.message}` });
    }
    try {
      return await reply.code(201).send(desk.take(desk.begin(signed(request, request.ip), parsed.data)));
    } catch (error) {
      // A refusal is an answer; anything else is a bug, and has its own.
      if (!(error instanceof Fault)) throw error;
      return reply.code(422).send({ code: error.code, error: error.message });
    }
  });
  app.post<OfOne>(
    `${logsPath}/:id`,
    async ({ params }, reply) => desk.take(Number(params.id)) ?? reply.code(404).send(none),
  );
  app.post<OfOne>(`${logsPath}/:id/end`, async ({ params }) => {
    desk.end(Number(params.id));
    return {};
  });
}

const none = {
  error: "nobody reads by that number: it was not asked for a while, or the hub has been restarted",
};
