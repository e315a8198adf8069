/** The hub prefixes ids in texts, so that they cannot clash with the page's own. */
const PREFIX = 'user-content-';

/** Lets addresses of headings stand without the prefix: `#results`. */
export function shortenAnchors(root: Element): void {
	for (const link of root.querySelectorAll<HTMLAnchorElement>(`a[href^="#${PREFIX}"]`)) {
		link.setAttribute('href', `#${link.getAttribute('href')!.slice(PREFIX.length + 1)}`);
	}
}

/** The element of a text that an address's hash names, with the prefix or without it. */
export function anchorTarget(root: Element, hash: string): HTMLElement | null {
	const id = decoded(hash.replace(/^#/, ''));
	if (id === '') return null;
	const find = (one: string) => root.querySelector<HTMLElement>(`#${CSS.escape(one)}`);
	return find(PREFIX + id) ?? find(id);
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** Goes to what the address's hash names; the next press of Tab starts from there. */
export function goToAnchor(root: Element, hash: string): boolean {
	const target = anchorTarget(root, hash);
	if (target === null) return false;
	target.scrollIntoView();
	if (!target.hasAttribute('tabindex')) target.setAttribute('tabindex', '-1');
	target.focus({ preventScroll: true });
	return true;
}
