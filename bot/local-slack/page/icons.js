import { svg } from './dom.js';

/** Drawn here, since not every machine has a font with signs and emoji. */
const paths = {
  reply: 'M4 5h12a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H9l-4 3v-3H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z',
  eye: 'M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM10 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  good: 'M4 11l4 4 8-9',
  more: 'M4.5 10h.01M10 10h.01M15.5 10h.01',
  send: 'M3 4l14 6-14 6 2.5-6zM5.5 10H11',
  close: 'M5 5l10 10M15 5L5 15',
  right: 'M8 5l5 5-5 5',
  left: 'M12 5l-5 5 5 5',
  lock: 'M6 9V7a4 4 0 0 1 8 0v2M5 9h10v8H5z',
  file: 'M6 3h6l3 3v11H6zM12 3v3h3',
  picture: 'M3 4h14v12H3zM3 13l4-4 4 4 2-2 4 4',
};

/** @param {keyof typeof paths} name */
export function icon(name) {
  return svg(
    'svg',
    { viewBox: '0 0 20 20', class: `icon icon-${name}`, 'aria-hidden': 'true' },
    svg('path', { d: paths[name] }),
  );
}
