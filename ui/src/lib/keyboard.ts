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

/** Enter sends the form of a field for one paragraph, which may take several lines; not while characters are composed. */
export function submitByEnter(event: KeyboardEvent & { currentTarget: HTMLTextAreaElement }): void {
	if (event.key !== 'Enter' || event.isComposing) return;
	event.preventDefault();
	event.currentTarget.form?.requestSubmit();
}
