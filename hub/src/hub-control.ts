/** The site as whoever runs it asks for it: see `ports/site-control.ts`. */
import { ok } from "@interactor/shared/kernel/result";
import type { AppliedResponse, RevisionView } from "@interactor/shared/wire/api-config";
import { mayChangeSite, mayReadSite, signedBy } from "./core/access/operators.ts";
import type { RevisionHead } from "./core/revision/revision-head.ts";
import type { Hub } from "./hub.ts";
import type { Made } from "./hub-revisions.ts";
import type { SiteControl } from "./ports/site-control.ts";

export function controlOf({ options, presence, site, units }: Hub): SiteControl {
  const { revisions, modes } = site;
  return {
    mayChange: (asker) => mayChangeSite(options.site, options.accounts, asker),
    mayRead: (asker) => mayReadSite(options.site, options.accounts, asker),
    signedBy: (asker, claimed) => signedBy(options.accounts, asker, claimed),
    async plan(files) {
      const planned = await revisions.plan(files);
      if (!planned.ok) return planned;
      const { changes, nodes, untouched, isUnchanged, site: given } = planned.value;
      const zonesOf = (node: string) => given.nodes.get(node)?.zones ?? [];
      const own = isUnchanged
        ? undefined
        : site.own.changes(
            given,
            nodes.map(({ node }) => node),
          );
      return ok({
        site: options.site,
        base: revisions.newest?.number ?? 0,
        unchanged: isUnchanged,
        changes,
        nodes: nodes.map((each) => {
          const held = modes.whyClosed(zonesOf(each.node));
          const there = presence.isHere(each.node);
          return { ...each, ...(held === undefined ? {} : { held }), there };
        }),
        untouched,
        ...(own === undefined ? {} : { hub: own }),
      });
    },
    async apply({ root, files, ...making }) {
      const made = await revisions.apply({ root, files }, { ...making, isAgain: true });
      return made.ok ? ok(appliedView(made.value)) : made;
    },
    async rollback(revision, request) {
      const made = await revisions.rollback(revision, { ...request, isAgain: true });
      return made.ok ? ok(appliedView(made.value)) : made;
    },
    revisions: (count) => revisions.history(count).map(revisionView),
    async revision(number) {
      const head = revisions.show(number);
      if (!head.ok) return head;
      const texts = await revisions.textsOf(number);
      return texts.ok ? ok({ revision: revisionView(head.value), ...texts.value }) : texts;
    },
    async diff(before, after) {
      const compared = await revisions.diff(before, after);
      return compared.ok ? ok({ changes: compared.value.changes }) : compared;
    },
    rollouts: () => site.rolloutViews(),
    rollout: (revision) => site.rolloutView(revision),
    act: (...asked) => site.act(...asked),
    modes: () => modes.view(),
    swap: (node, request) => units.swap(node, request),
    setMode: (request) => modes.set(request),
  };
}

const appliedView = ({ head, isUnchanged }: Made): AppliedResponse => ({
  revision: revisionView(head),
  unchanged: isUnchanged,
});

const revisionView = ({
  number,
  digest,
  author,
  at,
  message,
  isConfirmed,
  rollbackOf,
}: RevisionHead): RevisionView => ({
  number,
  digest,
  author,
  at: new Date(at / 1000).toISOString(),
  message,
  confirmed: isConfirmed,
  ...(rollbackOf === undefined ? {} : { rollback_of: rollbackOf }),
});
