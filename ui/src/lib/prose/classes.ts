/** Classes that the hub's renderer of Markdown writes and that pages draw or read. */
const KNOWN =
	/^(?:anchor|footnotes?|footnote-[a-z-]+|contains-task-list|task-list-item|markdown-alert(?:-[a-z]+)?|language-[\w+#.-]+)$/;

/** The classes of a text that may stay; others could borrow the page's own and cover it. Null when none is left. */
export function knownClasses(classes: string): string | null {
	const kept = classes.split(/\s+/).filter((one) => KNOWN.test(one));
	return kept.length === 0 ? null : kept.join(' ');
}

/** Takes the page's own classes from a text that was put on the page. */
export function keepKnownClasses(root: Element): void {
	for (const element of root.querySelectorAll('[class]')) {
		const kept = knownClasses(element.getAttribute('class') ?? '');
		if (kept === null) element.removeAttribute('class');
		else element.setAttribute('class', kept);
	}
}
