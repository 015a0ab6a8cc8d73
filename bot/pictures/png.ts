import { fileURLToPath } from 'node:url';
import { FONT } from './svg.ts';

/** Pixels for each unit of an SVG: sharp on phones. */
const SCALE = 2;

/**
 * An SVG as PNG. The renderer (4 MB of code) and the font are loaded at the first picture. The font is the one that is shipped: a
 * slim image has none, and text would be missing without an error (measured on resvg 2.6.2). Rejects where this machine has no renderer.
 */
export async function pngOf(svg: string): Promise<Buffer> {
  const { renderAsync } = await import('@resvg/resvg-js');
  const font = (name: string) => fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`));
  const image = await renderAsync(svg, {
    fitTo: { mode: 'zoom', value: SCALE },
    font: {
      loadSystemFonts: false,
      fontFiles: [font('DejaVuSans'), font('DejaVuSans-Bold')],
      defaultFontFamily: FONT,
    },
  });
  return image.asPng();
}
