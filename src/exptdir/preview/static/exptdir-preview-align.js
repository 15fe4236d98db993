/* Which nodes of a list are still there in the next version of it. */

/* More cells than these take too long; then only what is equal at both ends counts as kept. */
const MOST_CELLS = 4e6;

const keyOf = (node) => node.outerHTML ?? `${node.nodeType}${node.data}`;
const isBlank = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim() === "";

/* Pairs of places whose keys are equal, in order, worth the most together (a longest common subsequence). */
function equalPairs(olds, nexts, weights) {
  const [height, width] = [olds.length, nexts.length];
  if (height * width > MOST_CELLS) return [];
  const best = Array.from({ length: height + 1 }, () => new Uint32Array(width + 1));
  for (let y = height - 1; y >= 0; y -= 1) {
    for (let x = width - 1; x >= 0; x -= 1) {
      best[y][x] = Math.max(best[y + 1][x], best[y][x + 1]);
      if (olds[y] === nexts[x]) best[y][x] = Math.max(best[y][x], best[y + 1][x + 1] + weights[y]);
    }
  }
  const found = [];
  for (let y = 0, x = 0; y < height && x < width; ) {
    if (olds[y] === nexts[x] && best[y][x] === best[y + 1][x + 1] + weights[y]) found.push([y++, x++]);
    else if (best[y][x] === best[y + 1][x]) y += 1;
    else x += 1;
  }
  return found;
}

const hasSameName = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName;

/* Pairs what is not equal but seems to be the same thing: what has the same id, else the same kind of node. */
function pairAlike(olds, nexts) {
  const split = nexts.findIndex((next) => next.id && olds.some((old) => old.id === next.id && hasSameName(old, next)));
  if (split >= 0) {
    const at = olds.findIndex((old) => old.id === nexts[split].id);
    const before = pairAlike(olds.slice(0, at), nexts.slice(0, split));
    return [...before, [olds[at], nexts[split]], ...pairAlike(olds.slice(at + 1), nexts.slice(split + 1))];
  }
  const [pairs, left] = [[], [...olds]];
  for (const next of nexts) {
    const at = isBlank(next) ? -1 : left.findIndex((old) => hasSameName(old, next) && !isBlank(old));
    if (at >= 0) for (const old of left.splice(0, at)) pairs.push([old, null]);
    pairs.push([at >= 0 ? left.shift() : null, next]);
  }
  return [...pairs, ...left.map((old) => [old, null])];
}

/* Returns [old, next] for all nodes in order: one of them is null for what goes or comes. */
export function align(olds, nexts) {
  const least = Math.min(olds.length, nexts.length);
  let head = 0;
  while (head < least && olds[head].isEqualNode(nexts[head])) head += 1;
  let tail = 0;
  while (tail < least - head && olds.at(-1 - tail).isEqualNode(nexts.at(-1 - tail))) tail += 1;

  const [ending, nextEnding] = [olds.length - tail, nexts.length - tail];
  const [middle, nextMiddle] = [olds.slice(head, ending), nexts.slice(head, nextEnding)];
  // Line breaks between blocks are equal everywhere, and must not decide.
  const weights = middle.map((node) => (isBlank(node) ? 1 : 4));
  const equal = equalPairs(middle.map(keyOf), nextMiddle.map(keyOf), weights);
  const pairs = olds.slice(0, head).map((old, at) => [old, nexts[at]]);
  let [y, x] = [head, head];
  for (const [down, right] of equal) {
    pairs.push(...pairAlike(olds.slice(y, head + down), nexts.slice(x, head + right)));
    pairs.push([olds[head + down], nexts[head + right]]);
    [y, x] = [head + down + 1, head + right + 1];
  }
  pairs.push(...pairAlike(olds.slice(y, ending), nexts.slice(x, nextEnding)));
  return pairs.concat(olds.slice(ending).map((old, at) => [old, nexts[nextEnding + at]]));
}
