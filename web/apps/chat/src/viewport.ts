/** Where a keyboard covers the page instead of making it smaller (Safari), its height is taken from
 *  the visual viewport, so that the composer stays above it. */
export function followKeyboard(): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const root = document.documentElement;
  const follow = () => {
    const covered = window.innerHeight - viewport.height * viewport.scale > 1;
    if (covered) root.style.setProperty('--vvh', `${viewport.height}px`);
    else root.style.removeProperty('--vvh');
    if (covered) window.scrollTo(0, 0);
  };
  viewport.addEventListener('resize', follow);
}
