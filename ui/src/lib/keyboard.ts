/** Whether a key press belongs to a control that takes text, so that it is no shortcut. */
export function isTyping(event: KeyboardEvent): boolean {
	const target = event.target;
	if (!(target instanceof HTMLElement)) return false;
	return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** A plain key without modifiers, outside of text. */
export function isShortcut(event: KeyboardEvent, key: string): boolean {
	return event.key === key && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event);
}
