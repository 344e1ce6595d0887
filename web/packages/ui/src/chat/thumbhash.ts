/** Draws a thumbhash (base64): a blurred picture of some 25 bytes, shown until the real one is there.
 *  After https://github.com/evanw/thumbhash (MIT). */
export function thumbhash(base64: string, canvas: HTMLCanvasElement): void {
  let hash: Uint8Array;
  try {
    hash = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    return;
  }
  if (hash.length < 5) return;
  const { PI, min, max, cos, round } = Math;
  const byte = (index: number) => hash[index] ?? 0;
  const header24 = byte(0) | (byte(1) << 8) | (byte(2) << 16);
  const header16 = byte(3) | (byte(4) << 8);
  const lDc = (header24 & 63) / 63;
  const pDc = ((header24 >> 6) & 63) / 31.5 - 1;
  const qDc = ((header24 >> 12) & 63) / 31.5 - 1;
  const lScale = ((header24 >> 18) & 31) / 31;
  const hasAlpha = header24 >> 23 !== 0;
  const pScale = ((header16 >> 3) & 63) / 63;
  const qScale = ((header16 >> 9) & 63) / 63;
  const landscape = header16 >> 15 !== 0;
  const lx = max(3, landscape ? (hasAlpha ? 5 : 7) : header16 & 7);
  const ly = max(3, landscape ? header16 & 7 : hasAlpha ? 5 : 7);
  const aDc = hasAlpha ? (byte(5) & 15) / 15 : 1;
  const aScale = (byte(5) >> 4) / 15;

  const start = hasAlpha ? 6 : 5;
  let index = 0;
  const channel = (nx: number, ny: number, scale: number) => {
    const ac: number[] = [];
    for (let cy = 0; cy < ny; cy++) {
      for (let cx = cy ? 0 : 1; cx * ny < nx * (ny - cy); cx++) {
        ac.push((((byte(start + (index >> 1)) >> ((index++ & 1) << 2)) & 15) / 7.5 - 1) * scale);
      }
    }
    return ac;
  };
  const lAc = channel(lx, ly, lScale);
  const pAc = channel(3, 3, pScale * 1.25);
  const qAc = channel(3, 3, qScale * 1.25);
  const aAc = hasAlpha ? channel(5, 5, aScale) : [];

  const ratio = lx / ly;
  const w = round(ratio > 1 ? 32 : 32 * ratio);
  const h = round(ratio > 1 ? 32 / ratio : 32);
  const pixels = new Uint8ClampedArray(w * h * 4);
  for (let y = 0, at = 0; y < h; y++) {
    for (let x = 0; x < w; x++, at += 4) {
      const fx = (cx: number) => cos((PI / w) * (x + 0.5) * cx);
      const fy = (cy: number) => cos((PI / h) * (y + 0.5) * cy) * 2;
      const sum = (ac: number[], nx: number, ny: number) => {
        let total = 0;
        for (let cy = 0, j = 0; cy < ny; cy++) {
          for (let cx = cy ? 0 : 1; cx * ny < nx * (ny - cy); cx++, j++) {
            total += (ac[j] ?? 0) * fx(cx) * (cy ? fy(cy) : 2 * cos(0));
          }
        }
        return total;
      };
      const l = lDc + sum(lAc, lx, ly);
      const p = pDc + sum(pAc, 3, 3);
      const q = qDc + sum(qAc, 3, 3);
      const a = aDc + (hasAlpha ? sum(aAc, 5, 5) : 0);
      const b = l - (2 / 3) * p;
      const r = (3 * l - b + q) / 2;
      const g = r - q;
      pixels.set([255 * r, 255 * g, 255 * b, 255 * max(0, min(1, a))], at);
    }
  }
  canvas.width = w;
  canvas.height = h;
  canvas.getContext('2d')?.putImageData(new ImageData(pixels, w, h), 0, 0);
}
