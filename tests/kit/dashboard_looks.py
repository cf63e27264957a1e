"""What is asked of a page by script: can it be read, can it be hit, does it stay where it is?"""

# Texts whose contrast with what lies behind them is less than WCAG AA asks for: 4.5, and 3 for
# large ones. Nothing on the page is an image, and no ground is translucent.
CONTRAST = """
const parts = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
const light = ([r, g, b]) => [r, g, b].map((each) => {
  const share = each / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}).reduce((sum, each, place) => sum + each * [0.2126, 0.7152, 0.0722][place], 0);
const ground = (node) => {
  for (; node; node = node.parentElement) {
    const colour = parts(getComputedStyle(node).backgroundColor);
    if (colour.length === 3 || colour[3] > 0)
      return colour;
  }
  return [255, 255, 255];
};
const faint = [];
for (const node of document.querySelectorAll("body *")) {
  const own = [...node.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
  if (!own || !node.checkVisibility() || node.matches("script, option, :disabled"))
    continue;
  const style = getComputedStyle(node);
  const [one, other] = [light(parts(style.color)), light(ground(node))].sort((a, b) => b - a);
  const large = parseFloat(style.fontSize) >= 24 ||
                (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
  const ratio = (one + 0.05) / (other + 0.05);
  if (ratio < (large ? 3 : 4.5))
    faint.push(`${node.tagName} ${node.className} "${node.textContent.slice(0, 30)}" ` +
               ratio.toFixed(2));
}
return faint;
"""

# What WCAG 2.5.8 calls a target is 24 pixels in both directions.
TARGETS = """
return [...document.querySelectorAll("button, select, input, a")]
  .filter((each) => each.checkVisibility() && !each.matches(".skip"))
  .map((each) => [each, each.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24)
  .map(([each, box]) => `${each.tagName} "${each.textContent}" ${box.width}x${box.height}`);
"""

# From now on: layout shifts with whom they moved, and how many states came.
SHIFTS = """
window.shifts = [];
window.statesSeen = 0;
new PerformanceObserver((list) => list.getEntries().forEach((each) =>
  window.shifts.push([each.value, ...each.sources.map(({ node }) =>
    node?.parentElement?.className + " " + node?.textContent?.slice(0, 30))])))
  .observe({ type: "layout-shift" });
new MutationObserver(() => { window.statesSeen += 1; })
  .observe(document.getElementById("strip"), { attributes: true, subtree: true,
                                               attributeFilter: ["aria-label"] });
"""
