/** One loop draws everything: each painter in its own rhythm, and only while it can be seen. */

interface Painter {
  readonly element: Element;
  readonly interval: number;
  readonly paint: () => void;
  isVisible: boolean;
  paintedAt: number;
}

const painters = new Map<Element, Set<Painter>>();
let isRunning = false;

/** A screen's height ahead: what is scrolled to has been drawn already. */
const nearby = { rootMargin: "50% 0%" };

const visibility = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    for (const painter of painters.get(target) ?? []) painter.isVisible = isIntersecting;
  }
}, nearby);

/** Calls `paint` while `element` is on the screen, at most once in `interval` ms. Returns how to end it. */
export function paintWhileVisible(element: Element, interval: number, paint: () => void): () => void {
  const painter: Painter = {
    element,
    interval,
    paint,
    isVisible: false,
    paintedAt: Number.NEGATIVE_INFINITY,
  };
  const beside = painters.get(element);
  if (beside === undefined) {
    painters.set(element, new Set([painter]));
    visibility.observe(element);
  } else {
    // The observer spoke when the first came and says nothing until something changes.
    for (const { isVisible } of beside) painter.isVisible = isVisible;
    beside.add(painter);
  }
  if (!isRunning) requestAnimationFrame(frame);
  isRunning = true;
  return () => forget(painter);
}

function frame(at: number): void {
  for (const set of painters.values()) {
    for (const painter of set) {
      if (!painter.isVisible || at - painter.paintedAt < painter.interval) continue;
      painter.paintedAt = at;
      painter.paint();
    }
  }
  isRunning = painters.size > 0;
  if (isRunning) requestAnimationFrame(frame);
}

function forget(painter: Painter): void {
  const set = painters.get(painter.element);
  set?.delete(painter);
  if (set?.size !== 0) return;
  painters.delete(painter.element);
  visibility.unobserve(painter.element);
}

/** The canvas's context, cleared and in CSS pixels, sharp on every screen. */
export function freshContext(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
  const width = Math.round(canvas.clientWidth * devicePixelRatio);
  const height = Math.round(canvas.clientHeight * devicePixelRatio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  context?.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context?.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  return context;
}
