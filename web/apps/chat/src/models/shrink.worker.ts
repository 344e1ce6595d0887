import type { Answer } from './drawing.js';

const MAX_SIDE = 2048;
const QUALITY = 0.85;

/** Draws a picture anew, at most so large: without its metadata, upright. A small drawing (PNG) stays a
 *  PNG. */
async function shrink(file: File): Promise<Omit<Answer, 'id'>> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const drawing = canvas.getContext('2d');
  if (!drawing) return { blob: null, width, height };
  drawing.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const type = file.type === 'image/png' && file.size < 1_000_000 ? 'image/png' : 'image/jpeg';
  return { blob: await canvas.convertToBlob({ type, quality: QUALITY }), width, height };
}

addEventListener('message', ({ data }: MessageEvent<{ id: number; file: File }>) => {
  shrink(data.file)
    .catch(() => ({ blob: null, width: 0, height: 0 }))
    .then((answer) =>
      (self as unknown as { postMessage(message: Answer): void }).postMessage({
        id: data.id,
        ...answer,
      }),
    );
});
