// The few things that everybody does with the page. Texts go in as texts: never as markup.

export const find = (id) => document.getElementById(id);

/** Only what has changed is written: the page stays still, and so does a selection on it. */
export function put(node, text) {
  if (node.textContent !== text)
    node.textContent = text;
}

export function look(node, className) {
  if (node.className !== className)
    node.className = className;
}

export function say(node, name, value) {
  if (node.getAttribute(name) !== value)
    node.setAttribute(name, value);
}

export function make(tag, { className = "", text = "", ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  if (className)
    node.className = className;
  if (text)
    node.textContent = text;
  for (const [name, value] of Object.entries(attributes))
    node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Pairs of a description list, in their order; each is found again by its name. */
export function describe(list, pairs) {
  pairs.forEach(([name, value, className = ""], place) => {
    let pair = list.children[place];
    if (!pair || pair.tagName !== "DIV") {
      pair = make("div", {}, make("dt"), make("dd"));
      list.append(pair);
    }
    put(pair.firstChild, name);
    put(pair.lastChild, value);
    look(pair.lastChild, className);
  });
  while (list.children.length > pairs.length)
    list.lastChild.remove();
}

/** Rows by key: kept while their key is there, made by `create`, brought up to date by `update`. */
export class Rows {
  constructor(list, create, update) {
    this.list = list;
    this.create = create;
    this.update = update;
    this.nodes = new Map();
  }

  /** @param held  the order stays as it is; who is new comes last */
  show(items, keyOf, held = false) {
    const wanted = new Map(items.map((item) => [keyOf(item), item]));
    for (const [key, node] of this.nodes) {
      if (!wanted.has(key)) {
        node.remove();
        this.nodes.delete(key);
      }
    }
    let before = null;
    for (const [key, item] of wanted) {
      let node = this.nodes.get(key);
      const isNew = !node;
      if (isNew) {
        node = this.create(item);
        this.nodes.set(key, node);
      }
      this.update(node, item);
      const place = before ? before.nextSibling : this.list.firstChild;
      if (isNew && held)
        this.list.append(node);
      else if (!held && place !== node)
        this.list.insertBefore(node, place);
      before = node;
    }
  }
}
