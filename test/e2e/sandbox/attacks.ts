// What an attacker does, and what has to come of it.

export interface Expected {
  /** The words with which its guest is said to have ended. Without: it goes on, and harms nobody. */
  readonly ends?: RegExp;
  /** It is about memory or the processor: tried also where no control group holds it. */
  readonly isForPoorer?: boolean;
  /** And where Node's permissions do not hold: what comes of it then. */
  readonly withoutPermissions?: RegExp;
}

const breach = /broke the rules of its pipe/;
const silent = /did not answer for 5 s/;

export const attacks = {
  "infinite loop": { ends: silent, isForPoorer: true },
  // Each promise is kept until the next turn, which never comes.
  "loop of promises": { ends: /did not answer|heap out of memory|more than its 96 MB/ },
  "heap bomb": { ends: /heap out of memory|more than its 96 MB/, isForPoorer: true },
  "buffer bomb": { ends: /more than its 96 MB of memory|Failed to allocate memory/, isForPoorer: true },
  "one large buffer": { ends: /more than its 96 MB of memory|Failed to allocate memory/, isForPoorer: true },
  "fork bomb": { ends: /Access to this API has been restricted/, withoutPermissions: /spawn EPERM/ },
  "thread bomb": {
    ends: /Access to this API has been restricted/,
    withoutPermissions: /it ended|more than its 96 MB|EAGAIN/,
  },
  "pipe flood": { ends: breach, isForPoorer: true },
  "flood of small frames": { ends: breach },
  "flood of honest frames": {},
  "oversize frame": { ends: breach },
  "unterminated frame": { ends: silent },
  "deep frame": { ends: breach },
  "speaks for another": { ends: breach },
  "a profile nobody asked for": { ends: breach },
  // What it must say waits behind what it need not.
  "flood of outputs": { ends: silent },
  "flood of its log": {},
  "flood of stderr": { ends: /ended|answer/ },
  "does not read": { ends: /does not take what it is sent/ },
  "uncaught error": { ends: /on purpose/ },
  "unhandled rejection": { ends: /on purpose/ },
  exits: { ends: /ended with code 0/ },
  aborts: { ends: /ended/ },
} as const satisfies Record<string, Expected>;

export type AttackName = keyof typeof attacks;
