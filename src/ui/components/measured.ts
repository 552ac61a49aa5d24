/** An attachment that tells a node's inner width and the root's type size, both in pixels, now and whenever it changes. */
export function measured(tell: (width: number, rem: number) => void): (node: HTMLElement) => () => void {
  return (node) => {
    const observer = new ResizeObserver(() =>
      tell(node.clientWidth, parseFloat(getComputedStyle(document.documentElement).fontSize)),
    );
    observer.observe(node);
    return () => observer.disconnect();
  };
}
