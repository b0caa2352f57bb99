/** Who asks by HTTP, and whether it may. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Asker, SiteControl } from "../../ports/site-control.ts";

export interface Turned {
  readonly status: number;
  readonly error: string;
  readonly hint?: string;
}

/** Why it may not write; `undefined`: it may. A browser always says the origin of its page, programs need not. */
export function refusalToChange({ headers }: FastifyRequest, control: SiteControl): Turned | undefined {
  const { host, origin, authorization, "content-type": type = "" } = headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
    return { status: 403, error: `a page of ${origin} may not change this site` };
  if (!/^application\/json *(;|$)/i.test(type))
    return { status: 415, error: "what is sent must be JSON", hint: "content-type: application/json" };
  const asker = askerOf(authorization);
  if (control.mayChange(asker)) return undefined;
  const hint = "an account of the listeners file that may publish to ix/1/<site>/set/#, by HTTP Basic";
  return asker === undefined
    ? { status: 401, error: "who changes the site must say who it is", hint }
    : { status: 403, error: `${JSON.stringify(asker.name)} may not change the site`, hint };
}

/** Lets nobody past who may not see what the site's nodes say. A page of another origin cannot read an answer. */
export const readersOnly =
  (control: Pick<SiteControl, "mayRead">) =>
  async ({ headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const asker = askerOf(headers.authorization);
    if (control.mayRead(asker)) return undefined;
    const hint = "an account of the listeners file that may subscribe ix/1/<site>/v/#, by HTTP Basic";
    return turnAway(
      reply,
      asker === undefined
        ? { status: 401, error: "who reads this must say who it is", hint }
        : { status: 403, error: `${JSON.stringify(asker.name)} may not read this`, hint },
    );
  };

export function turnAway(reply: FastifyReply, { status, ...words }: Turned): FastifyReply {
  if (status === 401) reply.header("www-authenticate", 'Basic realm="interactor", charset="UTF-8"');
  return reply.code(status).send(words);
}

/** Who did it, as it is written down. */
export type Signed = (request: FastifyRequest, claimed: string) => string;

export const signedWith =
  (control: Pick<SiteControl, "signedBy">): Signed =>
  ({ headers }, claimed) =>
    control.signedBy(askerOf(headers.authorization), claimed);

function askerOf(authorization: string | undefined): Asker {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, "base64");
  const colon = bytes.indexOf(":");
  if (colon < 0) return undefined;
  return { name: bytes.toString("utf8", 0, colon), password: bytes.subarray(colon + 1) };
}
