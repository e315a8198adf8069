/**
 * Attach to a region that takes the place of a control which had the focus: the focus goes to the region instead of being
 * lost. The region needs `tabindex="-1"`.
 */
export function reclaimFocus(element: HTMLElement): void {
	const lost = document.activeElement === null || document.activeElement === document.body;
	if (lost) element.focus({ preventScroll: false });
}
