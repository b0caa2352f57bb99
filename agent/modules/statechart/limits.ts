/** States of one machine. More: refuse. */
export const statesMax = 256;
/** States inside each other. Deeper: refuse. */
export const depthMax = 8;
/** Transitions of one state by one cause, and actions of one transition. More: refuse. */
export const listMax = 64;
/** Variables of one machine. More: refuse. */
export const variablesMax = 64;
/** Transitions that follow each other without waiting. More: the machine stays where it was, and that is counted. */
export const stepsMax = 100;
/** Words of failures that were logged once. More: they are not logged, and counted all the same. */
export const wordsMax = 50;
