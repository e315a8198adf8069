/** Where to go after signing in: an address of this hub only, whatever a link says. */
export function nextAddress(url: URL): string {
	const next = url.searchParams.get('next') ?? '/';
	const target = URL.canParse(next, url.origin) ? new URL(next, url.origin) : new URL(url.origin);
	return target.origin === url.origin ? target.pathname + target.search + target.hash : '/';
}
