/** The tab's icon while a run works: a ring that fills. The picture of the app comes back afterwards. */
const size = 32;

function ring(share: number, paused: boolean): string | null {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size;
  const pen = canvas.getContext('2d');
  if (!pen) return null;
  const middle = size / 2;
  const radius = middle - 5;
  pen.fillStyle = '#12181b';
  pen.beginPath();
  pen.roundRect(0, 0, size, size, 7);
  pen.fill();
  pen.lineWidth = 5;
  pen.strokeStyle = '#445055';
  pen.beginPath();
  pen.arc(middle, middle, radius, 0, 2 * Math.PI);
  pen.stroke();
  pen.strokeStyle = paused ? '#ffab69' : '#64d2a4';
  pen.beginPath();
  pen.arc(middle, middle, radius, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * share);
  pen.stroke();
  return canvas.toDataURL('image/png');
}

export class TabIcon {
  #shown = '';
  #own: { readonly href: string; readonly type: string } | null = null;

  /** `share` 0-1 in steps of 5 %, null when nothing works. */
  show(share: number | null, paused = false): void {
    const step = share === null ? null : Math.round(20 * share) / 20;
    const state = `${step} ${paused}`;
    if (state === this.#shown) return;
    this.#shown = state;
    const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    if (!link) return;
    this.#own ??= { href: link.href, type: link.type };
    const picture = step === null ? null : ring(step, paused);
    link.type = picture === null ? this.#own.type : 'image/png';
    link.href = picture ?? this.#own.href;
  }
}
