/** An attachment that reports a node's inner width and the root's font size in pixels, now and on every change. */
export function measured(tell: (width: number, rem: number) => void): (node: HTMLElement) => () => void {
  return (node) => {
    const observer = new ResizeObserver(() =>
      tell(node.clientWidth, parseFloat(getComputedStyle(document.documentElement).fontSize)),
    );
    observer.observe(node);
    return () => observer.disconnect();
  };
}
