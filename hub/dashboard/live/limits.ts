// Every bound of the page, with its reason and the word for what happens there.

/** Values of a site that the page keeps: 20 universes channel by channel and as much again. More: refuse, report. */
export const valuesMax = 20_000;
/** Values with a history of their own, 29 kB each. More: they are shown without a line. */
export const historiesMax = 1_000;
/** Messages whose bytes were wrong are counted up to here; beyond it the number says nothing more. */
export const faultsCountedMax = 1_000_000;

/** One step of a history in ms: whatever the rate, a step keeps its least, its most and its last value. */
export const historyStep = 250;
/** Steps of a history: five minutes. Older: evict. */
export const historySteps = 1_200;
/** What a line in a row covers, in ms. */
export const sparklineSpan = 60_000;

/** Rows and controls on the page at once. More: the filter finds them; how many are missing is said. */
export const rowsShownMax = 300;
export const controlsShownMax = 120;
export const nodesShownMax = 100;
export const routesShownMax = 30;
/** Characters of a value in a row; its own page is not built yet. */
export const valueTextMax = 48;

/** Ages, texts and words change this often, in ms; canvases and sliders follow frame by frame. */
export const beatInterval = 250;
/** The hub speaks every second. Silent this long, in ms, it is lost: seen on the next beat, so within 4 s. */
export const hubSilenceMax = 3_000;
/** A control sends at most this often, in ms. The last value always goes. */
export const sendInterval = 50;
/** How long a control shows what it sent before it follows the input again, in ms: an echo needs 100 ms and a way. */
export const settleTime = 700;
/** A command that is older than this when it arrives is worse than none, in ms. */
export const commandLife = 2_000;
/** Commands the hub has not confirmed yet. More: refuse, for it does not answer. */
export const unconfirmedCommandsMax = 64;
/** Commands whose answer the page waits for: seconds of a hand on a slider. More: the oldest is not shown. */
export const questionsMax = 256;
/** The hub is asked this often how messages ended, in ms. */
export const ledgerInterval = 5_000;
/** Hub metrics by which the site's clock is judged. */
export const clockSamples = 30;
/** Ports that one counted port may stand for and still be shown one by one. More: only on a screen of their own. */
export const countedShownMax = 16;
/** How long a show stop's release is held, in ms: longer than any touch by accident. */
export const releaseHold = 1_000;
/** A press that the hub has not named after this long, in ms, is said to be unconfirmed. Its way takes about 30. */
export const confirmWithin = 1_000;
/** A release that has not come through after this long, in ms, is taken back: the hand has long left the button. */
export const releaseLife = 10_000;
/** An ask that the hub took and never obeyed is shown this long, in ms. */
export const unconfirmedShownFor = 60_000;
