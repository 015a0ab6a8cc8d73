/**
 * Builds an element. Text is only ever added as text nodes, so nothing that a person or a host wrote becomes markup.
 * @param {string} tag `div`, or with classes `div.row.big`
 * @param {Record<string, unknown>} [props] attributes; `onclick` and the like are listeners; false, null leave one out
 * @param {...(Node | string | number | null | undefined | false | Array<unknown>)} children
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const node = document.createElement(name);
  if (classes.length > 0) node.className = classes.join(' ');
  setProps(node, props);
  append(node, children);
  return node;
}

/** The same for SVG. */
export function svg(tag, props = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  setProps(node, props);
  append(node, children);
  return node;
}

function setProps(node, props) {
  for (const [key, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key === 'style')
      for (const [name, setting] of Object.entries(value)) node.style.setProperty(name, setting);
    else if (key === 'value' || key === 'checked') node[key] = value;
    else node.setAttribute(key, value === true ? '' : String(value));
  }
}

/** Adds children, lists of children included; nothing for null and false. */
export function append(node, children) {
  for (const child of children.flat(4)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
}

/** Replaces all children. */
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

/** A link that leads only to the web or to this page; anything else stays text. */
export function link(url, label) {
  if (!/^(https?:|mailto:)/i.test(url)) return h('span', {}, label);
  return h(
    'a',
    { href: url, target: url.startsWith(location.origin) ? null : '_blank', rel: 'noreferrer noopener' },
    label,
  );
}
