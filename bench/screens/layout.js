// What a page does wrong at the size that it is shown in, as plain sentences.
// Run inside the page by layout.py; takes the smallest letters allowed, in CSS pixels.
(smallestPx) => {
  const faults = new Set();
  // Half a pixel on either side is rounding, one more is a border that two neighbours share.
  const SLACK_PX = 1.5;

  const name = (element) => {
    const words = (element.getAttribute("aria-label") || element.textContent || "").trim();
    const label = words.replace(/\s+/g, " ").slice(0, 40);
    const kind = element.classList[0] ? `.${element.classList[0]}` : "";
    return `${element.localName}${kind} "${label}"`;
  };

  const isShown = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true }) &&
    !element.closest("[inert], .visually-hidden, dialog:not([open])");

  // What only readers of the screen get is a box of one pixel, whatever its class is called.
  const isForReadersOnly = (element) => {
    for (let box = element; box; box = box.parentElement) {
      const { width, height } = box.getBoundingClientRect();
      const style = getComputedStyle(box);
      if ((width <= 1 || height <= 1) && style.overflow !== "visible") return true;
    }
    return false;
  };

  const ownText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

  // Who scrolls shows the rest on request; only what nobody can reach is lost.
  const scrolls = (element, axis) => {
    for (let box = element; box; box = box.parentElement) {
      const overflow = getComputedStyle(box)[axis === "x" ? "overflowX" : "overflowY"];
      if (overflow === "auto" || overflow === "scroll") return true;
    }
    return false;
  };

  const findOverflow = () => {
    const root = document.scrollingElement;
    const beyond = root.scrollWidth - root.clientWidth;
    if (beyond > SLACK_PX) faults.add(`the page is ${Math.round(beyond)} px wider than its window`);
  };

  const findClipping = (element) => {
    const style = getComputedStyle(element);
    const isShortened = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
    if (isShortened) {
      // A name that ends in dots is fine where the whole of it is told otherwise.
      const isShort = element.scrollWidth - element.clientWidth > SLACK_PX;
      if (isShort && !element.closest("[title]")) faults.add(`shortened without a title: ${name(element)}`);
      return;
    }
    const range = document.createRange();
    for (const node of element.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
      range.selectNodeContents(node);
      const text = range.getBoundingClientRect();
      for (let box = element; box && box !== document.documentElement; box = box.parentElement) {
        const frame = box.getBoundingClientRect();
        const boxStyle = getComputedStyle(box);
        const hidesX = ["hidden", "clip"].includes(boxStyle.overflowX);
        const hidesY = ["hidden", "clip"].includes(boxStyle.overflowY);
        if (!hidesX && !hidesY && boxStyle.position === "fixed") break;
        const isCutX = hidesX && (text.right - frame.right > SLACK_PX || frame.left - text.left > SLACK_PX);
        // The line box of large letters is higher than the letters.
        const airPx = Math.max(SLACK_PX, parseFloat(style.fontSize) * 0.25);
        const isCutY = hidesY && (text.bottom - frame.bottom > airPx || frame.top - text.top > airPx);
        if ((isCutX && !scrolls(element, "x")) || (isCutY && !scrolls(element, "y"))) {
          faults.add(`cut off: ${name(element)} by ${name(box)}`);
          return;
        }
        if (["auto", "scroll"].includes(boxStyle.overflowY) || ["auto", "scroll"].includes(boxStyle.overflowX)) break;
      }
    }
  };

  // What is read from where one cooks: 20 px and what hangs on it (static/css/tokens.css).
  const LEAST_PX = [
    [".line__name", 20],
    [".line__modifiers", 17],
    [".ticket__number", 36],
    [".ticket__elapsed", 28],
  ];

  const findSmallLetters = (element) => {
    const sizePx = parseFloat(getComputedStyle(element).fontSize);
    // A wall of the past is looked at from a desk.
    const isFar = !element.closest(".replay");
    const leastPx = (isFar && LEAST_PX.find(([kind]) => element.closest(kind))?.[1]) || smallestPx;
    if (sizePx + 0.05 < leastPx) faults.add(`letters of ${sizePx} px: ${name(element)}`);
  };

  const isScrolledAway = (element, x, y) => {
    for (let box = element.parentElement; box; box = box.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(box);
      if (![overflowX, overflowY].some((overflow) => overflow === "auto" || overflow === "scroll")) continue;
      const { left, right, top, bottom } = box.getBoundingClientRect();
      if (x < left || x > right || y < top || y > bottom) return true;
    }
    return false;
  };

  // A key under another element is neither seen nor touched: the middle must belong to it.
  const findCovered = (key) => {
    const box = key.getBoundingClientRect();
    const x = box.left + box.width / 2;
    const y = box.top + box.height / 2;
    if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight || isScrolledAway(key, x, y)) return;
    const top = document.elementFromPoint(x, y);
    if (!top || key.contains(top) || top.contains(key) || top.closest("label")?.control === key) return;
    if (key.labels && [...key.labels].some((label) => label.contains(top))) return;
    // Bars that stay in place cover what scrolls under them: it can be scrolled away from there.
    for (let bar = top; bar; bar = bar.parentElement) {
      if (["fixed", "sticky"].includes(getComputedStyle(bar).position)) return;
      // So does what was opened over it and closes with a touch.
      if (getComputedStyle(bar).position === "absolute" && bar.closest("details[open], [data-open]")) return;
    }
    faults.add(`covered: ${name(key)} by ${name(top)}`);
  };

  const findOverlaps = (texts) => {
    for (let one = 0; one < texts.length; one += 1) {
      for (let other = one + 1; other < texts.length; other += 1) {
        const [a, b] = [texts[one], texts[other]];
        if (a.element.contains(b.element) || b.element.contains(a.element) || a.bar !== b.bar) continue;
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 2 && high > Math.min(a.airPx, b.airPx)) {
          faults.add(`on one another: ${name(a.element)} and ${name(b.element)}`);
        }
      }
    }
  };

  // Boxes of letters that are really in the window, each with the bar that it stays in place with.
  const placeText = (element) => {
    const range = document.createRange();
    const bar = (() => {
      for (let box = element; box; box = box.parentElement) {
        if (["fixed", "sticky"].includes(getComputedStyle(box).position)) return box;
      }
      return null;
    })();
    const airPx = parseFloat(getComputedStyle(element).fontSize) * 0.45;
    const boxes = [];
    for (const node of element.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
      range.selectNodeContents(node);
      // What ends in dots ends where its element does.
      const frame = element.getBoundingClientRect();
      const isShortened = getComputedStyle(element).textOverflow === "ellipsis";
      for (const box of range.getClientRects()) {
        const { top, bottom } = box;
        const left = isShortened ? Math.max(box.left, frame.left) : box.left;
        const right = isShortened ? Math.min(box.right, frame.right) : box.right;
        const x = (left + right) / 2;
        const y = (top + bottom) / 2;
        if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) continue;
        if (isScrolledAway(element, x, y)) continue;
        // What lies wholly behind another element, such as a page behind a question, is not read.
        const isRead = [0.15, 0.5, 0.85].some((share) => {
          const seen = document.elementFromPoint(x, top + (bottom - top) * share);
          return seen && (element.contains(seen) || seen.contains(element));
        });
        if (!isRead) continue;
        boxes.push({ element, bar, airPx, left, right, top, bottom });
      }
    }
    return boxes;
  };

  findOverflow();
  const shown = [...document.body.querySelectorAll("*")].filter(
    (element) => isShown(element) && !isForReadersOnly(element),
  );
  const texts = shown.filter((element) => ownText(element) && !element.closest("option, svg"));
  for (const element of texts) {
    findSmallLetters(element);
    findClipping(element);
  }
  findOverlaps(texts.flatMap(placeText));
  const modal = document.querySelector("dialog:modal");
  const keys = shown.filter((element) => element.matches("a[href], button, input, select, textarea, summary"));
  for (const key of keys) if (!modal || modal.contains(key)) findCovered(key);
  return [...faults];
}
